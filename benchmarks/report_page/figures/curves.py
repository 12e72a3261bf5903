"""Curves in one panel for each data set: coverage, reliability, risk against coverage, epistemic std against rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..curves import FloatArray
from .drawing import add_key, draw_line, draw_panels, is_highlighted, name_panel, style_of, to_png

# data set -> method -> (x, y)
Curves = Mapping[str, Mapping[str, tuple[FloatArray, FloatArray]]]


def draw_coverage(curves: Curves) -> bytes:
    """Return observed minus nominal coverage, in points, against the nominal level."""
    figure, axes = _draw(curves, "nominal coverage", "observed − nominal, pts")
    for axis, lines in zip(axes, curves.values(), strict=True):
        axis.axhline(0.0, color="#333333", linewidth=0.8)
        axis.set_xlim(0.0, 1.0)
        _limit_to_highlighted(axis, lines, at_least=(-6.0, 6.0))
    return to_png(figure)


def draw_reliability(curves: Curves) -> bytes:
    """Return accuracy minus confidence, in points, against the confidence of the top label."""
    figure, axes = _draw(curves, "confidence", "accuracy − confidence, pts")
    for axis, lines in zip(axes, curves.values(), strict=True):
        axis.axhline(0.0, color="#333333", linewidth=0.8)
        for method, (x, y) in lines.items():  # a sure method may have a single bin, which makes no line
            if is_highlighted(method):
                axis.plot(x, y, "o", color=style_of(method)[0], markersize=3, zorder=3)
        lowest = min((float(x.min()) for x, _ in lines.values() if len(x)), default=0.5)
        axis.set_xlim(min(0.5, lowest) - 0.03, 1.02)
        _limit_to_highlighted(axis, lines, at_least=(-10.0, 10.0))
    return to_png(figure)


def draw_risk_coverage(curves: Curves) -> bytes:
    """Return the risk over that of all rows against the share of rows kept."""
    figure, axes = _draw(curves, "share of rows kept", "risk / risk of all rows")
    for axis, lines in zip(axes, curves.values(), strict=True):
        axis.axhline(1.0, color="#333333", linewidth=0.8)
        axis.set_xlim(0.0, 1.0)
        _limit_to_highlighted(axis, lines, at_least=(0.0, 1.1))
    return to_png(figure)


def draw_epistemic_std(curves: Curves) -> bytes:
    """Return epistemic std against training rows, both logarithmic, each line named at its end."""
    figure, axes = draw_panels(len(curves), 2, 4.4, 2.8)
    for axis, (name, lines) in zip(axes, curves.items(), strict=True):
        for method, (n_rows, std) in lines.items():
            draw_line(axis, n_rows, std, method)
            axis.plot(n_rows, std, "o", color=style_of(method)[0], markersize=3.5)
        _use_plain_logarithms(axis, sorted({float(n) for n_rows, _ in lines.values() for n in n_rows}))
        _draw_root_law(axis, lines)
        _name_ends(axis, lines)
        axis.set_xlabel("training rows", fontsize=8.5)
        axis.set_ylabel("epistemic std", fontsize=8.5)
        name_panel(axis, name)
    return to_png(figure)


def _draw(curves: Curves, xlabel: str, ylabel: str) -> tuple[Any, list[Any]]:
    figure, axes = draw_panels(len(curves), 3, 3.3, 2.4)
    for index, (axis, (dataset, lines)) in enumerate(zip(axes, curves.items(), strict=True)):
        for method, (x, y) in lines.items():
            draw_line(axis, x, y, method)
        name_panel(axis, dataset)
        if index % 3 == 0:
            axis.set_ylabel(ylabel, fontsize=8)
        if index + 3 >= len(curves):
            axis.set_xlabel(xlabel, fontsize=8.5)
    add_key(figure, sorted({method for lines in curves.values() for method in lines}))
    return figure, axes


def _limit_to_highlighted(
    axis: Any, lines: Mapping[str, tuple[FloatArray, FloatArray]], at_least: tuple[float, float]
) -> None:
    """Show the coloured lines in full; a grey one that leaves them far behind may leave the panel."""
    values = [y for method, (_, y) in lines.items() if is_highlighted(method)] or [y for _, y in lines.values()]
    together = np.concatenate([np.asarray(at_least), *values])
    low, high = np.nanmin(together), np.nanmax(together)
    room = 0.04 * (high - low)
    axis.set_ylim(low - room, high + room)


def _use_plain_logarithms(axis: Any, x_ticks: list[float]) -> None:
    """Make both axes logarithmic with plain numbers: the given ones on x, those with 1, 2 and 5 on y."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullFormatter, NullLocator

    axis.set_xscale("log")
    axis.set_yscale("log")
    axis.xaxis.set_minor_locator(NullLocator())
    for one, locator in ((axis.xaxis, FixedLocator(x_ticks)), (axis.yaxis, LogLocator(subs=(1.0, 2.0, 5.0)))):
        one.set_major_locator(locator)
        one.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        one.set_minor_formatter(NullFormatter())


def _draw_root_law(axis: Any, lines: Mapping[str, tuple[FloatArray, FloatArray]]) -> None:
    """Draw 1 / sqrt(rows) below the lines, to compare slopes with."""
    n_rows, _ = next(iter(lines.values()))
    ends = np.array([n_rows[0], n_rows[-1]], dtype=float)
    law = 0.75 * min(float(y[0]) for _, y in lines.values()) * np.sqrt(ends[0] / ends)
    axis.plot(ends, law, color="#aaaaaa", linewidth=0.8, zorder=1)
    middle = float(np.sqrt(ends[0] * ends[1]))
    axis.annotate("1/√rows", (middle, law[0] * float(np.sqrt(ends[0] / middle))), xytext=(-3, -2),
                  textcoords="offset points", fontsize=7.5, color="#777777", ha="right", va="top")  # fmt: skip


def _name_ends(axis: Any, lines: Mapping[str, tuple[FloatArray, FloatArray]]) -> None:
    """Name each line at its right end, names pushed apart where they would overlap."""
    low, high = np.log(axis.get_ylim())
    ends = sorted((float((np.log(y[-1]) - low) / (high - low)), method) for method, (_, y) in lines.items())
    heights = spread([height for height, _ in ends], 0.075)
    for height, (_, method) in zip(heights, ends, strict=True):
        axis.annotate(method, (1.02, height), xycoords="axes fraction", fontsize=8, va="center",
                      color=style_of(method)[0], annotation_clip=False)  # fmt: skip


def spread(heights: list[float], gap: float) -> list[float]:
    """Return increasing heights at least `gap` apart, moved as little as upward moves from the lowest allow.

    >>> spread([0.1, 0.12, 0.5], 0.1)
    [0.1, 0.2, 0.5]
    """
    moved: list[float] = []
    for height in heights:
        moved.append(height if not moved else max(height, moved[-1] + gap))
    return moved
