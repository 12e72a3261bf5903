"""Pinball loss, CRPS of quantiles and weighted interval score against definitions and independent libraries."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats
from sklearn.metrics import mean_pinball_loss

from uncertainty.metrics import crps_normal, crps_quantiles, pinball_loss, weighted_interval_score

LEVELS = np.array([0.1, 0.5, 0.9])


def random_quantiles(seed=0, n_rows=50, n_levels=3):
    rng = np.random.default_rng(seed)
    return rng.normal(size=n_rows), np.sort(rng.normal(size=(n_rows, n_levels)), axis=1)


class TestPinball:
    def test_row_by_row_definition(self):
        y, quantiles = random_quantiles()
        loss = [
            level * (y[i] - x) if y[i] >= x else (1 - level) * (x - y[i])
            for i in range(50)
            for x, level in zip(quantiles[i], LEVELS, strict=True)
        ]
        assert_allclose(pinball_loss(y, quantiles, LEVELS), np.mean(loss))

    def test_scikit_learn_with_weights(self):
        y, quantiles = random_quantiles(1)
        weight = np.random.default_rng(2).uniform(0.0, 2.0, 50)
        expected = mean_pinball_loss(y, quantiles[:, 0], alpha=0.1, sample_weight=weight)
        assert_allclose(pinball_loss(y, quantiles[:, 0], 0.1, sample_weight=weight), expected)

    def test_half_the_absolute_error_at_the_median(self):
        assert pinball_loss([1.0, 5.0], [2.0, 3.0], 0.5) == 0.75

    def test_several_targets_are_averaged(self):
        y, quantiles = random_quantiles(3)
        both = pinball_loss(y.reshape(25, 2), quantiles.reshape(25, 2, 3), LEVELS)
        assert_allclose(both, pinball_loss(y, quantiles, LEVELS))
        assert pinball_loss(y.reshape(25, 2), y.reshape(25, 2), 0.5) == 0.0

    def test_the_true_quantiles_score_best(self):
        y = stats.gamma(3.0).ppf((np.arange(4000) + 0.5) / 4000)
        truth = stats.gamma(3.0).ppf(LEVELS)
        best = pinball_loss(y, np.tile(truth, (4000, 1)), LEVELS)
        for index in range(3):
            for step in (-0.2, 0.2):
                moved = truth + step * (np.arange(3) == index)
                assert pinball_loss(y, np.tile(moved, (4000, 1)), LEVELS) > best + 1e-4

    def test_errors(self):
        with pytest.raises(ValueError, match=r"y_quantiles must have shape \(2, 3\), got \(2, 2\)"):
            pinball_loss([1.0, 2.0], np.zeros((2, 2)), LEVELS)
        with pytest.raises(ValueError, match=r"levels must lie strictly between 0 and 1, got 90.*pass 0.9"):
            pinball_loss([1.0], [[0.0]], [90])


class TestCrpsOfQuantiles:
    def test_scoringrules(self, scoringrules):
        y, quantiles = random_quantiles(4)
        expected = scoringrules.crps_quantile(y, quantiles, LEVELS).mean()
        assert_allclose(crps_quantiles(y, quantiles, LEVELS), expected, rtol=1e-12)

    @pytest.mark.parametrize(("n_levels", "error"), [(20, 0.003), (1000, 1e-4)])
    def test_many_quantiles_give_the_crps(self, n_levels, error):
        y = np.random.default_rng(5).normal(size=300)
        levels = (np.arange(n_levels) + 0.5) / n_levels
        quantiles = np.tile(stats.norm.ppf(levels), (300, 1))
        assert_allclose(crps_quantiles(y, quantiles, levels), crps_normal(y, 0.0, 1.0), rtol=error)


class TestWeightedIntervalScore:
    def intervals(self, seed=6, n_rows=40):
        rng = np.random.default_rng(seed)
        coverage = np.array([0.5, 0.8, 0.95])
        half = rng.uniform(0.5, 2.0, (n_rows, 1)) * stats.norm.ppf(0.5 + coverage / 2)
        median = rng.normal(size=n_rows)
        return rng.normal(size=n_rows), median, np.stack([median[:, None] - half, median[:, None] + half], 1), coverage

    def test_it_is_the_pinball_loss_of_all_quantiles(self):
        y, median, interval, coverage = self.intervals()
        levels = np.concatenate([[0.5], 0.5 - coverage / 2, 0.5 + coverage / 2])
        quantiles = np.column_stack([median, interval[:, 0], interval[:, 1]])
        expected = 2 * pinball_loss(y, quantiles, levels)
        assert_allclose(weighted_interval_score(y, median, interval, coverage), expected)
        assert_allclose(crps_quantiles(y, quantiles, levels), expected)

    def test_scoringrules(self, scoringrules):
        y, median, interval, coverage = self.intervals()
        # Without numba its release 0.10 takes the median itself for its distance: here the two are the same.
        above = median > y
        y, median, interval = 0.0 * y[above], (median - y)[above], (interval - y[:, None, None])[above]
        expected = scoringrules.weighted_interval_score(y, median, interval[:, 0], interval[:, 1], 1 - coverage)
        assert above.sum() > 10
        assert_allclose(weighted_interval_score(y, median, interval, coverage), expected.mean(), rtol=1e-12)

    def test_one_level_needs_no_level_axis(self):
        y, median, interval, _ = self.intervals()
        one = weighted_interval_score(y, median, interval[..., 1], 0.8)
        assert one == weighted_interval_score(y, median, interval[..., 1:2], [0.8])

    def test_an_infinite_interval_scores_infinite(self):
        assert weighted_interval_score([0.0], [0.0], [[-np.inf, np.inf]], 0.9) == np.inf

    def test_errors(self):
        y, median, interval, coverage = self.intervals()
        with pytest.raises(ValueError, match=r"interval must have shape \(40, 2, 2\), got \(40, 2, 3\)"):
            weighted_interval_score(y, median, interval, coverage[:2])
        with pytest.raises(ValueError, match=r"pass 0\.9"):
            weighted_interval_score(y, median, interval, 90)
