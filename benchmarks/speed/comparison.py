"""One line of the result: ours and theirs, what they are compared by, and whether the target was met."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Literal

HEADER = ("what", "ours", "beside", "theirs", "ours / theirs", "target", "")


@dataclass(frozen=True)
class Comparison:
    """Measurements of ours and of what stands beside it, one a round, in `unit`.

    They are compared by the ratio of their medians, or, where ours contains theirs, by the median of ours - theirs in
    each round. `limit` is the most that may be.
    """

    section: str
    what: str
    ours: Sequence[float]
    beside: str
    theirs: Sequence[float]
    limit: float | None = None
    by: Literal["ratio", "difference"] = "ratio"
    unit: str = "s"

    @property
    def value(self) -> float:
        """What they are compared by; NaN where a median is not a positive number."""
        ours, theirs = _median(self.ours), _median(self.theirs)
        if not (ours > 0.0 and theirs > 0.0):  # a difference of two timings can be, on a busy machine
            return math.nan
        if self.by == "ratio":
            return ours / theirs
        return median(our - their for our, their in zip(self.ours, self.theirs, strict=True))

    @property
    def is_met(self) -> bool | None:
        """Whether the value is within the limit; None without a limit, or without a value."""
        if self.limit is None or math.isnan(self.value):
            return None
        return self.value <= self.limit

    @property
    def verdict(self) -> str:
        """The word at the end of the line."""
        if self.limit is None:
            return ""
        return {True: "met", False: "missed", None: "not measurable"}[self.is_met]

    def format_limit(self) -> str:
        """Write the limit as it is spoken of: 1/12 rather than 0.0833."""
        if self.limit is None:
            return ""
        if self.by == "ratio" and self.limit < 0.5 and math.isclose(1.0 / self.limit, round(1.0 / self.limit)):
            return f"1/{round(1.0 / self.limit)}"
        return f"{format_number(self.limit)}{'' if self.by == 'ratio' else f' {self.unit}'}"

    def format_value(self, value: float) -> str:
        """Write a value of this comparison."""
        if math.isnan(value):
            return "-"
        return format_number(value) if self.by == "ratio" else f"{format_number(value)} {self.unit} more"

    def cells(self) -> list[str]:
        """Return the cells of the table's row."""
        return [
            self.what,
            f"{format_number(_median(self.ours))} {self.unit}",
            self.beside,
            f"{format_number(_median(self.theirs))} {self.unit}",
            self.format_value(self.value),
            "" if self.limit is None else f"<= {self.format_limit()}",
            self.verdict,
        ]

    def record(self) -> dict[str, Any]:
        """Return everything about it as plain JSON values."""
        return {
            "section": self.section,
            "what": self.what,
            "beside": self.beside,
            "unit": self.unit,
            "ours": list(self.ours),
            "theirs": list(self.theirs),
            "by": self.by,
            "value": self.value,
            "limit": self.limit,
            "verdict": self.verdict,
        }


def _median(values: Sequence[float]) -> float:
    return median(values) if values else math.nan


def format_number(value: float) -> str:
    """Write a number in three significant digits, without an exponent where it can be read without.

    >>> [format_number(x) for x in (0.01634, 1234.5, 2.0, 0.0000123)]
    ['0.0163', '1234', '2.00', '1.23e-05']
    """
    if not math.isfinite(value) or value == 0.0:
        return f"{value:g}"
    magnitude = math.floor(math.log10(abs(value)))
    return f"{value:.{max(2 - magnitude, 0)}f}" if -4 <= magnitude < 6 else f"{value:.2e}"


def markdown_table(comparisons: Sequence[Comparison]) -> str:
    """Return the comparisons as a Markdown table, aligned so that it reads as plain text too."""
    rows = [list(HEADER), *(comparison.cells() for comparison in comparisons)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADER))]
    right = {1, 3, 4}

    def line(cells: Sequence[str]) -> str:
        padded = (
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        return f"| {' | '.join(padded)} |"

    rule = ("-" * (width + 1) + ":" if column in right else "-" * (width + 2) for column, width in enumerate(widths))
    return "\n".join([line(rows[0]), f"|{'|'.join(rule)}|", *map(line, rows[1:])])
