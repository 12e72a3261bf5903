"""Prediction intervals with the observations, the part of noise shaded apart from that of ignorance."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from uncertainty.diagnostics.axes import require_matplotlib
from uncertainty.metrics import coverage_score
from uncertainty.plotting import responses
from uncertainty.plotting.colours import ALEATORIC, EPISTEMIC, OBSERVED, PREDICTED, TOTAL
from uncertainty.plotting.columns import feature_column, one_target, target_column, target_label
from uncertainty.plotting.density import MAX_POINTS, draw_points, means_of_neighbours
from uncertainty.plotting.display import Display, finish

Array = NDArray[np.float64]
Kind = Literal["sorted", "index", "feature"]

# Bands of more rows than can be told apart: each step is the mean of so many groups of neighbours.
N_STEPS = 100
# Fewer rows are drawn as bars of their own, since neighbours in such an order share nothing but their place.
AXES_WIDTH_IN_POINTS = 330.0


@dataclass(kw_only=True, eq=False, repr=False)
class PredictionIntervalDisplay(Display):
    """Prediction intervals of single rows, what was predicted and what was observed.

    Where the model tells them apart, the inner part of an interval is what noise alone asks for and the outer part what
    the model's ignorance adds: the interval is shrunk towards the prediction by the aleatoric share of the standard
    deviation, ``sqrt(aleatoric variance / total variance)``. For a normal distribution that is exactly the interval of
    the noise. Single rows are bars; rows along one feature are a band; above 2000 rows the band shows means of groups
    of neighbouring rows and the observations become a density. Infinite ends reach to the edge of the picture.

    Parameters
    ----------
    y_pred : (n,) predictions, in units of y
    interval : (n, 2) lower and upper ends
    coverage : float, their nominal probability
    y_true : (n,) observations, or None
    aleatoric_share : (n,) of the standard deviation, between 0 and 1, or None
    feature : (n,) values to draw against with kind="feature", or None
    continuous : bool, whether `feature` is all that the predictions depend on, so that they form one curve
    target_name, feature_name : str, with the unit

    Attributes
    ----------
    interval_ : the bars or the band of the whole interval (LineCollection or PolyCollection)
    aleatoric_ : those of noise alone, or None
    line_ : Line2D of the predictions
    observed_ : scatter or hexagons of the observations, or None
    ax_, figure_ : matplotlib Axes and Figure

    Examples
    --------
    >>> from uncertainty.plotting import PredictionIntervalDisplay
    >>> display = PredictionIntervalDisplay.from_predictions([1.0, 4.0], [1.5, 2.0], [[0.0, 3.0], [1.0, 3.0]])
    >>> display.ax_.get_legend().get_title().get_text()
    '90 % interval, holds 50.0 % of 2 rows'
    """

    y_pred: Array
    interval: Array
    coverage: float = 0.9
    y_true: Array | None = None
    aleatoric_share: Array | None = None
    feature: NDArray[Any] | None = None
    continuous: bool = False
    target_name: str = "y"
    feature_name: str = "feature"
    interval_: Any = field(init=False)
    aleatoric_: Any = field(init=False)
    line_: Any = field(init=False)
    observed_: Any = field(init=False)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any = None,
        *,
        coverage: float = 0.9,
        kind: Kind = "sorted",
        feature: int | str | None = None,
        target: int | None = None,
        target_name: str | None = None,
        ax: Any = None,
    ) -> PredictionIntervalDisplay:
        """Draw the intervals of a fitted regressor.

        Parameters
        ----------
        estimator : regressor with `predict_interval`, or `predict(X, return_std=True)` for intervals of a normal
            distribution; `predict_uncertainty` shades the parts apart
        X : (n, D)
        y : (n,) or (n, T), optional
        coverage : float in (0, 1)
        kind : "sorted" by the prediction, "index" in the order given, or "feature"
        feature : int or str, column of X for kind="feature"
        target : int, which of T targets
        target_name : str, label of the axis, with the unit; by default the name of y
        ax : matplotlib Axes, by default those of a new figure

        Returns
        -------
        PredictionIntervalDisplay

        Raises
        ------
        TypeError
            For a classifier, or a regressor that says nothing of its uncertainty.
        ValueError
            For an unknown `kind`, `feature` or `target`.
        """
        require_matplotlib(cls.__name__)
        responses.require_regressor(estimator, "ReliabilityDisplay or UncertaintySurfaceDisplay")
        interval = responses.prediction_interval(estimator, X, coverage)
        y_pred = np.asarray(estimator.predict(X), dtype=np.float64)
        column = target_column(y_pred if y is None else y, target)
        share = None
        if responses.has_method(estimator, "predict_uncertainty"):
            parts = responses.uncertainty_parts(estimator, X)
            share = np.sqrt(one_target(parts.aleatoric_variance / parts.total_variance, column))
        values, name = feature_column(X, feature) if kind == "feature" else (None, "feature")
        return cls(
            y_pred=one_target(y_pred, column),
            interval=one_target(interval, column, ndim=2),
            coverage=coverage,
            y_true=None if y is None else one_target(y, column).astype(np.float64),
            aleatoric_share=share,
            feature=values,
            continuous=kind == "feature" and np.shape(X)[1] == 1,
            target_name=target_label(y, column, target_name),
            feature_name=name,
        ).plot(ax, kind=kind)

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike | None,
        y_pred: ArrayLike,
        interval: ArrayLike,
        *,
        coverage: float = 0.9,
        aleatoric_variance: ArrayLike | None = None,
        epistemic_variance: ArrayLike | None = None,
        kind: Kind = "sorted",
        feature: ArrayLike | None = None,
        continuous: bool = False,
        target_name: str | None = None,
        feature_name: str = "feature",
        ax: Any = None,
    ) -> PredictionIntervalDisplay:
        """Draw given intervals of one target.

        Parameters
        ----------
        y_true : (n,) or None
        y_pred : (n,)
        interval : (n, 2)
        coverage : float, nominal probability of the intervals
        aleatoric_variance, epistemic_variance : (n,), both or neither
        kind, target_name, ax : as in `from_estimator`
        feature : (n,), for kind="feature"
        continuous : bool, whether predictions depend on `feature` alone and form a band
        feature_name : str, with the unit

        Returns
        -------
        PredictionIntervalDisplay
        """
        share = None
        if aleatoric_variance is not None and epistemic_variance is not None:
            aleatoric, epistemic = np.asarray(aleatoric_variance), np.asarray(epistemic_variance)
            share = np.sqrt(aleatoric / (aleatoric + epistemic))
        return cls(
            y_pred=np.asarray(y_pred, dtype=np.float64),
            interval=np.asarray(interval, dtype=np.float64),
            coverage=coverage,
            y_true=None if y_true is None else np.asarray(y_true, dtype=np.float64),
            aleatoric_share=share,
            feature=None if feature is None else np.asarray(feature),
            continuous=continuous,
            target_name=target_label(y_true, None, target_name),
            feature_name=feature_name,
        ).plot(ax, kind=kind)

    def plot(self, ax: Any = None, *, kind: Kind = "sorted") -> PredictionIntervalDisplay:
        """Draw on `ax`, by default the axes of a new figure.

        Parameters
        ----------
        ax : matplotlib Axes, optional
        kind : "sorted", "index" or "feature"

        Returns
        -------
        PredictionIntervalDisplay
        """
        order, x, xlabel = self._along(kind)
        ax = self._begin(ax)
        ends = _finite(self.interval, self.y_pred, self.y_true)[order]
        predicted = self.y_pred[order]
        inner = self._noise_alone(ends, predicted, order)
        draw = _draw_band if self._is_band(kind) else _draw_bars
        outer, label = (TOTAL, "interval") if inner is None else (EPISTEMIC, "ignorance of the model (epistemic)")
        self.interval_ = draw(ax, x, ends, colour=outer, label=label)
        self.aleatoric_ = None if inner is None else draw(ax, x, inner, colour=ALEATORIC, label="noise (aleatoric)")
        self._draw_values(ax, x, predicted, order, band=self._is_band(kind))
        finish(ax, xlabel, self.target_name, above=True, title=self._title())
        return self

    def _is_band(self, kind: Kind) -> bool:
        """Whether rows are drawn as one band: too many for bars, or points of one curve."""
        return len(self.y_pred) > MAX_POINTS or (kind == "feature" and self.continuous)

    def _along(self, kind: Kind) -> tuple[NDArray[np.intp], Array, str]:
        """Return the order of the rows, their places on the x axis and its label."""
        n = len(self.y_pred)
        if kind == "sorted":
            return np.argsort(self.y_pred, kind="stable"), np.arange(n, dtype=float), "rows, in order of the prediction"
        if kind == "index":
            return np.arange(n), np.arange(n, dtype=float), "row"
        if kind != "feature":
            raise ValueError(f"kind must be 'sorted', 'index' or 'feature', got {kind!r}.")
        if self.feature is None:
            raise ValueError("feature must be given for kind='feature', got None. Pass a column of X.")
        values = self.feature.astype(np.float64)
        order = np.argsort(values, kind="stable")
        return order, values[order], self.feature_name

    def _noise_alone(self, ends: Array, predicted: Array, order: NDArray[np.intp]) -> Array | None:
        """Return the intervals shrunk towards the prediction by the aleatoric share of the standard deviation."""
        if self.aleatoric_share is None:
            return None
        centre = np.clip(predicted, ends[:, 0], ends[:, 1])[:, None]
        return np.asarray(centre + self.aleatoric_share[order, None] * (ends - centre))

    def _title(self) -> str:
        title = f"{100 * self.coverage:g} % interval"
        if self.y_true is None:
            return title
        return f"{title}, holds {100 * coverage_score(self.y_true, self.interval):.1f} % of {len(self.y_true)} rows"

    def _draw_values(self, ax: Any, x: Array, predicted: Array, order: NDArray[np.intp], *, band: bool) -> None:
        """Draw predictions, as a line where they form one, and observations."""
        self.observed_ = None
        if self.y_true is not None:
            self.observed_ = draw_points(ax, x, self.y_true[order], colour=OBSERVED, label="observed", zorder=4, s=8)
        if len(x) > MAX_POINTS:
            x, predicted = means_of_neighbours(x, N_STEPS), means_of_neighbours(predicted, N_STEPS)
        style: dict[str, Any] = {"lw": 1.2}
        if not band:
            size = float(np.clip(AXES_WIDTH_IN_POINTS / len(x), 1.0, 6.0))
            style = {"marker": "_", "linestyle": "none", "ms": size, "mew": 1.2}
        self.line_ = ax.plot(x, predicted, color=PREDICTED, label="prediction", zorder=5, **style)[0]


def _draw_band(ax: Any, x: Array, ends: Array, *, colour: str, label: str) -> Any:
    if len(x) <= MAX_POINTS:
        return ax.fill_between(x, ends[:, 0], ends[:, 1], facecolor=colour, lw=0, label=label)
    # Over a density of the observations: edges, and hardly any fill.
    x, ends = means_of_neighbours(x, N_STEPS), means_of_neighbours(ends, N_STEPS)
    from matplotlib.colors import to_rgba

    fill = to_rgba(colour, 0.15)
    return ax.fill_between(x, ends[:, 0], ends[:, 1], facecolor=fill, edgecolor=colour, lw=1.5, zorder=5, label=label)


def _draw_bars(ax: Any, x: Array, ends: Array, *, colour: str, label: str) -> Any:
    spacing = AXES_WIDTH_IN_POINTS / len(x)
    # Apart, or well over one another: of narrow gaps pixels make stripes.
    width = min(0.75 * spacing, 5.0) if spacing >= 3.0 else 2.0 * spacing
    return ax.vlines(x, ends[:, 0], ends[:, 1], color=colour, lw=width, label=label)


def _finite(interval: Array, *values: Array | None) -> Array:
    """Return the interval with its infinite ends at a tenth beyond everything finite."""
    if np.isfinite(interval).all():
        return interval
    known = [interval[np.isfinite(interval)], *(v for v in values if v is not None)]
    low, high = min(float(v.min()) for v in known if v.size), max(float(v.max()) for v in known if v.size)
    margin = 0.1 * max(high - low, 1e-12)
    return np.clip(interval, low - margin, high + margin)
