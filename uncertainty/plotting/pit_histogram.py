"""Histogram of the probability integral transform of the observations."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from uncertainty.diagnostics.axes import require_matplotlib
from uncertainty.metrics import pit_histogram, pit_ks_statistic
from uncertainty.plotting import responses
from uncertainty.plotting.colours import REFERENCE, TINT
from uncertainty.plotting.columns import one_marginal, one_target, target_column
from uncertainty.plotting.display import Display, finish
from uncertainty.plotting.target_distributions import target_distributions

Array = NDArray[np.float64]


@dataclass(kw_only=True, eq=False, repr=False)
class PITHistogramDisplay(Display):
    """Where the observations lie in their predictive distributions: flat if these are calibrated.

    A U shape means distributions that are too narrow, a hump too wide, a slope biased. The grey band holds a bar of
    calibrated predictions with probability `confidence`.

    Parameters
    ----------
    edges : (B + 1,), frequency : (B,), lower, upper : float, as in `uncertainty.metrics.PITHistogram`
    confidence : float
    ks_statistic : float, largest distance of the cdf of the values from the uniform one
    name : str for the legend, or None

    Attributes
    ----------
    bars_ : BarContainer
    band_ : patch of the range of calibrated predictions
    reference_ : Line2D at 1 / B
    ax_, figure_ : matplotlib Axes and Figure

    Examples
    --------
    >>> from scipy.stats import uniform
    >>> from uncertainty.plotting import PITHistogramDisplay
    >>> display = PITHistogramDisplay.from_predictions([0.1, 0.2, 0.9, 0.7], uniform(), n_bins=2)
    >>> [float(bar.get_height()) for bar in display.bars_]
    [0.5, 0.5]
    """

    edges: Array
    frequency: Array
    lower: float
    upper: float
    confidence: float = 0.95
    ks_statistic: float
    name: str | None = None
    bars_: Any = field(init=False)
    band_: Any = field(init=False)
    reference_: Any = field(init=False)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        *,
        n_bins: int = 10,
        confidence: float = 0.95,
        target: int | None = None,
        sample_weight: ArrayLike | None = None,
        name: str | None = None,
        ax: Any = None,
    ) -> PITHistogramDisplay:
        """Draw the histogram of a fitted regressor on rows that it has not been fitted on.

        Parameters
        ----------
        estimator : regressor with `predict_dist`, or `predict(X, return_std=True)` for normal distributions
        X : (n, D)
        y : (n,) or (n, T)
        n_bins : int
        confidence : float in (0, 1), of the band
        target : int, which of T targets
        sample_weight : (n,), optional
        name : str for the legend, by default the estimator's class
        ax : matplotlib Axes, by default those of a new figure

        Returns
        -------
        PITHistogramDisplay

        Raises
        ------
        TypeError
            For a classifier, or a regressor that says nothing of its uncertainty.
        ValueError
            For an unknown `target` or a number of bins below 1.
        """
        require_matplotlib(cls.__name__)
        return cls.from_predictions(
            *target_distributions(estimator, X, y, target),
            n_bins=n_bins,
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
        n_bins: int = 10,
        confidence: float = 0.95,
        target: int | None = None,
        sample_weight: ArrayLike | None = None,
        name: str | None = None,
        ax: Any = None,
    ) -> PITHistogramDisplay:
        """Draw the histogram of given distributions.

        Parameters
        ----------
        y_true : (n,) or (n, T)
        dist : one distribution per row with a method `cdf(y)`, such as the result of `predict_dist`
        n_bins, confidence, target, sample_weight, name, ax : as in `from_estimator`

        Returns
        -------
        PITHistogramDisplay
        """
        column = target_column(y_true, target)
        y, dist = one_target(y_true, column), one_marginal(dist, column)
        table = pit_histogram(y, dist, n_bins=n_bins, confidence=confidence, sample_weight=sample_weight)
        return cls(
            edges=table.edges,
            frequency=table.frequency,
            lower=table.lower,
            upper=table.upper,
            confidence=confidence,
            ks_statistic=pit_ks_statistic(y, dist, sample_weight=sample_weight),
            name=name,
        ).plot(ax)

    def plot(self, ax: Any = None, *, name: str | None = None, **kwargs: Any) -> PITHistogramDisplay:
        """Draw on `ax`, by default the axes of a new figure.

        Parameters
        ----------
        ax : matplotlib Axes, optional
        name : str for the legend, optional
        **kwargs : to matplotlib's `bar`

        Returns
        -------
        PITHistogramDisplay
        """
        ax, name = self._begin(ax), self.name if name is None else name
        label = f"{name or 'observations'} (Kolmogorov-Smirnov {self.ks_statistic:.3f})"
        style = {"color": TINT, "edgecolor": "white", "label": label, **kwargs}
        self.bars_ = ax.bar(self.edges[:-1], self.frequency, np.diff(self.edges), align="edge", **style)
        band_label = f"{100 * self.confidence:g} % of calibrated bars"
        self.band_ = ax.axhspan(self.lower, self.upper, color=REFERENCE, alpha=0.3, lw=0, zorder=2, label=band_label)
        level = 1.0 / len(self.frequency)
        self.reference_ = ax.axhline(level, color=REFERENCE, ls="--", lw=1.0, label="calibrated")
        finish(ax, "predicted probability of at most the observed y (PIT)", "share of rows", above=True)
        ax.set_xlim(0.0, 1.0)
        return self
