"""Scaled predictives against their definitions, and the search for the factor against brute force."""

import numpy as np
import pytest
from scipy import stats

from uncertainty.calibration.scaling import best_factor, scale_about_the_mean, scale_noise
from uncertainty.heads.normal_mixture import NormalMixture
from uncertainty.predictive import ContinuousPredictive


def predictive(n_targets=0, n_members=3, n_components=2, n=5, seed=0):
    rng = np.random.default_rng(seed)
    shape = (n_members, n, max(n_targets, 1), n_components)
    weights = rng.dirichlet(np.ones(n_components), size=shape[:2])
    members = NormalMixture(weights, 2 * rng.standard_normal(shape), np.exp(0.5 * rng.standard_normal(shape)))
    return ContinuousPredictive(members, single_target=n_targets == 0)


def test_scaling_about_the_mean_is_that_affine_map_of_y():
    p, factor, y = predictive(), 1.7, np.linspace(-3, 3, 5)
    q = scale_about_the_mean(p, np.array([factor]))
    np.testing.assert_allclose(q.mean(), p.mean(), rtol=1e-12)
    np.testing.assert_allclose(q.aleatoric_variance(), factor**2 * p.aleatoric_variance(), rtol=1e-12)
    np.testing.assert_allclose(q.epistemic_variance(), factor**2 * p.epistemic_variance(), rtol=1e-12)
    back = p.mean() + (y - p.mean()) / factor
    np.testing.assert_allclose(q.logpdf(y), p.logpdf(back) - np.log(factor), rtol=1e-12)
    np.testing.assert_allclose(q.ppf(0.1), p.mean() + factor * (p.ppf(0.1) - p.mean()), rtol=1e-10)


def test_scaling_the_noise_leaves_the_spread_of_members_alone():
    p, factor = predictive(), 0.6
    q = scale_noise(p, np.array([factor]))
    np.testing.assert_allclose(q.member_means(), p.member_means(), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(q.aleatoric_variance(), factor**2 * p.aleatoric_variance(), rtol=1e-12)
    np.testing.assert_allclose(q.epistemic_variance(), p.epistemic_variance(), rtol=1e-12)
    np.testing.assert_array_equal(q.var(), q.aleatoric_variance() + q.epistemic_variance())


def test_a_temperature_is_a_power_of_each_normal_members_density():
    grid, temperature = np.linspace(-30, 30, 20001), 2.5
    ones = np.ones((1, len(grid), 1, 1))
    p = ContinuousPredictive(NormalMixture(ones[:, :, 0], 0.4 * ones, 1.3 * ones), single_target=True)
    power = p.pdf(grid) ** (1 / temperature)
    expected = power / np.trapezoid(power, grid)
    np.testing.assert_allclose(scale_noise(p, np.sqrt([temperature])).pdf(grid), expected, rtol=1e-6, atol=1e-12)


def test_both_scalings_are_one_for_a_single_member():
    p = predictive(n_members=1)
    factor = np.array([1.3])
    np.testing.assert_allclose(scale_noise(p, factor).ppf([0.1, 0.9]), scale_about_the_mean(p, factor).ppf([0.1, 0.9]))


@pytest.mark.parametrize("scale", [scale_about_the_mean, scale_noise])
def test_each_target_has_its_own_factor(scale):
    p = predictive(n_targets=2)
    q = scale(p, np.array([0.5, 3.0]))
    for target, factor in enumerate((0.5, 3.0)):
        alone = scale(p.marginal(target), np.array([factor]))
        np.testing.assert_allclose(q.std()[:, target], alone.std(), rtol=1e-12)
        np.testing.assert_allclose(q.cdf(np.ones((5, 2)))[:, target], alone.cdf(1.0), rtol=1e-12)


@pytest.mark.parametrize("truth", [0.01, 0.4, 1.5, 60.0])
def test_the_factor_of_normal_errors_is_their_size(truth):
    residuals = truth * np.random.default_rng(0).standard_normal(300)

    def nll(factor):
        return -stats.norm.logpdf(residuals, scale=factor).mean()

    np.testing.assert_allclose(best_factor(nll, residuals), np.sqrt(np.mean(residuals**2)), rtol=1e-5)


def test_the_lowest_valley_is_found():
    # A narrow valley at 4 that is shallower than the one at 0.3, and residuals that point to neither.
    def score(factor):
        x = np.log(factor)
        return -np.exp(-((x - np.log(0.3)) ** 2) / 0.5) - 0.6 * np.exp(-((x - np.log(4.0)) ** 2) / 0.1)

    np.testing.assert_allclose(best_factor(score, np.array([1.0, -1.0])), 0.3, rtol=1e-3)


def test_no_change_where_none_is_better():
    assert best_factor(lambda factor: (np.log(factor)) ** 2, np.array([2.0, 3.0])) == 1.0
    assert best_factor(lambda factor: 1.0, np.array([2.0, 3.0])) == 1.0


def test_errors_of_zero_stop_at_the_smallest_factor():
    factor = best_factor(lambda factor: factor, np.zeros(5))
    np.testing.assert_allclose(factor, 1e-3, rtol=1e-3)
