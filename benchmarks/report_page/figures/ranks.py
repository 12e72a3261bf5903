"""Critical-difference figure: average ranks on a line, a bar under every group that cannot be told apart.

References
----------
Demsar (2006), Statistical comparisons of classifiers over multiple data sets, JMLR 7, figure 1.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ...statistics import RankComparison
from ..groups import OURS
from .drawing import DPI, style_of, to_png

_ROW = 0.24  # inches between two names
_BAR = 0.09  # inches between two bars
_SIDE = 2.7  # inches beside the axis for the names
_AXIS = 5.0  # inches


def draw_ranks(comparison: RankComparison) -> bytes:
    """Return the figure: best ranks at the left, names beside the line, the critical difference above it."""
    from matplotlib.figure import Figure

    groups = rank_groups(comparison.ranks, comparison.critical_difference)
    n_left = math.ceil(len(comparison.ranks) / 2)
    below = 0.15 + _BAR * len(groups)
    height = 0.75 + below + _ROW * n_left + 0.1
    figure = Figure(figsize=(_AXIS + 2 * _SIDE, height), dpi=DPI)
    axis = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axis.set_xlim(0.0, _AXIS + 2 * _SIDE)  # inches, so that text never meets text
    axis.set_ylim(below + _ROW * n_left + 0.1, -0.75)
    axis.axis("off")

    highest = len(comparison.ranks)

    def place(rank: float) -> float:
        return _SIDE + _AXIS * (rank - 1.0) / max(1, highest - 1)

    _draw_scale(axis, place, highest, comparison.critical_difference)
    for index, (first, last) in enumerate(groups):
        y = 0.12 + _BAR * index
        axis.plot([place(first) - 0.05, place(last) + 0.05], [y, y], color="#333333", linewidth=3.5,
                  solid_capstyle="butt")  # fmt: skip
    _draw_names(axis, place, comparison.ranks, below)
    return to_png(figure)


def rank_groups(ranks: Mapping[str, float], critical_difference: float) -> list[tuple[float, float]]:
    """Return first and last rank of every largest group of methods that lie within the critical difference."""
    values = sorted(ranks.values())
    groups: list[tuple[float, float]] = []
    for first in values:
        last = max(value for value in values if value - first < critical_difference)
        if last > first and (not groups or last > groups[-1][1]):
            groups.append((first, last))
    return groups


def _draw_scale(axis: Any, place: Any, highest: int, critical_difference: float) -> None:
    axis.plot([place(1), place(highest)], [0, 0], color="#333333", linewidth=1.0)
    for rank in range(1, highest + 1):
        axis.plot([place(rank)] * 2, [0, -0.07], color="#333333", linewidth=1.0)
        axis.text(place(rank), -0.11, str(rank), ha="center", va="bottom", fontsize=8)
    if not math.isfinite(critical_difference):
        return
    end = min(place(1 + critical_difference), 2 * _SIDE + _AXIS - 0.1)
    axis.plot([place(1), end], [-0.42, -0.42], color="#333333", linewidth=1.2)
    for x in (place(1), end):
        axis.plot([x, x], [-0.46, -0.38], color="#333333", linewidth=1.2)
    axis.text((place(1) + end) / 2, -0.47, f"critical difference {critical_difference:.2f}", ha="center", va="bottom",
              fontsize=8)  # fmt: skip


def _draw_names(axis: Any, place: Any, ranks: Mapping[str, float], below: float) -> None:
    """Write the better half of the names at the left, the others at the right, so that no leaders cross."""
    ordered = sorted(ranks, key=lambda method: ranks[method])
    n_left = math.ceil(len(ordered) / 2)
    for index, method in enumerate(ordered):
        left = index < n_left
        row = index if left else len(ordered) - 1 - index
        y, x = below + _ROW * (row + 0.5), place(ranks[method])
        edge = _SIDE - 0.1 if left else _SIDE + _AXIS + 0.1
        colour = style_of(method)[0] if method in OURS else "#333333"
        axis.plot([x, x, edge], [0, y, y], color=colour, linewidth=1.0)
        text = f"{method}  {ranks[method]:.2f}" if left else f"{ranks[method]:.2f}  {method}"
        axis.text(edge + (-0.05 if left else 0.05), y, text, ha="right" if left else "left", va="center", fontsize=8.5,
                  color=colour)  # fmt: skip
