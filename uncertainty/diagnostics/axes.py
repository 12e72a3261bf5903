"""matplotlib, imported on first use, and colours that colour-blind readers can tell apart."""

from __future__ import annotations

from typing import Any

# Okabe & Ito (2008), Color universal design.
COLOURS = {
    "blue": "#0072B2",
    "orange": "#E69F00",
    "green": "#009E73",
    "vermillion": "#D55E00",
    "purple": "#CC79A7",
    "sky": "#56B4E9",
    "grey": "#666666",
}


def require_matplotlib(caller: str) -> None:
    """Raise, with the command that mends it, unless matplotlib is installed."""
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise ImportError(
            f"{caller} needs matplotlib, which is not installed. Install it with: pip install 'uncertainty[plot]'"
        ) from error


def axes_for(ax: Any) -> Any:
    """Return `ax`, or the axes of a new figure."""
    if ax is not None:
        return ax
    require_matplotlib("plot")
    from matplotlib import pyplot

    return pyplot.subplots(layout="constrained")[1]
