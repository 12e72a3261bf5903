"""How figures look: their colours, their panels, the key above them, and how they become bytes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from io import BytesIO
from typing import Any

from ..groups import OURS, REFERENCE

# Okabe & Ito (2008): told apart by colour-blind readers too; the dashes tell lines apart without any colour.
STYLES: dict[str, tuple[str, str]] = {
    "deep_ensemble": ("#0072B2", "-"),
    "mc_dropout": ("#D55E00", "--"),
    "snapshot_ensemble": ("#009E73", "-."),
    "probabilistic_mlp": ("#CC79A7", "-"),
    REFERENCE: ("#000000", ":"),
}
GREY = "#8a8a8a"
DPI = 120


def style_of(method: str) -> tuple[str, str]:
    """Return colour and dashes of a method: its own for ours and the reference, grey for all others."""
    return STYLES.get(method, (GREY, "-"))


def is_highlighted(method: str) -> bool:
    """Return whether a method has a colour of its own."""
    return method in STYLES


def draw_panels(n_panels: int, n_columns: int, width: float, height: float) -> tuple[Any, list[Any]]:
    """Return a figure and its axes, row by row; `width` and `height` are those of one panel in inches."""
    from matplotlib.figure import Figure

    n_columns = min(n_columns, n_panels)
    n_rows = math.ceil(n_panels / n_columns)
    # At least as wide as the key above the panels.
    figure = Figure(figsize=(max(6.5, n_columns * width), n_rows * height + 0.3), layout="constrained", dpi=DPI)
    grid = figure.subplots(n_rows, n_columns, squeeze=False)
    axes = [axis for row in grid for axis in row]
    for axis in axes[n_panels:]:
        axis.set_visible(False)
    for axis in axes[:n_panels]:
        axis.spines[["top", "right"]].set_visible(False)
        axis.grid(alpha=0.25, linewidth=0.6)
        axis.set_axisbelow(True)
        axis.tick_params(labelsize=8)
    return figure, axes[:n_panels]


def name_panel(axis: Any, name: str) -> None:
    """Write the data set above its panel, at the left."""
    axis.set_title(name, loc="left", fontsize=9, fontweight="bold")


def add_key(figure: Any, methods: Sequence[str]) -> None:
    """Name the lines in their own colours above the panels; the grey ones share one entry."""
    from matplotlib.lines import Line2D

    named = [method for method in [*OURS, REFERENCE] if method in methods]
    styles: list[tuple[str, Any]] = [style_of(method) for method in named]
    lines = [Line2D([], [], color=colour, linestyle=dashes, linewidth=1.8) for colour, dashes in styles]
    if any(not is_highlighted(method) for method in methods):
        named.append("other methods")
        lines.append(Line2D([], [], color=GREY, linewidth=0.8, alpha=0.6))
    figure.legend(lines, named, loc="outside upper left", ncols=len(named), frameon=False, fontsize=8.5,
                  labelcolor="linecolor", handlelength=2.4, columnspacing=1.4)  # fmt: skip


def draw_line(axis: Any, x: Any, y: Any, method: str) -> None:
    """Draw one method's curve; the grey ones stay behind."""
    colour, dashes = style_of(method)
    if is_highlighted(method):
        axis.plot(x, y, color=colour, linestyle=dashes, linewidth=1.6, zorder=3)
    else:
        axis.plot(x, y, color=colour, linewidth=0.8, alpha=0.6, zorder=2)


def to_png(figure: Any) -> bytes:
    """Return the drawing as PNG in a palette, which holds a drawing of lines in half the space."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    FigureCanvasAgg(figure)
    drawn, small = BytesIO(), BytesIO()
    figure.savefig(drawn, format="png", metadata={"Software": None})
    Image.open(drawn).convert("RGB").quantize(256).save(small, format="png", optimize=True)
    return small.getvalue()
