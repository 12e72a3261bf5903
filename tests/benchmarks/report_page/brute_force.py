"""What the tables should say, worked out from the records anew: plain loops, nothing of the package."""

from __future__ import annotations

import math
import re
from statistics import mean, stdev
from typing import Any


def values_of(records: list[dict[str, Any]], suite: str, dataset: str, method: str, score: str) -> list[float]:
    """Return a score of every split, in their order; empty where it is missing or null on any of them."""
    runs = [r for r in records if (r["suite"], r["dataset"], r["method"]) == (suite, dataset, method)]
    found = [run["scores"].get(score) for run in sorted(runs, key=lambda run: run["split"])]
    return [] if None in found else found


def assert_says(text: str, *numbers: float) -> None:
    """Check that a cell holds these numbers, each to the last digit that is written."""
    written = [part.strip() for part in text.split("±")]
    assert len(written) == len(numbers), text
    for part, number in zip(written, numbers, strict=True):
        digits = re.fullmatch(r"-?\d+(?:\.(\d+))?(?:e([+-]\d+))?", part)
        assert digits, text
        unit = 10.0 ** (int(digits[2] or 0) - len(digits[1] or ""))
        assert abs(float(part) - number) <= 0.5001 * unit, (text, number)


def assert_says_mean(text: str, values: list[float]) -> None:
    """Check that a cell holds mean ± standard error of the values, or a dash where there are none."""
    if not values:
        assert text == "–"
    else:
        assert_says(text, mean(values), stdev(values) / math.sqrt(len(values)))
