"""What every Display has: axes and figure after `plot`, and the finish of its axes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from uncertainty.diagnostics.axes import axes_for, require_matplotlib
from uncertainty.plotting.colours import REFERENCE


class Display(ABC):
    """Abstract picture that keeps its numbers as plain arrays, so that `plot` can be called again.

    Attributes
    ----------
    ax_, figure_ : matplotlib Axes and Figure of the last `plot`
    """

    ax_: Any
    figure_: Any

    @abstractmethod
    def plot(self, ax: Any = None) -> Display:
        """Draw on `ax`, by default the axes of a new figure, and return the display."""

    def _begin(self, ax: Any) -> Any:
        require_matplotlib(f"{type(self).__name__}.plot")
        self.ax_ = axes_for(ax)
        self.figure_ = self.ax_.figure
        return self.ax_


# Two columns of longer labels would be wider than the axes.
LONG_LABEL = 36


def finish(
    ax: Any, xlabel: str, ylabel: str, *, loc: str = "best", above: bool = False, title: str | None = None
) -> None:
    """Label the axes, and give them a light grid and a legend: inside at `loc`, or above, where it hides nothing."""
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.set_axisbelow(True)
    ax.grid(True, alpha=0.3, linewidth=0.6)
    ax.spines[["top", "right"]].set_visible(False)
    style: dict[str, Any] = {"fontsize": "small", "title": title, "title_fontsize": "small", "alignment": "left"}
    if above:
        labels = ax.get_legend_handles_labels()[1]
        columns = 1 if max(map(len, labels), default=0) > LONG_LABEL else 2
        style |= {
            "loc": "lower left",
            "bbox_to_anchor": (0.0, 1.01),
            "ncols": columns,
            "frameon": False,
            "borderpad": 0.0,
        }
    else:
        style |= {"loc": loc, "framealpha": 0.85}
    ax.legend(**style)


def reference_line(ax: Any, x: Any, y: Any, label: str, linestyle: str = "--") -> Any:
    """Return the grey line of what is to be compared with, drawn once however many displays share the axes."""
    for line in ax.lines:
        if line.get_label() == label and np.array_equal(line.get_data(), (x, y)):
            return line
    return ax.plot(x, y, color=REFERENCE, linestyle=linestyle, linewidth=1.0, label=label)[0]
