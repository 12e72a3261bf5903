"""Errors made against the standard deviation predicted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from uncertainty.diagnostics.axes import require_matplotlib
from uncertainty.metrics import expected_normalized_calibration_error, variance_calibration_bins
from uncertainty.plotting import responses
from uncertainty.plotting.colours import PREDICTED, WRONG
from uncertainty.plotting.columns import one_target, target_column, target_label
from uncertainty.plotting.density import draw_points
from uncertainty.plotting.display import Display, finish, reference_line

Array = NDArray[np.float64]


@dataclass(kw_only=True, eq=False, repr=False)
class ErrorStdDisplay(Display):
    """Absolute error of each row against its predicted standard deviation, and the errors of rows of like deviation.

    The root mean square of the errors in each bin lies on the diagonal where standard deviations are right. Single
    errors scatter below and above it even then: about a third of them lie above. More than 2000 rows are shown as a
    density.

    Parameters
    ----------
    std, error : (n,) predicted standard deviation and absolute error, in units of y
    predicted_std, observed_rmse : (B,) as in `uncertainty.metrics.VarianceCalibrationBins`
    calibration_error : float, expected normalized calibration error (ENCE)
    target_name : str, with the unit
    name : str for the legend, or None

    Attributes
    ----------
    errors_ : scatter or hexagons of the rows
    line_ : Line2D of the bins
    reference_ : Line2D of the diagonal
    ax_, figure_ : matplotlib Axes and Figure

    Examples
    --------
    >>> from uncertainty.plotting import ErrorStdDisplay
    >>> display = ErrorStdDisplay.from_predictions([1.0, -1.0, 3.0, -3.0], [0.0] * 4, [1.0, 1.0, 2.0, 2.0], n_bins=2)
    >>> display.line_.get_ydata()
    array([1., 3.])
    """

    std: Array
    error: Array
    predicted_std: Array
    observed_rmse: Array
    calibration_error: float
    target_name: str = "y"
    name: str | None = None
    errors_: Any = field(init=False)
    line_: Any = field(init=False)
    reference_: Any = field(init=False)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        *,
        n_bins: int = 10,
        target: int | None = None,
        target_name: str | None = None,
        sample_weight: ArrayLike | None = None,
        name: str | None = None,
        ax: Any = None,
    ) -> ErrorStdDisplay:
        """Draw the errors of a fitted regressor on rows that it has not been fitted on.

        Parameters
        ----------
        estimator : regressor with `predict(X, return_std=True)`
        X : (n, D)
        y : (n,) or (n, T)
        n_bins : int, bins of equally many rows
        target : int, which of T targets
        target_name : str, with the unit; by default the name of y
        sample_weight : (n,), optional, for the bins
        name : str for the legend, by default the estimator's class
        ax : matplotlib Axes, by default those of a new figure

        Returns
        -------
        ErrorStdDisplay

        Raises
        ------
        TypeError
            For a classifier, or a regressor that says nothing of its uncertainty.
        ValueError
            For an unknown `target`, or a standard deviation of zero.
        """
        require_matplotlib(cls.__name__)
        responses.require_regressor(estimator, "ReliabilityDisplay")
        column = target_column(y, target)
        mean, std = (one_target(values, column) for values in responses.mean_and_std(estimator, X))
        return cls.from_predictions(
            one_target(y, column),
            mean,
            std,
            n_bins=n_bins,
            target_name=target_label(y, column, target_name),
            sample_weight=sample_weight,
            name=responses.name_of(estimator) if name is None else name,
            ax=ax,
        )

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        y_std: ArrayLike,
        *,
        n_bins: int = 10,
        target_name: str | None = None,
        sample_weight: ArrayLike | None = None,
        name: str | None = None,
        ax: Any = None,
    ) -> ErrorStdDisplay:
        """Draw the errors of given predictions of one target.

        Parameters
        ----------
        y_true, y_pred, y_std : (n,) observations, predicted means and standard deviations
        n_bins, target_name, sample_weight, name, ax : as in `from_estimator`

        Returns
        -------
        ErrorStdDisplay
        """
        options: dict[str, Any] = {"n_bins": n_bins, "sample_weight": sample_weight}
        bins = variance_calibration_bins(y_true, y_pred, y_std, **options)
        return cls(
            std=np.asarray(y_std, dtype=np.float64),
            error=np.abs(np.asarray(y_true, dtype=np.float64) - np.asarray(y_pred, dtype=np.float64)),
            predicted_std=bins.predicted_std,
            observed_rmse=bins.observed_rmse,
            calibration_error=expected_normalized_calibration_error(y_true, y_pred, y_std, **options),
            target_name=target_label(y_true, None, target_name),
            name=name,
        ).plot(ax)

    def plot(self, ax: Any = None, *, name: str | None = None, **kwargs: Any) -> ErrorStdDisplay:
        """Draw on `ax`, by default the axes of a new figure.

        Parameters
        ----------
        ax : matplotlib Axes, optional
        name : str for the legend, optional
        **kwargs : for the line of the bins, to matplotlib's `plot`

        Returns
        -------
        ErrorStdDisplay
        """
        ax, name = self._begin(ax), self.name if name is None else name
        self.errors_ = draw_points(ax, self.std, self.error, colour=PREDICTED, label="rows")
        label = f"{name or 'bins'}: root mean squared error (ENCE {self.calibration_error:.3f})"
        style = {"color": WRONG, "marker": "o", "ms": 4, "label": label, **kwargs}
        self.line_ = ax.plot(self.predicted_std, self.observed_rmse, **style)[0]
        ends = [float(self.std.min()), float(self.std.max())]
        self.reference_ = reference_line(ax, ends, ends, "calibrated")
        finish(ax, f"predicted standard deviation of {self.target_name}", f"|error| of {self.target_name}", above=True)
        ax.set_ylim(bottom=0.0)
        return self
