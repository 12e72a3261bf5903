"""Coverage of prediction intervals, or sets, along one feature."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import is_classifier

from uncertainty.diagnostics.axes import require_matplotlib
from uncertainty.metrics import CoverageTable, coverage_by_bin, coverage_by_group
from uncertainty.plotting import responses
from uncertainty.plotting.colours import CURVE, next_style
from uncertainty.plotting.columns import feature_column, one_target, target_column
from uncertainty.plotting.display import Display, finish, reference_line

Array = NDArray[np.float64]
Strategy = Literal["uniform", "quantile"]


@dataclass(kw_only=True, eq=False, repr=False)
class CoverageByFeatureDisplay(Display):
    """Coverage in each bin of a feature, or of each of its categories, with its confidence interval.

    Coverage over all rows can be right because too much here makes up for too little there.

    Parameters
    ----------
    group : (G, 2) smallest and largest value of the feature in each bin, or (G,) names of categories
    coverage, lower, upper : (G,) share of the rows covered, with its confidence limits
    count : (G,) number of rows
    nominal : float, coverage asked for
    feature_name : str, with the unit
    name : str for the legend, or None

    Attributes
    ----------
    points_ : ErrorbarContainer; its data line holds the middles of the bins and the coverages
    counts_ : list of the texts that say how many rows there are
    reference_ : Line2D at the nominal coverage
    ax_, figure_ : matplotlib Axes and Figure

    Examples
    --------
    >>> from uncertainty.plotting import CoverageByFeatureDisplay
    >>> display = CoverageByFeatureDisplay.from_predictions(
    ...     [1.0, 5.0, 2.0, 1.0], [[0.0, 2.0]] * 4, [0.1, 0.2, 0.3, 0.4], n_bins=2
    ... )
    >>> display.points_[0].get_ydata()
    array([0.5, 1. ])
    """

    group: NDArray[Any]
    coverage: Array
    lower: Array
    upper: Array
    count: NDArray[np.intp]
    nominal: float = 0.9
    feature_name: str = "feature"
    name: str | None = None
    points_: Any = field(init=False)
    counts_: list[Any] = field(init=False)
    reference_: Any = field(init=False)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        *,
        feature: int | str | None = None,
        coverage: float = 0.9,
        n_bins: int = 10,
        strategy: Strategy = "quantile",
        target: int | None = None,
        sample_weight: ArrayLike | None = None,
        name: str | None = None,
        ax: Any = None,
    ) -> CoverageByFeatureDisplay:
        """Draw the coverage of a fitted estimator's intervals or sets on rows that it has not been fitted on.

        Parameters
        ----------
        estimator : regressor with `predict_interval`, or `predict(X, return_std=True)` for normal distributions; or
            classifier with `predict_set`, such as ConformalClassifier
        X : (n, D)
        y : (n,) or (n, T)
        feature : int or str, column of X; numbers are put in bins, anything else is taken as categories
        coverage : float in (0, 1), nominal
        n_bins : int
        strategy : "quantile" for bins of equally many rows, "uniform" for bins of equal width
        target : int, which of T targets
        sample_weight : (n,), optional
        name : str for the legend, by default the estimator's class
        ax : matplotlib Axes, by default those of a new figure

        Returns
        -------
        CoverageByFeatureDisplay

        Raises
        ------
        TypeError
            For an estimator with neither intervals nor sets.
        ValueError
            For an unknown `feature`, `strategy` or `target`.
        """
        require_matplotlib(cls.__name__)
        column = target_column(y, target)
        prediction, labels = _sets_or_intervals(estimator, X, coverage, column)
        values, feature_name = feature_column(X, feature)
        return cls.from_predictions(
            one_target(y, column),
            prediction,
            values,
            coverage=coverage,
            n_bins=n_bins,
            strategy=strategy,
            labels=labels,
            sample_weight=sample_weight,
            feature_name=feature_name,
            name=responses.name_of(estimator) if name is None else name,
            ax=ax,
        )

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        prediction: ArrayLike,
        feature: ArrayLike,
        *,
        coverage: float = 0.9,
        n_bins: int = 10,
        strategy: Strategy = "quantile",
        labels: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        feature_name: str = "feature",
        name: str | None = None,
        ax: Any = None,
    ) -> CoverageByFeatureDisplay:
        """Draw the coverage of given intervals or sets.

        Parameters
        ----------
        y_true : (n,) observations, or class labels for sets
        prediction : (n, 2) intervals, or (n, C) booleans of prediction sets
        feature : (n,) numbers, or names of categories
        coverage, n_bins, strategy, sample_weight, name, ax : as in `from_estimator`
        labels : (C,) the class of each column of prediction sets
        feature_name : str, with the unit

        Returns
        -------
        CoverageByFeatureDisplay
        """
        values = np.asarray(feature)
        options: dict[str, Any] = {"labels": labels, "sample_weight": sample_weight}
        table: CoverageTable
        if values.dtype.kind in "fiu":
            table = coverage_by_bin(y_true, prediction, values, n_bins=n_bins, strategy=strategy, **options)
        else:
            table = coverage_by_group(y_true, prediction, values.astype(str), **options)
        return cls(
            group=table.group,
            coverage=table.coverage,
            lower=table.lower,
            upper=table.upper,
            count=table.count,
            nominal=coverage,
            feature_name=feature_name,
            name=name,
        ).plot(ax)

    def plot(self, ax: Any = None, *, name: str | None = None, **kwargs: Any) -> CoverageByFeatureDisplay:
        """Draw on `ax`, by default the axes of a new figure; several displays can share it.

        Parameters
        ----------
        ax : matplotlib Axes, optional
        name : str for the legend, optional
        **kwargs : to matplotlib's `errorbar`

        Returns
        -------
        CoverageByFeatureDisplay
        """
        ax, name = self._begin(ax), self.name if name is None else name
        is_binned = self.group.ndim == 2
        x = self.group.astype(np.float64).mean(axis=1) if is_binned else np.arange(len(self.group), dtype=np.float64)
        style = {**next_style(ax), "marker": "o", "ms": 4, "capsize": 2.0, "gid": CURVE, **kwargs}
        style = style if is_binned or "linestyle" in kwargs else {**style, "linestyle": "none"}
        noise = np.abs(np.stack([self.coverage - self.lower, self.upper - self.coverage]))
        label = f"{name or 'coverage'}, with 95 % confidence interval"
        self.points_ = ax.errorbar(x, self.coverage, yerr=noise, label=label, **style)
        ends = (self.group[0, 0], self.group[-1, 1]) if is_binned else (-0.5, len(x) - 0.5)
        self.reference_ = reference_line(ax, ends, [self.nominal] * 2, f"nominal: {100 * self.nominal:g} %")
        at_foot = {"transform": ax.get_xaxis_transform(), "ha": "center", "va": "bottom", "rotation": 90}
        self.counts_ = [
            ax.text(place, 0.01, f"n = {n}", fontsize="x-small", color="#555555", **at_foot)
            for place, n in zip(x, self.count, strict=True)
        ]
        finish(ax, self.feature_name, "coverage", above=True)
        if not is_binned:
            ax.set_xticks(x, self.group)
        ax.margins(y=0.2)  # room for the numbers of rows
        return self


def _sets_or_intervals(estimator: Any, X: Any, coverage: float, column: int | None) -> tuple[NDArray[Any], Any]:
    """Return a classifier's prediction sets (n, C) and its classes, or a regressor's intervals (n, 2) and None."""
    if not is_classifier(estimator):
        return one_target(responses.prediction_interval(estimator, X, coverage), column, ndim=2), None
    model, rows = responses.innermost(estimator, X)
    if not hasattr(model, "predict_set"):
        raise TypeError(
            f"estimator must have predict_set, got {type(model).__name__}. Wrap it in a ConformalClassifier."
        )
    return np.asarray(model.predict_set(rows, coverage=coverage)), model.classes_
