"""What a graph gives away: named outputs, and what each of them means."""

from __future__ import annotations

from dataclasses import dataclass

from uncertainty.export.graph import Value


@dataclass(frozen=True)
class Output:
    """A named value with an entry for each row; `axes` are lengths, or names of such, of what an entry is made of."""

    name: str
    value: Value
    meaning: str
    axes: tuple[int | str, ...] = ()
    dtype: str = "float64"
