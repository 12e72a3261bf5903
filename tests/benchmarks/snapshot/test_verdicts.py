"""Differences between methods split by split, and the sentences made from them."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.snapshot.verdicts import Difference, data_set_lines, find_differences, overall_lines
from benchmarks.statistics import paired_p_value


def make_rows(nll: dict[str, list[float]], dataset: str = "concrete", metric: str = "rmse") -> list[dict[str, Any]]:
    return [
        {"dataset": dataset, "method": method, "split": split, "nll": value, metric: 1.0, "n_train": 90, "n_test": 10}
        for method, values in nll.items()
        for split, value in enumerate(values)
    ]


def test_differences_are_paired_by_split() -> None:
    rows = make_rows({"a": [1.0, 5.0, 9.0], "b": [1.2, 5.3, 9.2]})
    differences = find_differences(list(reversed(rows)), ["a", "b"])
    assert [(d.metric, d.first, d.second) for d in differences] == [
        ("nll", "a", "b"), ("nll", "b", "a"), ("rmse", "a", "b"), ("rmse", "b", "a")
    ]  # fmt: skip
    assert differences[0].mean == pytest.approx(-0.7 / 3)
    assert differences[0].p_value == pytest.approx(paired_p_value([-0.2, -0.3, -0.2], 90, 10))
    assert (differences[0].sign, differences[1].sign, differences[2].sign) == (-1, 1, 0)


def test_the_lowest_is_named_with_those_it_is_told_apart_from() -> None:
    rows = make_rows({"a": [1.0, 2.0, 3.0], "b": [1.5, 2.5, 3.6], "c": [0.8, 2.3, 3.1]})
    assert data_set_lines(find_differences(rows, ["a", "b", "c"])) == [
        "concrete, NLL: a is lowest, lower than b, not told apart from c",
        "concrete, RMSE: a has the lowest mean, but no method is told apart from it",
    ]


def make_differences(signs: dict[str, list[int]], metric: str = "nll") -> list[Difference]:
    return [
        Difference(f"set {number}", metric, "a", second, float(sign), 0.01 if sign else 0.5)
        for second, values in signs.items()
        for number, sign in enumerate(values)
    ]


def test_wins_and_losses_are_counted_over_the_data_sets() -> None:
    differences = make_differences({"b": [-1, -1, 0]}) + make_differences({"b": [1, 0, 0]}, "error")
    assert overall_lines(differences, "a")[0] == (
        "a against b: NLL lower on 2, higher on 0, not told apart on 1 of 3 sets; "
        "RMSE or error lower on 0, higher on 1, not told apart on 2 of 3 sets"
    )


def test_the_verdict_says_it_either_way() -> None:
    signs = {"b": [-1, 0], "c": [-1, -1], "d": [1, 0], "e": [1, -1], "f": [0, 0]}
    assert overall_lines(make_differences(signs), "a")[-1] == (
        "By NLL, a is better than b and c on some sets and worse on none, worse than d on some sets and better on "
        "none, better on some sets and worse on others than e, told apart from f on no set"
    )
    assert overall_lines(make_differences({"b": [0]}), "a")[-1] == "By NLL, a is told apart from b on no set"
