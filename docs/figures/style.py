"""How the figures of the user guide look, and where they go."""

import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib
from PIL import Image

matplotlib.use("Agg")
import matplotlib.pyplot as plt

# Okabe & Ito (2008), in an order that keeps neighbours apart for colour-blind readers too.
BLUE, ORANGE, GREEN, RED, SKY, PURPLE = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7"
BLACK, GREY = "#000000", "#999999"
# Lines differ by their dashes as well, for prints without colour.
LINES = [(BLUE, "-"), (RED, "--"), (GREEN, "-."), (ORANGE, "-"), (PURPLE, "--"), (SKY, "-."), (BLACK, ":"), (GREY, "-")]

plt.rcParams.update(
    {
        "font.size": 9,
        "axes.titlesize": 9,
        "axes.grid": True,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "grid.alpha": 0.3,
        "legend.fontsize": 8,
        "legend.frameon": False,
        "lines.linewidth": 1.4,
    }
)


def panels(n_rows: int, n_columns: int, height: float, **options: Any) -> tuple[Any, Any]:
    """Return a figure 8 inches wide, and its axes."""
    return plt.subplots(n_rows, n_columns, figsize=(8.0, height), layout="constrained", **options)


def save(figure: Any, script: str) -> None:
    """Write the figure of `script` beside it, or into the folder that the command line names."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(script).parent
    path = folder / f"{Path(script).stem}.png"
    drawn = BytesIO()
    figure.savefig(drawn, dpi=110)
    # A palette holds a drawing of lines in half the space.
    Image.open(drawn).convert("RGB").quantize(256).save(path, optimize=True)
    print(f"{path}: {path.stat().st_size / 1000:.0f} kB")
