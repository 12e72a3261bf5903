"""Bootstrap intervals: every metric can be resampled, and the interval of a mean is the classical one."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats
from sklearn.linear_model import Ridge

from uncertainty.metrics import (
    auroc,
    bootstrap_ci,
    brier_score,
    coverage_by_group,
    coverage_score,
    expected_calibration_error,
    neg_crps_scorer,
    negative_log_likelihood,
    rank_correlation,
    sharpness,
)

RNG = np.random.default_rng(0)
Y = RNG.normal(size=80)
INTERVAL = np.tile([-1.0, 1.0], (80, 1))


class TestIntervals:
    def test_rows_are_scipys_percentile_bootstrap(self):
        inside = (np.abs(Y) <= 1).astype(float)
        expected = stats.bootstrap((inside,), np.mean, n_resamples=20_000, method="percentile", rng=1)
        value = bootstrap_ci(coverage_score, Y, INTERVAL, n_resamples=4000, resampling="rows")
        assert_allclose(value, expected.confidence_interval, atol=0.013)

    @pytest.mark.parametrize("resampling", ["bayesian", "rows"])
    def test_a_mean_has_its_normal_interval(self, resampling):
        # NLL of a standard normal: a mean of independent rows.
        dist = stats.norm()
        loss = -dist.logpdf(Y)
        half = 1.2816 * loss.std() / np.sqrt(80)
        low, high = bootstrap_ci(
            negative_log_likelihood, Y, dist, confidence=0.8, n_resamples=4000, resampling=resampling
        )
        assert_allclose([low, high], [loss.mean() - half, loss.mean() + half], atol=0.15 * half)

    @pytest.mark.slow
    def test_coverage_of_the_truth(self):
        hits = 0
        for seed in range(200):
            y = np.random.default_rng(seed).normal(size=150)
            low, high = bootstrap_ci(coverage_score, y, np.tile([-1.0, 1.0], (150, 1)), n_resamples=400)
            hits += low <= 0.6827 <= high
        assert abs(hits / 200 - 0.95) < 3 * np.sqrt(0.95 * 0.05 / 200)

    def test_few_of_a_kind_stay_in(self):
        foreign = np.arange(50) < 1
        low, high = bootstrap_ci(auroc, foreign, RNG.normal(size=50), n_resamples=200)
        assert 0 <= low < high <= 1
        with pytest.raises(ValueError, match="no foreign ones"):
            bootstrap_ci(auroc, foreign, RNG.normal(size=50), n_resamples=200, resampling="rows")

    def test_options_and_seed(self):
        y, p = RNG.integers(0, 2, 60), RNG.random(60)
        first, again = (bootstrap_ci(expected_calibration_error, y, p, n_bins=3, n_resamples=50) for _ in range(2))
        assert first == again
        assert first != bootstrap_ci(expected_calibration_error, y, p, n_bins=3, n_resamples=50, random_state=1)
        assert first != bootstrap_ci(expected_calibration_error, y, p, n_bins=9, n_resamples=50)

    @pytest.mark.parametrize("resampling", ["bayesian", "rows"])
    def test_weights(self, resampling):
        weight = np.repeat([1.0, 0.0], 40)
        options = {"n_resamples": 100, "resampling": resampling}
        whole = bootstrap_ci(sharpness, np.abs(Y), sample_weight=weight, **options)
        assert whole == bootstrap_ci(sharpness, np.abs(Y[:40]), **options)
        assert bootstrap_ci(sharpness, np.abs(Y[:40]), sample_weight=np.full(40, 7.0), **options) == whole
        std, weight = np.repeat([1.0, 3.0], 40), np.repeat([9.0, 1.0], 40)
        low, high = bootstrap_ci(sharpness, std, sample_weight=weight, **options)
        assert low < np.sqrt(1.8) < high < 1.6  # sqrt(5) = 2.2 without weights

    def test_one_row(self):
        assert bootstrap_ci(brier_score, [1], [[0.5, 0.5]], labels=[0, 1], n_resamples=10) == (0.5, 0.5)


class TestErrors:
    def test_arguments(self):
        with pytest.raises(ValueError, match="confidence must lie strictly between 0 and 1, got 95"):
            bootstrap_ci(coverage_score, Y, INTERVAL, confidence=95)
        with pytest.raises(ValueError, match="n_resamples must be an integer of at least 2, got 1"):
            bootstrap_ci(coverage_score, Y, INTERVAL, n_resamples=1)
        with pytest.raises(ValueError, match="resampling must be one of"):
            bootstrap_ci(coverage_score, Y, INTERVAL, resampling="blocks")
        with pytest.raises(TypeError, match="arguments must hold"):
            bootstrap_ci(coverage_score)
        with pytest.raises(TypeError, match=r"arguments must begin with y_true, got Ridge\. Predict once"):
            bootstrap_ci(neg_crps_scorer, Ridge(), INTERVAL, Y)

    def test_results(self):
        with pytest.raises(TypeError, match="metric must give one number, got CoverageTable"):
            bootstrap_ci(coverage_by_group, Y, INTERVAL, np.zeros(80))
        with pytest.raises(ValueError, match="metric must give a number in every resample, got NaN"):
            bootstrap_ci(rank_correlation, Y, np.ones(80))
