"""The whole predictive distribution of single rows, one ridge each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import _safe_indexing

from uncertainty.diagnostics.axes import require_matplotlib
from uncertainty.plotting import responses
from uncertainty.plotting.colours import OBSERVED, PREDICTED, TINT
from uncertainty.plotting.columns import one_marginal, one_target, target_column, target_label
from uncertainty.plotting.display import Display, finish

Array = NDArray[np.float64]

N_ROWS, MAX_ROWS = 6, 30
# Half of the points are at equal distances, half at quantiles, so that narrow peaks are not stepped over.
N_POINTS = 300
TAIL = 0.001
# Ridges overlap a little: a height above 1 is a distance between their base lines.
HEIGHT = 1.3


@dataclass(kw_only=True, eq=False, repr=False)
class PredictiveDensityDisplay(Display):
    """Predictive densities of single rows, one above the other, each scaled to the same height.

    What a mean and a standard deviation hide is seen here: several peaks of a mixture, skewness, heavy tails.

    Parameters
    ----------
    points : (R, P) places at which the densities of R rows are known, in units of y
    density : (R, P) per unit of y
    interval : (R, 2) central interval of each row
    coverage : float, its probability
    y_true : (R,) observations, or None
    row_names : R strings
    target_name : str, with the unit

    Attributes
    ----------
    density_ : list of R PolyCollections
    interval_ : list of R PolyCollections, the darker part of each
    observed_ : Line2D of the observations, or None
    ax_, figure_ : matplotlib Axes and Figure

    Examples
    --------
    >>> from scipy.stats import norm
    >>> from uncertainty.plotting import PredictiveDensityDisplay
    >>> display = PredictiveDensityDisplay.from_predictions([0.5, 2.0], norm([0.0, 1.0], [1.0, 0.5]))
    >>> display.density.max(axis=1).round(2)
    array([0.4, 0.8])
    """

    points: Array
    density: Array
    interval: Array
    coverage: float = 0.9
    y_true: Array | None = None
    row_names: list[str]
    target_name: str = "y"
    density_: list[Any] = field(init=False)
    interval_: list[Any] = field(init=False)
    observed_: Any = field(init=False)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any = None,
        *,
        rows: ArrayLike | None = None,
        coverage: float = 0.9,
        target: int | None = None,
        target_name: str | None = None,
        ax: Any = None,
    ) -> PredictiveDensityDisplay:
        """Draw the densities of some rows of X.

        Parameters
        ----------
        estimator : regressor with `predict_dist`, or `predict(X, return_std=True)` for normal distributions
        X : (n, D)
        y : (n,) or (n, T), optional
        rows : at most 30 row numbers; by default 6 from the smallest to the largest prediction
        coverage : float in (0, 1), of the interval that is marked
        target : int, which of T targets
        target_name : str, label of the axis, with the unit; by default the name of y
        ax : matplotlib Axes, by default those of a new figure

        Returns
        -------
        PredictiveDensityDisplay

        Raises
        ------
        TypeError
            For a classifier, or a regressor that says nothing of its uncertainty.
        ValueError
            For too many `rows`, or an unknown `target`.
        """
        require_matplotlib(cls.__name__)
        responses.require_regressor(estimator, "UncertaintySurfaceDisplay or ConfidenceHistogramDisplay")
        y_pred = np.asarray(estimator.predict(X), dtype=np.float64)
        column = target_column(y_pred if y is None else y, target)
        if rows is None:
            order = np.argsort(one_target(y_pred, column), kind="stable")
            rows = order[np.linspace(0, len(order) - 1, min(N_ROWS, len(order))).astype(np.intp)]
        chosen = np.atleast_1d(np.asarray(rows, dtype=np.intp))
        dist = responses.predictive(estimator, _safe_indexing(X, chosen), column)
        return cls.from_predictions(
            None if y is None else one_target(y, column)[chosen],
            dist,
            coverage=coverage,
            row_names=[f"row {row}" for row in chosen],
            target_name=target_label(y, column, target_name),
            ax=ax,
        )

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike | None,
        dist: Any,
        *,
        coverage: float = 0.9,
        row_names: list[str] | None = None,
        target: int | None = None,
        target_name: str | None = None,
        ax: Any = None,
    ) -> PredictiveDensityDisplay:
        """Draw the densities of all rows of a distribution.

        Parameters
        ----------
        y_true : (R,) or (R, T), or None
        dist : one distribution for each of at most 30 rows, with `pdf(y)` and `ppf(q)`, such as the result of
            `predict_dist` or a frozen scipy distribution
        coverage, target, target_name, ax : as in `from_estimator`
        row_names : R strings, by default "row 0" and so on

        Returns
        -------
        PredictiveDensityDisplay
        """
        column = None if y_true is None else target_column(y_true, target)
        dist = one_marginal(dist, column)
        tail = 0.5 * (1.0 - coverage)
        ends = np.stack([np.atleast_1d(dist.ppf(level)) for level in (TAIL, 1.0 - TAIL)], axis=-1)
        if len(ends) > MAX_ROWS:
            raise ValueError(f"rows must be at most {MAX_ROWS}, got {len(ends)}. Choose the rows to look at.")
        points = _points(dist, ends)
        names = [f"row {row}" for row in range(len(ends))] if row_names is None else list(row_names)
        return cls(
            points=points,
            density=np.stack([np.asarray(dist.pdf(column)) for column in points.T], axis=-1),
            interval=np.stack([np.atleast_1d(dist.ppf(level)) for level in (tail, 1.0 - tail)], axis=-1),
            coverage=coverage,
            y_true=None if y_true is None else one_target(y_true, column).astype(np.float64),
            row_names=names,
            target_name=target_label(y_true, column, target_name),
        ).plot(ax)

    def plot(self, ax: Any = None) -> PredictiveDensityDisplay:
        """Draw on `ax`, by default the axes of a new figure, the first row at the top; return the display."""
        ax = self._begin(ax)
        n = len(self.points)
        bases = np.arange(n)[::-1].astype(np.float64)
        self.density_, self.interval_ = [], []
        for r, base in enumerate(bases):
            x, top = self.points[r], base + HEIGHT * self.density[r] / self.density[r].max()
            inside = (x >= self.interval[r, 0]) & (x <= self.interval[r, 1])
            label = {} if r else {"label": "density, outside it"}
            dark = {} if r else {"label": f"central {100 * self.coverage:g} % of the density"}
            style = {"edgecolor": "white", "lw": 0.8, "zorder": 2 + r}
            self.density_.append(ax.fill_between(x, base, top, facecolor=TINT, **style, **label))
            parts = ax.fill_between(x, base, top, where=inside, facecolor=PREDICTED, lw=0, zorder=2 + r, **dark)
            self.interval_.append(parts)
            ax.axhline(base, color="#999999", lw=0.5, zorder=2 + r)
        self.observed_ = None
        if self.y_true is not None:
            style = {"marker": "v", "ms": 7, "mec": "white", "linestyle": "none", "color": OBSERVED}
            self.observed_ = ax.plot(self.y_true, bases + 0.12, zorder=3 + n, label="observed", **style)[0]
        finish(ax, self.target_name, "density, each row to the same height", above=True)
        ax.set_yticks(bases, self.row_names)
        ax.set_ylim(-0.15, n - 1 + HEIGHT + 0.1)
        return self


def _points(dist: Any, ends: Array) -> Array:
    """Return places (R, P) in order, over the range of all rows, close together where the density is."""
    common = np.linspace(ends[:, 0].min(), ends[:, 1].max(), N_POINTS // 2)
    levels = np.linspace(TAIL, 1.0 - TAIL, N_POINTS - N_POINTS // 2)
    own = np.stack([np.atleast_1d(dist.ppf(level)) for level in levels], axis=-1)
    return np.sort(np.concatenate([np.tile(common, (len(ends), 1)), own], axis=1), axis=1)
