"""Selective prediction: curves and areas by brute force, closed forms, independent libraries, limits."""

import itertools

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score

from uncertainty.metrics import (
    excess_risk_coverage_area,
    generalized_risk_coverage_area,
    rank_correlation,
    risk_coverage_area,
    risk_coverage_curve,
    sparsification_error,
)

LOSS = np.array([4.0, 0.0, 1.0, 9.0, 2.0])
AREAS = [
    risk_coverage_area,
    excess_risk_coverage_area,
    generalized_risk_coverage_area,
    sparsification_error,
]


def random_problem(seed=0, n_rows=200):
    rng = np.random.default_rng(seed)
    uncertainty = rng.uniform(0.1, 2.0, n_rows)
    return np.abs(uncertainty * rng.normal(size=n_rows)), uncertainty


class TestCurve:
    def test_five_rows_by_hand(self):
        curve = risk_coverage_curve(LOSS, [3.0, 1.0, 2.0, 5.0, 4.0])  # losses in order: 0, 1, 4, 2, 9
        assert_allclose(curve.coverage, [0.2, 0.4, 0.6, 0.8, 1.0])
        assert_allclose(curve.risk, [0.0, 0.5, 5 / 3, 7 / 4, 16 / 5])
        assert_array_equal(curve.threshold, [1.0, 2.0, 3.0, 4.0, 5.0])
        assert_allclose(risk_coverage_area(LOSS, [3.0, 1.0, 2.0, 5.0, 4.0]), np.mean(curve.risk))

    def test_rows_of_equal_uncertainty_are_kept_together(self):
        curve = risk_coverage_curve(LOSS, [2.0, 1.0, 2.0, 2.0, 3.0])
        assert_allclose(curve.coverage, [0.2, 0.8, 1.0])
        assert_allclose(curve.risk, [0.0, 3.5, 3.2])
        area = risk_coverage_area(LOSS, [2.0, 1.0, 2.0, 2.0, 3.0])
        assert_allclose(area, 0.6 * 3.5 + 0.2 * 3.2)

    def test_weights_by_hand(self):
        curve = risk_coverage_curve([1.0, 4.0, 7.0], [1.0, 2.0, 1.5], sample_weight=[1.0, 3.0, 0.0])
        assert_allclose(curve.coverage, [0.25, 1.0])
        assert_allclose(curve.risk, [1.0, 13 / 4])


class TestAreas:
    def test_no_information_gives_the_mean_loss(self):
        loss, _ = random_problem()
        assert_allclose(risk_coverage_area(loss, np.ones(200)), loss.mean())
        assert_allclose(generalized_risk_coverage_area(loss, np.ones(200)), loss.mean() / 2)

    def test_no_order_is_better_than_that_of_the_losses(self):
        areas = {
            order: [area(LOSS, np.argsort(order).astype(float)) for area in AREAS]
            for order in itertools.permutations(range(5))
        }
        best = areas[tuple(np.argsort(LOSS))]
        assert_allclose(np.min(list(areas.values()), axis=0), best)
        assert min(best) >= 0

    def test_excess_by_geifmans_closed_form(self):
        rng = np.random.default_rng(1)
        wrong, doubt = (rng.random(500) < 0.2).astype(float), rng.random(500)
        e = wrong.mean()
        expected = risk_coverage_area(wrong, doubt) - (e + (1 - e) * np.log(1 - e))
        assert_allclose(excess_risk_coverage_area(wrong, doubt), expected, rtol=1e-10)

    def test_the_best_area_is_the_limit_of_many_copies(self):
        copies = 20_000
        loss = np.repeat(LOSS, copies) + 1e-9 * np.arange(5 * copies)
        assert_allclose(risk_coverage_area(loss, loss), risk_coverage_area(LOSS, LOSS) - self.excess(), rtol=1e-4)
        assert 0 < excess_risk_coverage_area(loss, loss) < 1e-4

    def excess(self):
        return excess_risk_coverage_area(LOSS, LOSS)

    def test_generalized_area_by_traubs_closed_form(self):
        rng = np.random.default_rng(2)
        doubt = rng.random(300).round(1)  # ties
        wrong = (rng.random(300) < doubt).astype(float)
        e, order = wrong.mean(), roc_auc_score(wrong, doubt)
        expected = (1 - order) * e * (1 - e) + e**2 / 2
        assert_allclose(generalized_risk_coverage_area(wrong, doubt), expected)

    def test_mapie(self):
        oracle = pytest.importorskip("mapie.metrics.uncertainty")
        rng = np.random.default_rng(3)
        right, confidence = rng.integers(0, 2, 150), rng.random(150)
        assert_allclose(1 - risk_coverage_area(1.0 - right, -confidence), oracle.auarc(right, confidence), atol=1e-12)

    def test_sparsification_curves(self):
        loss, uncertainty = random_problem(4, n_rows=4000)
        curves = []
        for key in (uncertainty, loss):
            order = np.argsort(-key)  # most uncertain first
            left = [loss[order[removed:]].mean() / loss.mean() for removed in range(0, 4000, 10)]
            curves.append(np.mean(left))
        assert_allclose(sparsification_error(loss, uncertainty), curves[0] - curves[1], atol=2e-3)
        assert sparsification_error(loss, uncertainty) > 0.1
        assert sparsification_error(loss, loss) < 1e-3

    def test_units(self):
        loss, uncertainty = random_problem(5)
        assert_allclose(sparsification_error(8 * loss, np.exp(uncertainty)), sparsification_error(loss, uncertainty))
        assert_allclose(risk_coverage_area(8 * loss, uncertainty), 8 * risk_coverage_area(loss, uncertainty))

    def test_one_row_and_no_loss(self):
        assert [area([3.0], [1.0]) for area in AREAS] == [3.0, 0.0, 1.5, 0.0]
        assert [area([0.0, 0.0], [1.0, 2.0]) for area in AREAS] == [0.0] * 4

    def test_errors(self):
        with pytest.raises(ValueError, match="loss must be non-negative, got -1"):
            sparsification_error([-1.0, 2.0], [1.0, 2.0])
        for area in (*AREAS, rank_correlation):
            with pytest.raises(ValueError, match=r"must have one shape \(n,\), got \(2,\) and \(3,\)"):
                area([1.0, 2.0], [1.0, 2.0, 3.0])


class TestRankCorrelation:
    def test_scipy_with_ties(self):
        loss, uncertainty = random_problem(6)
        uncertainty = uncertainty.round(1)
        assert_allclose(rank_correlation(loss, uncertainty), spearmanr(loss, uncertainty).statistic)

    def test_limits(self):
        loss, _ = random_problem(7)
        assert_allclose([rank_correlation(loss, np.exp(loss)), rank_correlation(loss, -loss)], [1.0, -1.0])
        assert np.isnan(rank_correlation(loss, np.ones(200)))
        assert np.isnan(rank_correlation([1.0], [2.0]))
