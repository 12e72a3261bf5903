"""Ratios, verdicts and the table."""

from __future__ import annotations

import json
import math

import pytest

from benchmarks.speed.comparison import HEADER, Comparison, format_number, markdown_table
from benchmarks.store import without_nonfinite


def test_the_ratio_is_that_of_the_medians() -> None:
    comparison = Comparison("fit", "epoch", [1.0, 100.0, 2.0], "peer", [3.0, 4.0, 400.0])
    assert comparison.value == 0.5
    assert comparison.is_met is None
    assert comparison.cells() == ["epoch", "2.00 s", "peer", "4.00 s", "0.500", "", ""]


def test_the_difference_is_taken_round_by_round() -> None:
    # A slow spell in the last two rounds: the medians are 9 apart, but no round is.
    comparison = Comparison("import", "a", [1.5, 12.0, 13.0], "b", [1.0, 11.5, 3.0], 1.0, by="difference")
    assert comparison.value == 0.5
    assert comparison.cells()[4:] == ["0.500 s more", "<= 1.00 s", "met"]


@pytest.mark.parametrize(
    ("limit", "verdict", "is_met"), [(0.5, "met", True), (0.49, "missed", False), (None, "", None)]
)
def test_verdict(limit: float | None, verdict: str, is_met: bool | None) -> None:
    comparison = Comparison("fit", "epoch", [1.0], "peer", [2.0], limit)
    assert (comparison.verdict, comparison.is_met) == (verdict, is_met)


@pytest.mark.parametrize(("ours", "theirs"), [([-0.1], [1.0]), ([1.0], [0.0]), ([1.0], []), ([math.nan], [1.0])])
def test_what_could_not_be_measured_is_neither_met_nor_missed(ours: list[float], theirs: list[float]) -> None:
    comparison = Comparison("fit", "epoch", ours, "peer", theirs, 0.5)
    assert math.isnan(comparison.value)
    assert comparison.is_met is None
    assert comparison.cells()[4:] == ["-", "<= 0.500", "not measurable"]


@pytest.mark.parametrize(
    ("limit", "by", "text"),
    [
        (1 / 12, "ratio", "1/12"),
        (1 / 3, "ratio", "1/3"),
        (0.4, "ratio", "0.400"),
        (1.0, "ratio", "1.00"),
        (0.25, "difference", "0.250 MB"),
    ],
)
def test_limits_are_written_as_they_are_spoken_of(limit: float, by: str, text: str) -> None:
    assert Comparison("fit", "a", [1.0], "b", [1.0], limit, by=by, unit="MB").format_limit() == text  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.016349, "0.0163"), (12.345, "12.3"), (480.0, "480"), (99999.4, "99999"), (2e-5, "2.00e-05"), (0.0, "0")],
)
def test_numbers_have_three_digits(value: float, text: str) -> None:
    assert format_number(value) == text


def test_the_table_is_markdown_and_aligned() -> None:
    rows = [Comparison("fit", "a", [1.0], "peer", [12.0], 1 / 10), Comparison("fit", "a longer one", [10.0], "x", [])]
    lines = markdown_table(rows).splitlines()
    assert len({len(line) for line in lines}) == 1
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert cells[0] == list(HEADER)
    assert [set(cell) <= set("-:") for cell in cells[1]] == [True] * len(HEADER)
    assert cells[2] == ["a", "1.00 s", "peer", "12.0 s", "0.0833", "<= 1/10", "met"]
    assert cells[3] == ["a longer one", "10.0 s", "x", "nan s", "-", "", ""]


def test_a_record_holds_every_round() -> None:
    record = without_nonfinite(Comparison("fit", "a", [1.0, 3.0], "b", [-1.0, 0.0], 0.5).record())
    assert json.loads(json.dumps(record, allow_nan=False)) == {
        "section": "fit",
        "what": "a",
        "beside": "b",
        "unit": "s",
        "ours": [1.0, 3.0],
        "theirs": [-1.0, 0.0],
        "by": "ratio",
        "value": None,
        "limit": 0.5,
        "verdict": "not measurable",
    }
