"""Sentences follow from numbers: each is tested on both sides of where it turns."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from uncertainty.metrics.intervals import clopper_pearson
from uncertainty.report.blocks import feature_section
from uncertainty.report.columns import CategoryColumn, NumberColumn
from uncertainty.report.coverage import CoverageLevels
from uncertainty.report.feature_groups import RowQuality, feature_groups
from uncertainty.report.reading_calibration import pit_reading, rejection_reading, reliability_reading
from uncertainty.report.reading_coverage import (
    all_levels_reading,
    coverage_reading,
    coverage_verdict,
    is_clearly_too_narrow,
)
from uncertainty.report.reading_groups import coverage_by_feature_reading, uncertainty_by_feature_reading
from uncertainty.report.reading_rows import differences_reading, kind_reading, oddities_reading
from uncertainty.report.reading_scores import confidence_reading, scores_reading
from uncertainty.report.rejection import classification_rejection, regression_rejection
from uncertainty.report.reliability import ReliabilityBins
from uncertainty.report.scores import Score
from uncertainty.report.uncertain_rows import Oddity, UncertainRows, uncertain_rows


def levels_of(held: int, n: int, asked: float = 0.9, promised: float | None = None) -> CoverageLevels:
    lower, upper = clopper_pearson(np.array([float(held)]), np.array([float(n - held)]), 0.95)
    covered = (np.arange(n) < held)[:, None]
    promise = np.array([asked if promised is None else promised])
    size, reached = np.array([2.0]), np.array([False])
    return CoverageLevels(np.array([asked]), promise, np.array([held / n]), lower, upper, size, covered, reached)


@pytest.mark.parametrize(
    ("held", "n", "expected"),
    [
        (850, 1000, "too narrow, 5.0 percentage points more rows than promised lie outside. Recalibrate"),
        (880, 1000, ": too narrow, 2.0"),
        (882, 1000, "as promised, as far as these rows can tell"),
        (8900, 10000, "slightly too narrow, 1.0 percentage points more rows than promised lie outside."),
        (9000, 10000, "as promised"),
        (9130, 10000, "slightly too wide, 1.3 percentage points more rows than promised lie inside."),
        (960, 1000, "too wide, 6.0 percentage points more rows than promised lie inside, so they could be smaller"),
        (9, 10, "no contradiction, but rows this few would hardly show one"),
        (1, 1, "held 100 % of the only row"),
        (3, 10, "too narrow, 60.0 percentage points"),
    ],
)
def test_coverage(held: int, n: int, expected: str) -> None:
    levels = levels_of(held, n)
    assert expected in coverage_reading(levels, 0, "intervals")


def test_only_a_clear_failure_is_one_of_trust() -> None:
    assert is_clearly_too_narrow(levels_of(850, 1000), 0)
    assert not is_clearly_too_narrow(levels_of(882, 1000), 0)  # within the noise
    assert not is_clearly_too_narrow(levels_of(8900, 10000), 0)  # real, but slight


def test_coverage_names_the_remedy_for_what_is_there() -> None:
    levels = levels_of(700, 1000)
    assert "wrap the model in a ConformalRegressor" in coverage_reading(levels, 0, "intervals")
    assert "calibrate on rows that are" in coverage_reading(levels, 0, "conformal intervals")
    assert "ConformalClassifier" in coverage_reading(levels, 0, "sets")
    assert "overconfident" in coverage_reading(levels, 0, "sets")


def test_coverage_of_sets_is_judged_by_the_probability_they_hold() -> None:
    kept = levels_of(960, 1000, promised=0.96)
    reading = coverage_reading(kept, 0, "sets")
    assert reading.endswith("by the model's own probabilities 96.0 %: as promised, as far as these rows can tell.")
    assert "too narrow" in coverage_reading(levels_of(910, 1000, promised=0.96), 0, "sets")


def test_a_level_that_calibration_rows_do_not_reach_is_not_praised() -> None:
    levels = replace(levels_of(1000, 1000), out_of_reach=np.array([True]))
    assert "too few calibration rows for this level" in coverage_reading(levels, 0, "conformal intervals")
    assert all_levels_reading(levels, "conformal intervals").startswith("At none of 0 levels")


def test_all_levels_are_named_by_side() -> None:
    parts = [levels_of(400, 1000, 0.5), levels_of(900, 1000, 0.9), levels_of(999, 1000, 0.95)]
    fields = ("asked", "promised", "observed", "lower", "upper", "size", "out_of_reach")
    joined = {name: np.concatenate([getattr(part, name) for part in parts]) for name in fields}
    levels = CoverageLevels(**joined, covered=np.hstack([part.covered for part in parts]))
    reading = all_levels_reading(levels, "intervals")
    assert reading == "The intervals are too narrow at 50 % and too wide at 95 %. Other levels agree with the rows."
    assert coverage_verdict(0.9, 0.9, 0.95) == "in agreement"


UNIFORM = (np.arange(400) + 0.5) / 400


@pytest.mark.parametrize(
    ("pit", "expected"),
    [
        (UNIFORM, "No bias shows (mean PIT 0.50). 10 % of the rows"),
        (UNIFORM, "the tails are as heavy as they should be"),
        (np.clip((UNIFORM - 0.5) * 1.3 + 0.5, 0, 1), "the distributions are too narrow in the tails"),
        ((UNIFORM - 0.5) * 0.8 + 0.5, "the distributions are too wide in the tails"),
        (UNIFORM**0.7, "Observations tend to lie above their predictions"),
        (UNIFORM**1.4, "Observations tend to lie below their predictions"),
        (UNIFORM[:19], "19 rows are too few to see a shape"),
        (UNIFORM[:1], "1 row is too few"),
    ],
)
def test_pit(pit: np.ndarray, expected: str) -> None:
    assert expected in pit_reading(pit)


def bins_of(accuracy: float, n: int) -> ReliabilityBins:
    lower, upper = clopper_pearson(np.array([accuracy * n]), np.array([(1 - accuracy) * n]), 0.95)
    return ReliabilityBins(np.array([0.8]), np.array([accuracy]), lower, upper, np.array([n]), abs(accuracy - 0.8))


def test_reliability() -> None:
    assert "In no bin do the rows contradict" in reliability_reading(bins_of(0.8, 100))
    assert "too sure in 1" in reliability_reading(bins_of(0.5, 100))
    assert "80 % confidence came true in 50 % of 100 rows" in reliability_reading(bins_of(0.5, 100))
    assert "not sure enough in 1" in reliability_reading(bins_of(0.95, 100))
    assert "In no bin" in reliability_reading(bins_of(0.5, 5))


def test_rejection() -> None:
    uncertainty = np.linspace(1, 2, 200)
    telling = regression_rejection(uncertainty * np.tile([1.0, -1.0], 100), uncertainty)
    assert "tend to be the wrong ones (rank correlation 1" in rejection_reading(telling)
    assert "the RMSE falls from" in rejection_reading(telling)
    silent = regression_rejection(np.random.default_rng(0).normal(size=200), uncertainty)
    assert "do not show that uncertain predictions are the wrong ones" in rejection_reading(silent)
    misleading = regression_rejection(uncertainty[::-1], uncertainty)
    assert "tend to be the right ones (rank correlation −1)" in rejection_reading(misleading)
    same = regression_rejection(np.ones(5), np.arange(5.0))
    assert "there is no order to judge" in rejection_reading(same)
    one = classification_rejection(np.array([True]), np.array([0.2]))
    assert "there is no order to judge" in rejection_reading(one)
    no_gain = replace(telling, risk_of_kept=telling.risk_of_all)
    assert "is no lower" in rejection_reading(no_gain)


def score(name: str, value: float, baseline: float | None, verdict: str | None, limits: object = (0.0, 1.0)) -> Score:
    return Score(name, "", value, limits, baseline, verdict, "y")  # type: ignore[arg-type]


def test_scores() -> None:
    better = score("CRPS", 0.6, 1.0, "better")
    assert scores_reading((better,), 100) == (
        "The model is better than one prediction for all rows: CRPS 0.6 against 1, 40 % less."
    )
    assert "worse than one prediction" in scores_reading((score("CRPS", 1.2, 1.0, "worse"),), 100)
    assert "within their noise" in scores_reading((score("CRPS", 0.9, 1.0, "open"),), 100)
    assert "is not finite" in scores_reading((score("log loss", float("inf"), 1.0, None),), 100)
    both = scores_reading((score("RMSE", 1.1, 1.0, "worse"), better), 100)
    assert "point predictions alone are worse than the constant (RMSE 1.1 against 1)" in both
    assert "With only 29 rows" in scores_reading((better,), 29)
    assert "only" not in scores_reading((better,), 30)
    assert "A single row" in scores_reading((better,), 1)


def test_confidence() -> None:
    name = "confidence − accuracy"
    assert "overconfident" in confidence_reading(score(name, 0.1, None, None, (0.05, 0.15)))
    assert "too modest" in confidence_reading(score(name, -0.1, None, None, (-0.15, -0.05)))
    assert "agree on average" in confidence_reading(score(name, 0.1, None, None, (-0.05, 0.15)))
    assert "One row cannot tell" in confidence_reading(score(name, 0.1, None, None, None))


def quality(held: np.ndarray, size: np.ndarray) -> RowQuality:
    return RowQuality(held, np.full(len(held), 0.9), size, None, None)


def test_groups() -> None:
    code = np.repeat([0, 1], 200)
    column = CategoryColumn("kind", code, ("a", "b"))
    held = np.tile(np.arange(10) < 9, 40)
    fine = feature_groups((column,), quality(held, np.ones(400)))
    assert "In none of 2 groups" in coverage_by_feature_reading(fine, is_classifier=False)
    assert "only gross failures" not in coverage_by_feature_reading(fine, is_classifier=False)
    few = feature_groups((CategoryColumn("kind", code[150:250], ("a", "b")),), quality(held[150:250], np.ones(100)))
    assert "(50 rows in the middle one): only gross failures" in coverage_by_feature_reading(few, is_classifier=False)
    assert "No single column" in uncertainty_by_feature_reading(fine, is_classifier=False)
    bad = feature_groups((column,), quality(held & ((code == 0) | (np.arange(400) % 2 == 0)), 1.0 + code))
    assert "intervals are too narrow in 1 group: kind b (5" in coverage_by_feature_reading(bad, is_classifier=False)
    assert "accuracy falls short" in coverage_by_feature_reading(bad, is_classifier=True)
    reading = uncertainty_by_feature_reading(bad, is_classifier=False)
    assert reading == "The uncertainty goes most with kind: mean width 1 for a, 2 for b."
    wide = feature_groups((column,), quality(np.ones(400, dtype=bool), np.ones(400)))
    assert "wider than needed in 2 groups" in coverage_by_feature_reading(wide, is_classifier=False)
    uniform = feature_groups((CategoryColumn("c", 0 * code, ("a",)),), quality(held, np.ones(400)))
    assert "No column has two groups" in coverage_by_feature_reading(uniform, is_classifier=False)


def found(top: float | None, everywhere: float | None) -> UncertainRows:
    return UncertainRows(np.arange(100), 5, top, everywhere, (), ())


def test_kind_of_uncertainty() -> None:
    assert "More training rows like these would help." in kind_reading(
        found(0.5, 0.1), 5, "variance", is_overconfident=False
    )
    assert "would help in part" in kind_reading(found(0.49, 0.1), 5, "variance", is_overconfident=False)
    assert "would help in part" in kind_reading(found(0.21, 0.1), 5, "variance", is_overconfident=False)
    assert "mostly noise" in kind_reading(found(0.2, 0.1), 5, "variance", is_overconfident=False)
    advised_by_an_overconfident_model = kind_reading(found(0.1, 0.1), 5, "variance", is_overconfident=True)
    assert "too sure of itself" in advised_by_an_overconfident_model
    assert "noise" not in advised_by_an_overconfident_model
    assert "single network" in kind_reading(found(0.0, 0.0), 1, "variance", is_overconfident=False)
    assert "does not tell" in kind_reading(found(None, None), None, "variance", is_overconfident=False)


def test_identifiers_are_neither_unusual_nor_groups() -> None:
    driver = np.arange(200.0)
    names = CategoryColumn("id", np.arange(200), tuple(f"r{k}" for k in range(200)))
    rare = CategoryColumn("rare", (driver >= 195).astype(np.intp), ("usual", "odd"))
    rows = uncertain_rows(driver, None, None, (names, rare))
    assert [oddity.feature for oddity in rows.oddities[0]] == ["rare"]
    quality = RowQuality(driver > 20, np.full(200, 0.9), driver, None, None)
    groups = feature_groups((names, rare), quality)
    assert [group.name for group in groups] == ["rare"]
    section = feature_section(groups, (names, rare), str, is_classifier=False)
    assert section.note == "Without groups, as nearly every row has a value of its own: id."


def test_the_uncertain_rows_are_told_apart_by_their_columns() -> None:
    n = 400
    generator = np.random.default_rng(0)
    noise, driver = generator.normal(size=n), generator.normal(size=n)
    far = NumberColumn("far", generator.normal(size=n) * np.where(driver > 1.6, 8.0, 1.0))
    kind = CategoryColumn("kind", (driver > 1.5).astype(np.intp), ("usual", "rare"))
    columns = (NumberColumn("noise", noise), NumberColumn("driver", driver), far, kind)
    rows = uncertain_rows(driver, None, None, columns)
    assert rows.n_top == 20
    assert rows.order[0] == driver.argmax()
    names = [difference.feature for difference in rows.differences]
    assert "driver" in names
    assert "kind" in names
    assert "noise" not in names
    reading = differences_reading(rows, n)
    assert "kind (100 % are rare; the others: " in reading
    assert "middle 80 % from" in reading
    top = rows.oddities[0]
    assert Oddity("driver", f"{driver.max():.2f}", 1 / n, "high") in top
    assert "(highest 0.2 %)" in oddities_reading(top)


def test_few_rows_are_not_compared() -> None:
    column = NumberColumn("x", np.arange(5.0))
    rows = uncertain_rows(np.arange(5.0), None, None, (column,))
    assert rows.oddities == ((),) * 5
    assert differences_reading(rows, 5) == "5 rows are too few to compare the most uncertain with the others."
    assert oddities_reading(()) == "nothing in any one column"


def test_gaps_and_rare_categories_are_unusual() -> None:
    values = np.arange(100.0)
    values[0] = np.nan
    code = np.zeros(100, dtype=np.intp)
    code[0] = 1
    columns = (NumberColumn("x", values), CategoryColumn("c", code, ("usual", "rare")))
    rows = uncertain_rows(-np.arange(100.0), None, None, columns)
    assert oddities_reading(rows.oddities[0]) == "x is missing (1.0 % of rows); c rare (1.0 % of rows)"
