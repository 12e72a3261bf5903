"""Which colour means what, in colours that colour-blind readers can tell apart (Okabe & Ito, 2008)."""

from __future__ import annotations

from typing import Any

from uncertainty.diagnostics.axes import COLOURS

# One meaning in every picture.
ALEATORIC, EPISTEMIC, TOTAL = COLOURS["sky"], COLOURS["orange"], COLOURS["purple"]
OBSERVED, PREDICTED, WRONG, REFERENCE = "#000000", COLOURS["blue"], COLOURS["vermillion"], COLOURS["grey"]
BEST = COLOURS["green"]
TINT = "#A6CEE3"  # light blue beside `PREDICTED`
OF_PART = {"aleatoric": ALEATORIC, "epistemic": EPISTEMIC, "total": TOTAL, "max_probability": COLOURS["green"]}

# Curves, classes and members in turn: neighbours differ in lightness too, and in dashes and markers beyond colour.
PALETTE = tuple(COLOURS[name] for name in ("blue", "orange", "green", "vermillion", "purple", "sky"))
DASHES = ("-", "--", "-.", ":")
MARKERS = ("o", "s", "^", "D", "v", "P")


# Marks the lines that `next_style` counts.
CURVE = "uncertainty-curve"


def next_style(ax: Any) -> dict[str, Any]:
    """Return colour and dashes of the next curve on `ax`, so that several displays can share it."""
    drawn = sum(line.get_gid() == CURVE for line in ax.lines)
    return {"color": PALETTE[drawn % len(PALETTE)], "linestyle": DASHES[drawn // len(PALETTE) % len(DASHES)]}


def shades_of(colour: str) -> Any:
    """Return the colour map from a very light to a darker shade of `colour`, lightness falling all the way."""
    from matplotlib.colors import LinearSegmentedColormap, to_rgb

    red, green, blue = to_rgb(colour)
    light = (0.85 + 0.15 * red, 0.85 + 0.15 * green, 0.85 + 0.15 * blue)
    dark = (0.7 * red, 0.7 * green, 0.7 * blue)
    return LinearSegmentedColormap.from_list(f"shades of {colour}", [light, (red, green, blue), dark])
