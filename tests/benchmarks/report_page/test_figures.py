"""The figures: pictures of the right size, and the arithmetic that keeps them legible."""

from __future__ import annotations

import math
import struct

import numpy as np
import pytest

from benchmarks.report_page.figures.curves import (
    draw_coverage,
    draw_epistemic_std,
    draw_reliability,
    draw_risk_coverage,
    spread,
)
from benchmarks.report_page.figures.forest import axis_range, draw_forest
from benchmarks.report_page.figures.ranks import draw_ranks, rank_groups
from benchmarks.statistics import Estimate, RankComparison

X = np.linspace(0.0, 1.0, 5)


def picture_size(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG\r\n")
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def test_one_panel_for_each_data_set() -> None:
    lines = {"deep_ensemble": (X, X), "sklearn_mlp": (X, 1 - X), "hgb": (X, X * np.nan)}
    one, four = draw_coverage({"a": lines}), draw_coverage(dict.fromkeys("abcd", lines))
    nothing = {"a": {"mc_dropout": (X, X * np.nan)}}
    assert picture_size(draw_risk_coverage(nothing)) == picture_size(one)
    assert picture_size(four)[0] > picture_size(one)[0]
    assert picture_size(four)[1] > 1.5 * picture_size(one)[1]  # two rows of panels


def test_figures_are_the_same_every_time() -> None:
    curves = {"a": {"mc_dropout": (X, X)}}
    assert draw_risk_coverage(curves) == draw_risk_coverage(curves)


def test_reliability_of_a_method_with_one_bin_or_none() -> None:
    curves = {"a": {"deep_ensemble": (X[-1:], X[-1:]), "mc_dropout": (X[:0], X[:0])}}
    empty = {"a": {"deep_ensemble": (X[:0], X[:0])}}
    assert draw_reliability(curves) != draw_reliability(empty)


def test_epistemic_std() -> None:
    rows = np.array([100.0, 400.0])
    assert picture_size(
        draw_epistemic_std({"sine": {"deep_ensemble": (rows, 1 / rows), "mc_dropout": (rows, 2 / rows)}})
    )


def test_forest_shows_most_rows_in_full_and_cuts_off_the_far_ones() -> None:
    estimates = [Estimate(float(mean), 0.1) for mean in (1.0, 1.1, 1.2, 9.0)]
    low, high = axis_range(estimates)
    assert low < 0.8
    assert 1.4 < high < 2.0
    assert all(map(math.isfinite, axis_range([Estimate(1.0, math.nan)])))
    forest = {"a": dict(zip(("deep_ensemble", "x", "y", "z"), estimates, strict=True)), "b": {"x": estimates[0]}}
    assert picture_size(draw_forest(forest, "NLL"))


def test_bars_join_the_largest_groups_within_the_critical_difference() -> None:
    ranks = {"a": 1.0, "b": 1.5, "c": 2.4, "d": 4.0}
    assert rank_groups(ranks, 1.0) == [(1.0, 1.5), (1.5, 2.4)]
    assert rank_groups(ranks, 1.5) == [(1.0, 2.4)]
    assert rank_groups(ranks, math.inf) == [(1.0, 4.0)]
    assert rank_groups(ranks, 0.1) == []


@pytest.mark.parametrize("critical_difference", [1.2, math.inf])
def test_ranks(critical_difference: float) -> None:
    few = RankComparison({"deep_ensemble": 1.0, "hgb": 2.0}, ("a",), 0.1, critical_difference)
    many = RankComparison({f"m{i}": 1.0 + i for i in range(9)}, ("a",), 0.1, critical_difference)
    assert picture_size(draw_ranks(many))[1] > picture_size(draw_ranks(few))[1]


def test_names_are_pushed_apart() -> None:
    moved = spread([0.0, 0.01, 0.02, 0.9], 0.1)
    assert np.diff(moved).min() >= 0.1 - 1e-12
    assert moved[0] == 0.0
    assert moved[-1] == 0.9
