"""Differences of two methods, from their records."""

from __future__ import annotations

import pytest

from benchmarks.differences import Repeats, find_difference
from benchmarks.statistics import paired_difference
from benchmarks.store import Record


def make_records(nll: list[float | None]) -> list[Record]:
    return [{"split": split, "n_train": 90, "n_test": 10, "scores": {"nll": value}} for split, value in enumerate(nll)]


@pytest.mark.parametrize(("repeats", "test_to_train"), [("splits", 1 / 9), ("draws", 0.0), ("seeds", 0.0)])
def test_they_are_paired_by_split(repeats: Repeats, test_to_train: float) -> None:
    first, second = make_records([1.0, 5.0, 9.0]), make_records([1.2, 5.3, 9.2, 0.0])
    difference = find_difference(list(reversed(first)), second, "nll", repeats)
    assert difference == paired_difference([9.0, 5.0, 1.0], [9.2, 5.3, 1.2], test_to_train)


def test_there_is_none_without_common_splits_or_where_one_of_them_has_no_score() -> None:
    first, second = make_records([1.0, None, 3.0]), make_records([0.0, 0.0, 0.0])
    assert find_difference(first, second, "nll", "splits") is None
    assert find_difference(second, first, "nll", "splits") is None
    assert find_difference(first[:1], second, "nll", "splits") is not None
    assert find_difference(first[:1], second[1:], "nll", "splits") is None
    assert find_difference(first, second, "rmse", "splits") is None
