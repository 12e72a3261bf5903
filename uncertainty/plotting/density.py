"""Many points without overplotting: hexagons shaded by the number of rows, and means of neighbouring rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from uncertainty.plotting.colours import OBSERVED, shades_of

Array = NDArray[np.float64]

# More points than this hide one another in a picture of common size.
MAX_POINTS = 2000
HEXAGONS_ACROSS = 50
DENSITY_OF_BLACK = "#888888"


def draw_points(ax: Any, x: Array, y: Array, *, colour: str, label: str, **options: Any) -> Any:
    """Return a scatter of the points, or above `MAX_POINTS` of them hexagons with a bar of their colours."""
    if len(x) <= MAX_POINTS:
        alpha = float(np.clip(30.0 / np.sqrt(max(len(x), 1)), 0.35, 0.9))
        return ax.scatter(x, y, **{"s": 12, "color": colour, "alpha": alpha, "lw": 0, "label": label, **options})
    return draw_density(ax, x, y, colour=colour, label=label)


def draw_density(ax: Any, x: Array, y: Array, *, colour: str, label: str) -> Any:
    """Return hexagons whose shade says how many of the points lie in them, on a logarithmic scale."""
    from matplotlib.colors import LogNorm

    shade = DENSITY_OF_BLACK if colour == OBSERVED else colour  # black would hide what is drawn on it
    hexagons = ax.hexbin(x, y, gridsize=HEXAGONS_ACROSS, mincnt=1, cmap=shades_of(shade), linewidths=0.1)
    hexagons.set_norm(LogNorm(1.0, max(float(hexagons.get_array().max()), 2.0)))
    ax.figure.colorbar(hexagons, ax=ax, label="rows in a hexagon")
    # Hexagons have no colour of their own to show in a legend.
    ax.scatter([], [], marker="h", s=60, color=shade, label=f"{label} ({len(x)})")
    return hexagons


def means_of_neighbours(values: Array, n_groups: int) -> Array:
    """Return the means (n_groups, ...) of as many groups of consecutive rows of `values` (n, ...)."""
    starts = np.linspace(0, len(values), n_groups, endpoint=False).astype(np.intp)
    sizes = np.diff(np.append(starts, len(values)))
    return np.asarray((np.add.reduceat(values, starts, axis=0).T / sizes).T)
