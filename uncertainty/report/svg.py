"""Small charts as inline SVG: classes for the style sheet to colour, so that one drawing serves light and dark."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from uncertainty.report.numbers import fixed

# Drawn near the size of a phone's screen, so that text stays readable there and grows on wider ones.
WIDTH, HEIGHT = 440, 270
LEFT, RIGHT, TOP, BOTTOM = 62, 24, 12, 46


@dataclass(frozen=True)
class Axis:
    """A range, its label with the unit, and the places and names of its ticks."""

    low: float
    high: float
    label: str
    ticks: tuple[tuple[float, str], ...]

    def place(self, value: float) -> float:
        """Return where between 0 and 1 a value lies; those outside are put on the edge."""
        return min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))


@dataclass(frozen=True)
class Plot:
    """Two axes, and from values to points of the drawing."""

    x: Axis
    y: Axis

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Return the point of the drawing where a pair of values is, in hundredths."""
        across = LEFT + self.x.place(x) * (WIDTH - LEFT - RIGHT)
        down = HEIGHT - BOTTOM - self.y.place(y) * (HEIGHT - TOP - BOTTOM)
        return round(across, 2), round(down, 2)


def axis(low: float, high: float, label: str) -> Axis:
    """Return an axis of numbers whose ticks are 1, 2 or 5 times a power of ten apart."""
    if not high > low:
        high = low + (abs(low) or 1.0)
    rough = (high - low) / 4
    power = 10.0 ** np.floor(np.log10(rough))
    step = power * min((m for m in (1.0, 2.0, 5.0, 10.0) if m * power >= rough), default=10.0)
    ticks = np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step
    return Axis(low, high, label, tuple((float(t), fixed(float(t), min(1.0, float(power)))) for t in ticks))


def share_axis(low: float, high: float, label: str) -> Axis:
    """Return an axis of shares in percent."""
    inner = axis(100 * low, 100 * high, label)
    return Axis(low, high, label, tuple((t / 100, f"{name} %") for t, name in inner.ticks))


def line(plot: Plot, x: Iterable[float], y: Iterable[float], css: str) -> str:
    """Return a line through the points."""
    points = " ".join("{},{}".format(*plot.at(*pair)) for pair in zip(x, y, strict=True))
    return f'<polyline class="{css}" points="{points}"/>'


def box(plot: Plot, x: tuple[float, float], y: tuple[float, float], css: str, opacity: float = 1.0) -> str:
    """Return a rectangle between two values of each axis."""
    (left, bottom), (right, top) = plot.at(x[0], y[0]), plot.at(x[1], y[1])
    faded = "" if opacity == 1.0 else f' fill-opacity="{opacity:.2f}"'
    size = f'width="{right - left:.2f}" height="{bottom - top:.2f}"'
    return f'<rect class="{css}" x="{left}" y="{top}" {size}{faded}/>'


def dots(plot: Plot, x: Sequence[float], y: Sequence[float], css: str, titles: Sequence[str]) -> str:
    """Return a dot for each point, numbered in the attribute `data-point`, with a title to hover for."""
    drawn = []
    for number, pair in enumerate(zip(x, y, strict=True)):
        across, down = plot.at(*pair)
        title = f"<title>{escape(titles[number])}</title>"
        drawn.append(f'<circle class="{css}" data-point="{number}" cx="{across}" cy="{down}" r="4">{title}</circle>')
    return "".join(drawn)


def bars_of_limits(plot: Plot, x: Iterable[float], lower: Iterable[float], upper: Iterable[float], css: str) -> str:
    """Return a vertical line from the lower to the upper limit at each x."""
    return "".join(line(plot, (at, at), (low, high), css) for at, low, high in zip(x, lower, upper, strict=True))


def drawing(plot: Plot, marks: Iterable[str], description: str, key: Sequence[tuple[str, str]] = ()) -> str:
    """Return a whole figure; `description` is what is read out where it cannot be seen, `key` the classes' meaning."""
    described = escape(description, quote=True)
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{described}">'
        f"{_frame(plot)}{''.join(marks)}</svg>{_key(key)}"
    )


def _key(key: Sequence[tuple[str, str]]) -> str:
    if not key:
        return ""
    swatch = '<svg class="swatch" viewBox="0 0 18 10" aria-hidden="true">{}</svg>'
    shape = '<rect class="{0}" x="0" y="1" width="18" height="8"/>'
    stroke = '<polyline class="{0}" points="0,5 18,5"/>'
    items = (
        f"<li>{swatch.format((stroke if css.startswith('line') else shape).format(css))}{escape(text)}</li>"
        for css, text in key
    )
    return f'<ul class="key">{"".join(items)}</ul>'


def _frame(plot: Plot) -> str:
    bottom, middle = HEIGHT - BOTTOM, LEFT + (WIDTH - LEFT - RIGHT) / 2
    drawn = []
    for value, name in plot.y.ticks:
        _, down = plot.at(plot.x.low, value)
        drawn.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{down}" y2="{down}"/>')
        drawn.append(f'<text class="tick" x="{LEFT - 7}" y="{down + 4}" text-anchor="end">{escape(name)}</text>')
    for value, name in plot.x.ticks:
        across, _ = plot.at(value, plot.y.low)
        drawn.append(f'<line class="axis" x1="{across}" x2="{across}" y1="{bottom}" y2="{bottom + 4}"/>')
        drawn.append(f'<text class="tick" x="{across}" y="{bottom + 17}" text-anchor="middle">{escape(name)}</text>')
    drawn.append(f'<line class="axis" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{bottom}" y2="{bottom}"/>')
    drawn.append(
        f'<text class="label" x="{middle}" y="{HEIGHT - 8}" text-anchor="middle">{escape(plot.x.label)}</text>'
    )
    height = TOP + (bottom - TOP) / 2
    place = f'transform="translate(13 {height}) rotate(-90)" text-anchor="middle"'
    drawn.append(f'<text class="label" {place}>{escape(plot.y.label)}</text>')
    return "".join(drawn)
