"""Calibration of a regression: observed over nominal coverage, with the band of its noise."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from uncertainty.diagnostics.axes import require_matplotlib
from uncertainty.metrics import miscalibration_area, regression_calibration_curve
from uncertainty.plotting import responses
from uncertainty.plotting.colours import CURVE, next_style
from uncertainty.plotting.columns import one_marginal, one_target, target_column
from uncertainty.plotting.display import Display, finish, reference_line
from uncertainty.plotting.target_distributions import target_distributions

Array = NDArray[np.float64]
Regions = Literal["interval", "quantile"]


@dataclass(kw_only=True, eq=False, repr=False)
class CalibrationCurveDisplay(Display):
    """Share of the observations inside predicted regions against the nominal probability, with its confidence band.

    On the diagonal the predictive distributions are calibrated. With regions="interval" a curve above it means
    distributions that are too wide, below it too narrow; with regions="quantile" one above it means observations that
    are lower than predicted. The band is the Clopper-Pearson interval of each level on its own.

    Parameters
    ----------
    nominal, observed, lower, upper : (L,) as in `uncertainty.metrics.RegressionCalibrationCurve`
    regions : "interval" or "quantile"
    confidence : float, level of the band
    miscalibration : float, area between curve and diagonal
    name : str for the legend, or None

    Attributes
    ----------
    line_ : Line2D of the curve
    band_ : PolyCollection
    reference_ : Line2D of the diagonal
    ax_, figure_ : matplotlib Axes and Figure

    See Also
    --------
    ReliabilityDisplay : for classifiers

    Examples
    --------
    >>> from scipy.stats import norm
    >>> from uncertainty.plotting import CalibrationCurveDisplay
    >>> display = CalibrationCurveDisplay.from_predictions([-3.0, -1.0, 1.0, 3.0], norm(0.0, 1.0), levels=[0.5, 0.9])
    >>> display.line_.get_ydata()
    array([0. , 0.5])
    """

    nominal: Array
    observed: Array
    lower: Array
    upper: Array
    regions: Regions = "interval"
    confidence: float = 0.95
    miscalibration: float
    name: str | None = None
    line_: Any = field(init=False)
    band_: Any = field(init=False)
    reference_: Any = field(init=False)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        *,
        regions: Regions = "interval",
        levels: ArrayLike | None = None,
        confidence: float = 0.95,
        target: int | None = None,
        sample_weight: ArrayLike | None = None,
        name: str | None = None,
        ax: Any = None,
    ) -> CalibrationCurveDisplay:
        """Draw the calibration curve of a fitted regressor on rows that it has not been fitted on.

        Parameters
        ----------
        estimator : regressor with `predict_dist`, or `predict(X, return_std=True)` for normal distributions
        X : (n, D)
        y : (n,) or (n, T)
        regions : "interval" for the coverage of central intervals, "quantile" for shares below quantiles
        levels : (L,) nominal probabilities, by default 100 from 0 to 1
        confidence : float in (0, 1), level of the band
        target : int, which of T targets
        sample_weight : (n,), optional
        name : str for the legend, by default the estimator's class
        ax : matplotlib Axes, by default those of a new figure

        Returns
        -------
        CalibrationCurveDisplay

        Raises
        ------
        TypeError
            For a classifier, or a regressor that says nothing of its uncertainty.
        ValueError
            For an unknown `regions` or `target`.
        """
        require_matplotlib(cls.__name__)
        return cls.from_predictions(
            *target_distributions(estimator, X, y, target),
            regions=regions,
            levels=levels,
            confidence=confidence,
            sample_weight=sample_weight,
            name=responses.name_of(estimator) if name is None else name,
            ax=ax,
        )

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        dist: Any,
        *,
        regions: Regions = "interval",
        levels: ArrayLike | None = None,
        confidence: float = 0.95,
        target: int | None = None,
        sample_weight: ArrayLike | None = None,
        name: str | None = None,
        ax: Any = None,
    ) -> CalibrationCurveDisplay:
        """Draw the calibration curve of given distributions.

        Parameters
        ----------
        y_true : (n,) or (n, T)
        dist : one distribution per row with a method `cdf(y)`, such as the result of `predict_dist`
        regions, levels, confidence, target, sample_weight, name, ax : as in `from_estimator`

        Returns
        -------
        CalibrationCurveDisplay
        """
        column = target_column(y_true, target)
        y, dist = one_target(y_true, column), one_marginal(dist, column)
        options: dict[str, Any] = {"regions": regions, "levels": levels, "sample_weight": sample_weight}
        curve = regression_calibration_curve(y, dist, confidence=confidence, **options)
        return cls(
            nominal=curve.nominal,
            observed=curve.observed,
            lower=curve.lower,
            upper=curve.upper,
            regions=regions,
            confidence=confidence,
            miscalibration=miscalibration_area(y, dist, **options),
            name=name,
        ).plot(ax)

    def plot(self, ax: Any = None, *, name: str | None = None, **kwargs: Any) -> CalibrationCurveDisplay:
        """Draw on `ax`, by default the axes of a new figure; several displays can share it.

        Parameters
        ----------
        ax : matplotlib Axes, optional
        name : str for the legend, optional
        **kwargs : for the curve, to matplotlib's `plot`

        Returns
        -------
        CalibrationCurveDisplay
        """
        ax, name = self._begin(ax), self.name if name is None else name
        self.reference_ = reference_line(ax, [0.0, 1.0], [0.0, 1.0], "calibrated")
        label = f"{name or 'curve'} (miscalibration area {self.miscalibration:.3f})"
        style = {**next_style(ax), "label": label, "gid": CURVE, **kwargs}
        self.line_ = ax.plot(self.nominal, self.observed, **style)[0]
        band = {"color": self.line_.get_color(), "alpha": 0.2, "lw": 0}
        named = f"{100 * self.confidence:g} % confidence band"
        if named not in ax.get_legend_handles_labels()[1]:  # once is enough for several curves
            band["label"] = named
        self.band_ = ax.fill_between(self.nominal, self.lower, self.upper, **band)
        shown = {
            "interval": ("nominal coverage of the interval", "share of observations inside"),
            "quantile": ("predicted probability of a smaller y", "share of observations below"),
        }
        finish(ax, *shown[self.regions], above=True)
        ax.set(xlim=(0.0, 1.0), ylim=(0.0, 1.0), aspect="equal")
        return self
