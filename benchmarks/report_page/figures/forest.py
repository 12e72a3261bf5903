"""Forest plot: our means and the published ones on one axis for each data set, with two standard errors."""

from __future__ import annotations

import math
from typing import Any

from ...statistics import Estimate
from ..groups import OURS
from .drawing import GREY, draw_panels, name_panel, style_of, to_png

# data set -> label -> estimate, in the order they are to stand from top to bottom
Forest = dict[str, dict[str, Estimate]]


def draw_forest(forest: Forest, xlabel: str) -> bytes:
    """Return one panel for each data set; what lies far to the right is an arrow with its number."""
    labels = list(dict.fromkeys(label for estimates in forest.values() for label in estimates))
    figure, axes = draw_panels(len(forest), 3, 3.3, 0.6 + 0.19 * len(labels))
    for index, (axis, (dataset, estimates)) in enumerate(zip(axes, forest.items(), strict=True)):
        low, high = axis_range(list(estimates.values()))
        axis.set_xlim(low, high)
        axis.set_ylim(len(labels) - 0.5, -0.5)
        for row, label in enumerate(labels):
            if label in estimates:
                _draw_row(axis, row, label, estimates[label], (low, high))
        axis.set_yticks(range(len(labels)), labels if index % 3 == 0 else [""] * len(labels), fontsize=8)
        for tick, label in zip(axis.get_yticklabels(), labels, strict=True):
            tick.set_color(style_of(label)[0] if label in OURS else "#333333")
        axis.tick_params(axis="y", length=0)
        if index + 3 >= len(forest):
            axis.set_xlabel(xlabel, fontsize=8.5)
        name_panel(axis, dataset)
    return to_png(figure)


def axis_range(estimates: list[Estimate]) -> tuple[float, float]:
    """Return limits that show the lower three quarters of the means in full; a few far ones must not squeeze them."""
    means = sorted(estimate.mean for estimate in estimates)
    body = means[: math.ceil(0.75 * len(means))]
    shown = [estimate for estimate in estimates if estimate.mean <= body[-1]]
    low = min(estimate.mean - _reach(estimate) for estimate in shown)
    high = max(estimate.mean + _reach(estimate) for estimate in shown)
    room = 0.06 * (high - low) or 0.1
    return low - room, high + 4 * room


def _reach(estimate: Estimate) -> float:
    return 2.0 * estimate.standard_error if math.isfinite(estimate.standard_error) else 0.0


def _draw_row(axis: Any, row: int, label: str, estimate: Estimate, limits: tuple[float, float]) -> None:
    low, high = limits
    ours = label in OURS
    colour = style_of(label)[0] if ours else GREY
    if estimate.mean > high - 0.04 * (high - low):  # its marker would be cut
        axis.annotate(f"{estimate.mean:.2f} →", (high, row), ha="right", va="center", fontsize=7.5, color="#555555",
                      annotation_clip=False)  # fmt: skip
        return
    axis.errorbar(estimate.mean, row, xerr=_reach(estimate), color=colour, linewidth=1.6, fmt="o", markersize=5,
                  markerfacecolor=colour if ours else "white")  # fmt: skip
