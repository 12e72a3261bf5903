"""Where in a plane of two features a model is unsure, by each kind of uncertainty."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import is_classifier

from uncertainty.diagnostics.axes import require_matplotlib
from uncertainty.plotting.colours import MARKERS, OBSERVED, OF_PART, PALETTE, shades_of
from uncertainty.plotting.columns import feature_column, one_target, target_column, target_label
from uncertainty.plotting.density import MAX_POINTS
from uncertainty.plotting.display import Display, finish
from uncertainty.plotting.row_scores import row_uncertainty

Array = NDArray[np.float64]

UNITS = {
    "total": "total entropy [nats]",
    "aleatoric": "aleatoric entropy [nats]",
    "epistemic": "mutual information (epistemic) [nats]",
    "max_probability": "1 - largest probability",
}


@dataclass(kw_only=True, eq=False, repr=False)
class UncertaintySurfaceDisplay(Display):
    """Uncertainty over a plane of two features, with the border between the predicted classes and the rows.

    Parameters
    ----------
    xx0, xx1 : (G, G) grid of the two features
    response : (G, G) uncertainty at its points
    margin : (B, G, G) by how much the probability of a class exceeds the largest other one, for each class whose
        border is drawn; None for a regressor
    X : (n, 2) rows to draw, or None
    classes : (n,) class of each row, or None
    kind : "total", "aleatoric", "epistemic" or "max_probability"
    response_name, xlabel, ylabel : str, with the unit

    Attributes
    ----------
    surface_ : QuadMesh
    colorbar_ : Colorbar
    boundary_ : list of the QuadContourSets between the classes
    rows_ : list of scatters of the rows, one for each class
    ax_, figure_ : matplotlib Axes and Figure

    Examples
    --------
    >>> import numpy as np
    >>> from uncertainty.plotting import UncertaintySurfaceDisplay
    >>> xx0, xx1 = np.meshgrid([0.0, 1.0], [0.0, 1.0])
    >>> display = UncertaintySurfaceDisplay.from_predictions(xx0, xx1, xx0 + xx1)
    >>> float(display.surface_.get_array().max())
    2.0
    """

    xx0: Array
    xx1: Array
    response: Array
    margin: Array | None = None
    X: Array | None = None
    classes: NDArray[Any] | None = None
    kind: str = "total"
    response_name: str = "uncertainty"
    xlabel: str = "feature 0"
    ylabel: str = "feature 1"
    surface_: Any = field(init=False)
    colorbar_: Any = field(init=False)
    boundary_: list[Any] = field(init=False)
    rows_: list[Any] = field(init=False)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: ArrayLike | None = None,
        *,
        kind: str = "total",
        grid_resolution: int = 100,
        margin: float = 0.3,
        target: int | None = None,
        target_name: str | None = None,
        ax: Any = None,
    ) -> UncertaintySurfaceDisplay:
        """Draw the uncertainty of an estimator that was fitted on two features.

        Parameters
        ----------
        estimator : classifier with `predict_proba`, or regressor with `predict(X, return_std=True)`
        X : (n, 2) rows, whose range is drawn
        y : (n,) classes for the colours of the rows, optional
        kind : "total" (entropy or standard deviation), "aleatoric" or "epistemic" for estimators with
            `predict_uncertainty`, and for classifiers "max_probability" (one minus it)
        grid_resolution : int >= 2, points along each feature
        margin : float, how far to go beyond the rows, as a share of their range
        target : int, which of T targets
        target_name : str, with the unit, of a regressor's target
        ax : matplotlib Axes, by default those of a new figure

        Returns
        -------
        UncertaintySurfaceDisplay

        Raises
        ------
        TypeError
            For an estimator that does not tell this kind of uncertainty.
        ValueError
            For other than two features, or an unknown `kind`.
        """
        require_matplotlib(cls.__name__)
        if np.ndim(X) != 2 or np.shape(X)[1] != 2:
            raise ValueError(f"X must have two features, got shape {np.shape(X)}. Fit an estimator on two columns.")
        (first, xlabel), (second, ylabel) = feature_column(X, 0), feature_column(X, 1)
        rows = np.column_stack([first, second]).astype(np.float64)
        xx0, xx1 = _grid(rows, grid_resolution, margin)
        points = _like(X, np.column_stack([xx0.ravel(), xx1.ravel()]))
        column = target_column(estimator.predict(points[:1]), target)
        name = f"{kind} standard deviation of {target_label(y, column, target_name)}"
        return cls.from_predictions(
            xx0,
            xx1,
            row_uncertainty(estimator, points, kind, column),
            proba=_probabilities(estimator, points, column) if is_classifier(estimator) else None,
            X=rows,
            y=one_target(y, column) if y is not None and is_classifier(estimator) else None,
            kind=kind,
            response_name=UNITS[kind] if is_classifier(estimator) else name,
            xlabel=xlabel,
            ylabel=ylabel,
            ax=ax,
        )

    @classmethod
    def from_predictions(
        cls,
        xx0: ArrayLike,
        xx1: ArrayLike,
        response: ArrayLike,
        *,
        proba: ArrayLike | None = None,
        X: ArrayLike | None = None,
        y: ArrayLike | None = None,
        kind: str = "total",
        response_name: str = "uncertainty",
        xlabel: str = "feature 0",
        ylabel: str = "feature 1",
        ax: Any = None,
    ) -> UncertaintySurfaceDisplay:
        """Draw an uncertainty that is known on a grid.

        Parameters
        ----------
        xx0, xx1 : (G, G) grid of the two features, as `numpy.meshgrid` makes it
        response : (G, G) or (G * G,) uncertainty at its points
        proba : (G * G, C) probabilities of the classes there, for the borders between them, optional
        X : (n, 2) rows to draw, optional
        y : (n,) class of each row, optional
        kind : "total", "aleatoric", "epistemic" or "max_probability", for the colours and the legend
        response_name, xlabel, ylabel : str, with the unit
        ax : matplotlib Axes, by default those of a new figure

        Returns
        -------
        UncertaintySurfaceDisplay

        Raises
        ------
        ValueError
            For an unknown `kind`.
        """
        if kind not in UNITS:
            raise ValueError(f"kind must be one of {', '.join(map(repr, UNITS))}, got {kind!r}.")
        grid = np.asarray(xx0, dtype=np.float64)
        return cls(
            xx0=grid,
            xx1=np.asarray(xx1, dtype=np.float64),
            response=np.asarray(response, dtype=np.float64).reshape(grid.shape),
            margin=None if proba is None else _margins(np.asarray(proba, dtype=np.float64), grid.shape),
            X=None if X is None else np.asarray(X, dtype=np.float64),
            classes=None if y is None else np.asarray(y),
            kind=kind,
            response_name=response_name,
            xlabel=xlabel,
            ylabel=ylabel,
        ).plot(ax)

    def plot(self, ax: Any = None, **kwargs: Any) -> UncertaintySurfaceDisplay:
        """Draw on `ax`, by default the axes of a new figure.

        Parameters
        ----------
        ax : matplotlib Axes, optional
        **kwargs : for the surface, to matplotlib's `pcolormesh`

        Returns
        -------
        UncertaintySurfaceDisplay
        """
        ax = self._begin(ax)
        style = {"cmap": shades_of(OF_PART[self.kind]), "vmin": 0.0, "shading": "gouraud", **kwargs}
        self.surface_ = ax.pcolormesh(self.xx0, self.xx1, self.response, **style)
        if self.response.max() <= 0.0:  # a single network knows of no ignorance
            self.surface_.set_clim(0.0, 1.0)
        self.colorbar_ = self.figure_.colorbar(self.surface_, ax=ax, label=self.response_name)
        # A class that is predicted nowhere, or everywhere, has no border.
        margins = () if self.margin is None else self.margin
        borders = [m for m in margins if m.min() < 0.0 < m.max()]
        border: dict[str, Any] = {"levels": [0.0], "colors": "black", "linewidths": 1.0}
        self.boundary_ = [ax.contour(self.xx0, self.xx1, m, **border) for m in borders]
        if borders:
            ax.plot([], [], color="black", lw=1.0, label="border between classes")
        self.rows_ = [] if self.X is None else self._draw_rows(ax, self.X)
        name = "uncertainty" if self.kind == "max_probability" else f"{self.kind} uncertainty"
        ax.plot([], [], marker="s", ms=8, ls="none", color=OF_PART[self.kind], label=name)
        finish(ax, self.xlabel, self.ylabel, above=True)
        ax.grid(False)
        return self

    def _draw_rows(self, ax: Any, X: Array) -> list[Any]:
        """Draw the rows by class; of more than `MAX_POINTS` evenly spaced ones."""
        step = -(-len(X) // MAX_POINTS)
        X = X[::step]
        of = "" if step == 1 else f" (1 of {step})"
        style: dict[str, Any] = {"s": 14, "edgecolor": "white", "lw": 0.4}
        if self.classes is None:
            return [ax.scatter(*X.T, color=OBSERVED, label=f"rows{of}", **style)]
        shown = self.classes[::step]
        colours = [colour for colour in PALETTE if colour != OF_PART[self.kind]]
        return [
            ax.scatter(
                *X[shown == name].T,
                color=colours[i % len(colours)],
                marker=MARKERS[i % len(MARKERS)],
                label=f"class {name}{of}",
                **style,
            )
            for i, name in enumerate(np.unique(self.classes))
        ]


def _grid(rows: Array, resolution: int, margin: float) -> tuple[Array, Array]:
    low, high = rows.min(axis=0), rows.max(axis=0)
    width = np.where(high > low, high - low, 1.0)
    axes = np.linspace(low - margin * width, high + margin * width, resolution).T
    xx0, xx1 = np.meshgrid(*axes)
    return xx0, xx1


def _probabilities(estimator: Any, points: Any, column: int | None) -> Array:
    """Return the probabilities (n, C) of the classes; of one label of multi-label data, of absence and presence."""
    proba = np.asarray(estimator.predict_proba(points), dtype=np.float64)
    return proba if column is None else np.column_stack([1.0 - proba[:, column], proba[:, column]])


def _margins(proba: Array, shape: tuple[int, ...]) -> Array:
    """Return the lead of each class, of one of two classes alone, over the others, on the grid."""
    n_classes = proba.shape[1]
    leads = [proba[:, k] - np.delete(proba, k, axis=1).max(axis=1) for k in range(n_classes)]
    return np.stack(leads[1:] if n_classes == 2 else leads).reshape(-1, *shape)


def _like(X: Any, points: Array) -> Any:
    """Return the points as a frame of the kind of X, with its names, so that estimators find them."""
    if hasattr(X, "columns"):
        return type(X)(dict(zip(list(X.columns), points.T, strict=True)))
    return points
