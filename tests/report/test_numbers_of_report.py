"""The numbers of a report are those of the metrics."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats

from tests.report.conftest import classes_of
from uncertainty.metrics import (
    bootstrap_ci,
    brier_score,
    coverage_by_bin,
    coverage_by_group,
    coverage_report,
    crps_samples,
    evaluate_uncertainty,
    log_loss,
    mean_set_size,
    risk_coverage_curve,
    set_coverage_score,
)
from uncertainty.metrics.intervals import clopper_pearson
from uncertainty.report.classification_rows import ClassificationRows, classification_rows, smallest_sets
from uncertainty.report.columns import read_columns
from uncertainty.report.coverage import interval_coverage, set_coverage
from uncertainty.report.feature_groups import classification_quality, feature_groups, regression_quality
from uncertainty.report.levels import HEADLINE, LEVELS
from uncertainty.report.regression_rows import DistributionScores, RegressionRows, regression_rows
from uncertainty.report.rejection import regression_rejection
from uncertainty.report.reliability import reliability_bins
from uncertainty.report.scores import N_RESAMPLES, classification_scores, regression_scores


@pytest.fixture(scope="module")
def rows(regressor: Any, test_rows: Any) -> Any:
    X, y = test_rows
    return regression_rows(regressor, X, y.to_numpy(), LEVELS)


@pytest.fixture(scope="module")
def class_rows(classifier: Any, test_rows: Any) -> Any:
    X, y = test_rows
    return classification_rows(classifier, X, classes_of(y), LEVELS)


def test_scores_of_a_regressor_are_the_metrics(regressor: Any, test_rows: Any, rows: Any) -> None:
    X, y = test_rows
    dist = regressor[-1].predict_dist(regressor[:-1].transform(X))
    expected = evaluate_uncertainty(y, dist, resolution=9)
    found = {score.name: score.value for score in regression_scores(rows)}
    keys = {"R²": "r2", "RMSE": "rmse", "MAE": "mae", "CRPS": "crps", "NLL": "nll"}
    assert_allclose([found[name] for name in keys], [expected[key] for key in keys.values()], rtol=1e-10)
    assert_allclose(found["90 % interval score"], expected["interval_score_90"], rtol=1e-10)


def test_limits_are_those_of_the_bootstrap(rows: Any) -> None:
    score = next(score for score in regression_scores(rows) if score.name == "CRPS")

    def mean(values: np.ndarray, sample_weight: np.ndarray) -> float:
        return float(np.average(values, weights=sample_weight))

    assert score.limits == bootstrap_ci(mean, rows.distribution.crps, n_resamples=N_RESAMPLES)
    assert score.limits[0] < score.value < score.limits[1]


def test_the_constant_knows_only_y(rows: Any) -> None:
    baselines = {score.name: score.baseline for score in regression_scores(rows)}
    assert baselines["RMSE"] == pytest.approx(rows.y.std())
    assert baselines["R²"] == 0.0
    normal = evaluate_uncertainty(rows.y, (np.full_like(rows.y, rows.y.mean()), np.full_like(rows.y, rows.y.std())))
    everybody = np.broadcast_to(rows.y, (len(rows.y), len(rows.y)))
    assert baselines["CRPS"] == pytest.approx(crps_samples(rows.y, everybody))
    assert baselines["NLL"] == pytest.approx(normal["nll"])


def test_a_model_that_has_only_learned_how_skewed_y_is_has_learned_nothing() -> None:
    y = np.random.default_rng(0).lognormal(sigma=1.5, size=400)
    dist = stats.lognorm(1.7)  # almost that of y, and nearer to it than a normal distribution of its mean and variance
    draws = np.broadcast_to(dist.ppf((np.arange(400) + 0.5) / 400), (400, 400))
    crps = np.array([crps_samples(y[[row]], draws[[row]]) for row in range(400)])
    rows = RegressionRows(
        y,
        np.full_like(y, dist.mean()),
        LEVELS,
        np.broadcast_to(dist.interval(LEVELS), (400, 2, len(LEVELS))),
        None,
        DistributionScores(dist.cdf(y), crps, -dist.logpdf(y)),
    )
    assert next(score for score in regression_scores(rows) if score.name == "CRPS").verdict != "better"


@pytest.mark.parametrize(("right", "verdict"), [(0.95, "better"), (0.6, "open"), (0.2, "worse")])
def test_a_verdict_needs_more_than_the_noise_of_the_rows(right: float, verdict: str) -> None:
    """Of two classes, one of 60 % of the rows, the model names the right one in a share of the rows."""
    generator = np.random.default_rng(0)
    codes = (generator.random(300) < 0.4).astype(np.intp)
    named = np.where(generator.random(300) < right, codes, 1 - codes)
    proba = np.where(np.arange(2) == named[:, None], 0.9, 0.1)
    sets = smallest_sets(proba, LEVELS)
    scores = classification_scores(ClassificationRows(codes, ("a", "b"), proba, LEVELS, sets, False, None))
    assert next(score for score in scores if score.name == "accuracy").verdict == verdict


def test_coverage_of_intervals_is_the_coverage_report(regressor: Any, test_rows: Any, rows: Any) -> None:
    X, y = test_rows
    expected, found = coverage_report(regressor, X, y, coverage=LEVELS), interval_coverage(rows)
    for name in ("observed", "lower", "upper", "size"):
        assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-10)
    assert_allclose(found.covered.mean(axis=0), expected.observed)


def test_scores_of_a_classifier_are_the_metrics(class_rows: Any, test_rows: Any) -> None:
    y, labels = classes_of(test_rows[1]), list(class_rows.classes)
    found = {score.name: score for score in classification_scores(class_rows)}
    assert found["log loss"].value == pytest.approx(log_loss(y, class_rows.proba, labels=labels))
    assert found["Brier score"].value == pytest.approx(brier_score(y, class_rows.proba, labels=labels))
    right = np.array(labels)[class_rows.proba.argmax(axis=1)] == y
    assert found["accuracy"].value == pytest.approx(right.mean())
    assert found["confidence − accuracy"].value == pytest.approx(class_rows.proba.max(axis=1).mean() - right.mean())
    frequency = np.unique(y, return_counts=True)[1] / len(y)
    assert found["log loss"].baseline == pytest.approx(-(frequency * np.log(frequency)).sum())
    assert found["accuracy"].baseline == pytest.approx(frequency.max())


def test_coverage_of_sets_is_the_metrics(class_rows: Any, test_rows: Any) -> None:
    y, labels, found = classes_of(test_rows[1]), list(class_rows.classes), set_coverage(class_rows)
    for level in (0, HEADLINE):
        sets = class_rows.sets[:, :, level]
        assert found.observed[level] == pytest.approx(set_coverage_score(y, sets, labels=labels))
        assert found.size[level] == pytest.approx(mean_set_size(sets))
    assert (found.promised >= LEVELS - 1e-9).all()


def test_smallest_sets_reach_the_level_and_no_class_is_spare() -> None:
    proba = np.random.default_rng(0).dirichlet(np.ones(4), size=50)
    sets = smallest_sets(proba, np.array([0.5, 0.9]))
    mass = (proba[:, :, None] * sets).sum(axis=1)
    assert (mass >= [0.5, 0.9]).all()
    least = np.where(sets, proba[:, :, None], np.inf).min(axis=1)
    assert (mass - least < [0.5, 0.9]).all()
    assert smallest_sets(np.array([[0.5, 0.5]]), np.array([0.5])).sum() == 1


def test_reliability_counts_every_row(class_rows: Any) -> None:
    bins = reliability_bins(class_rows)
    assert bins.count.sum() == len(class_rows.codes)
    assert np.average(bins.accuracy, weights=bins.count) == pytest.approx((~class_rows.is_wrong()).mean())
    assert np.average(bins.confidence, weights=bins.count) == pytest.approx(class_rows.confidence().mean())


def test_groups_of_a_column_are_the_conditional_coverage(rows: Any, test_rows: Any) -> None:
    X, y = test_rows
    found = {groups.name: groups for groups in feature_groups(read_columns(X), regression_quality(rows))}
    assert set(found) == set(X.columns)
    bins = coverage_by_bin(y, rows.interval[:, :, HEADLINE], X["age"], n_bins=6)
    named = coverage_by_group(y, rows.interval[:, :, HEADLINE], X["region"])
    for groups, table in ((found["age"], bins), (found["region"], named)):
        assert_allclose(groups.observed, table.coverage)
        assert_allclose(groups.lower, table.lower)
        assert_allclose(groups.upper, table.upper)
        assert_array_equal(groups.count, table.count)
    assert found["region"].labels == tuple(named.group)
    assert found["income"].labels[-1] == "missing"
    assert found["income"].count[-1] == X["income"].isna().sum()
    assert found["day"].labels[0].startswith("2024-01-0")


def test_strict_limits_share_one_error_rate_out_among_all_groups(rows: Any, test_rows: Any) -> None:
    found = feature_groups(read_columns(test_rows[0]), regression_quality(rows))
    n_groups = sum(len(groups.labels) for groups in found)
    for groups in found:
        hits = groups.observed * groups.count
        lower, upper = clopper_pearson(hits, groups.count - hits, 1.0 - 0.05 / n_groups)
        assert_allclose(groups.strict_lower, lower)
        assert_allclose(groups.strict_upper, upper)


def test_size_and_share_of_a_group_are_means_of_its_rows(rows: Any, test_rows: Any) -> None:
    X, _ = test_rows
    groups = next(g for g in feature_groups(read_columns(X), regression_quality(rows)) if g.name == "region")
    south = (X["region"] == "south").to_numpy()
    index = groups.labels.index("south")
    assert groups.size[index] == pytest.approx(rows.width(HEADLINE)[south].mean())
    share = rows.parts.epistemic[south].sum() / rows.parts.total()[south].sum()
    assert groups.epistemic_share is not None
    assert groups.epistemic_share[index] == pytest.approx(share)


def test_groups_of_a_classifier_compare_accuracy_with_confidence(class_rows: Any, test_rows: Any) -> None:
    X, _ = test_rows
    groups = next(g for g in feature_groups(read_columns(X), classification_quality(class_rows)) if g.name == "region")
    north, index = (X["region"] == "north").to_numpy(), groups.labels.index("north")
    assert groups.observed[index] == pytest.approx((~class_rows.is_wrong())[north].mean())
    assert groups.promised[index] == pytest.approx(class_rows.confidence()[north].mean())


def test_rejection_is_the_risk_coverage_curve(rows: Any) -> None:
    error, uncertainty = rows.y - rows.mean, rows.uncertainty(HEADLINE)
    found, curve = regression_rejection(error, uncertainty), risk_coverage_curve(error**2, uncertainty)
    assert found.risk_of_all == pytest.approx(np.sqrt((error**2).mean()))
    kept = np.argsort(uncertainty)[: int(0.8 * len(error))]
    assert found.risk_of_kept == pytest.approx(np.sqrt((error[kept] ** 2).mean()))
    assert set(found.share) <= set(curve.coverage)
    assert found.share[0] >= 0.05


def test_chunks_of_rows_change_nothing(regressor: Any, test_rows: Any, rows: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("uncertainty.report.regression_rows.ROWS_AT_A_TIME", 100)
    X, y = test_rows
    chunked = regression_rows(regressor, X, y.to_numpy(), LEVELS)
    assert_allclose(chunked.interval, rows.interval, rtol=1e-9)
    assert_allclose(chunked.distribution.pit, rows.distribution.pit, rtol=1e-9)
    assert_allclose(chunked.parts.epistemic, rows.parts.epistemic, rtol=1e-9)
