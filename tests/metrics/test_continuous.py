"""Likelihoods and CRPS against their definitions, hand-computed values, independent libraries and propriety."""

import json
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import integrate, stats

from uncertainty.metrics import (
    crps_normal,
    crps_normal_mixture,
    crps_score,
    moment_matched_nll,
    negative_log_likelihood,
    nll_normal,
    nll_normal_mixture,
    pointwise,
)

REFERENCES = json.loads((Path(__file__).parents[1] / "references" / "metrics.json").read_text())
EQUAL_PAIR = {"weights": [0.5, 0.5], "means": [[-1.0, 1.0]], "scales": [[1.0, 1.0]]}


def random_mixture(seed, n_rows=40, n_components=4):
    rng = np.random.default_rng(seed)
    y = rng.normal(3.0, 4.0, n_rows)
    weights = rng.dirichlet(np.ones(n_components), n_rows)
    return y, weights, rng.normal(3.0, 4.0, (n_rows, n_components)), rng.uniform(0.2, 3.0, (n_rows, n_components))


def crps_by_integration(y, cdf):
    """Integrate (F(x) - 1{y <= x})^2 from its definition."""
    left = integrate.quad(lambda x: cdf(x) ** 2, y - 60.0, y, limit=400, epsabs=1e-11)[0]
    right = integrate.quad(lambda x: (1.0 - cdf(x)) ** 2, y, y + 60.0, limit=400, epsabs=1e-11)[0]
    return left + right


class TestValues:
    def test_reference_values(self):
        assert_allclose(crps_normal([0.0], 0.0, 1.0), REFERENCES["crps_standard_normal_at_mean"]["value"], rtol=1e-14)
        assert_allclose(
            crps_normal_mixture([0.0], **EQUAL_PAIR), REFERENCES["crps_two_component_mixture"]["value"], rtol=1e-14
        )
        assert_allclose(
            nll_normal_mixture([0.0], **EQUAL_PAIR), REFERENCES["nll_two_component_mixture"]["value"], rtol=1e-14
        )

    def test_four_rows_by_hand(self):
        y, mean, std = [1.0, 2.0, 4.0, -3.0], [0.0, 2.0, 5.0, 1.0], [1.0, 0.5, 2.0, 4.0]
        squares = np.array([1.0, 0.0, 0.25, 1.0])  # ((y - mean) / std)^2
        log_std = np.log([1.0, 0.5, 2.0, 4.0])
        assert_allclose(nll_normal(y, mean, std), np.mean(0.5 * squares + log_std) + 0.5 * np.log(2 * np.pi))
        weight = np.array([1.0, 0.0, 2.0, 1.0])
        expected = (0.5 + (0.25 + 2 * np.log(2)) + (0.5 + np.log(4))) / 4 + 0.5 * np.log(2 * np.pi)
        assert_allclose(nll_normal(y, mean, std, sample_weight=weight), expected)

    def test_normal_nll_against_scipy(self):
        y, _, means, scales = random_mixture(0)
        expected = -stats.norm(means[:, 0], scales[:, 0]).logpdf(y)
        assert_allclose(-pointwise.normal_logpdf(y, means[:, 0], scales[:, 0]), expected, rtol=1e-13)
        assert_allclose(nll_normal(y, means[:, 0], scales[:, 0]), expected.mean(), rtol=1e-13)

    def test_normal_crps_by_integration(self):
        y, _, means, scales = random_mixture(1, n_rows=8)
        expected = [crps_by_integration(y[i], stats.norm(means[i, 0], scales[i, 0]).cdf) for i in range(8)]
        assert_allclose(pointwise.normal_crps(y, means[:, 0], scales[:, 0]), expected, rtol=1e-8)

    @pytest.mark.parametrize("n_components", [1, 2, 3, 6])
    def test_mixture_crps_by_integration(self, n_components):
        y, weights, means, scales = random_mixture(2, n_rows=5, n_components=n_components)
        expected = [
            crps_by_integration(y[i], lambda x, i=i: float(weights[i] @ stats.norm.cdf(x, means[i], scales[i])))
            for i in range(5)
        ]
        assert_allclose(pointwise.normal_mixture_crps(y, weights, means, scales), expected, rtol=1e-8)
        assert_allclose(crps_normal_mixture(y, weights, means, scales), np.mean(expected), rtol=1e-8)

    def test_mixture_nll_from_the_definition(self):
        y, weights, means, scales = random_mixture(3)
        density = (weights * stats.norm.pdf(y[:, None], means, scales)).sum(axis=1)
        assert_allclose(nll_normal_mixture(y, weights, means, scales), -np.log(density).mean(), rtol=1e-12)

    def test_one_component_is_the_normal(self):
        y, _, means, scales = random_mixture(4, n_components=1)
        ones = np.ones((len(y), 1))
        assert crps_normal_mixture(y, ones, means, scales) == crps_normal(y, means[:, 0], scales[:, 0])
        assert nll_normal_mixture(y, ones, means, scales) == nll_normal(y, means[:, 0], scales[:, 0])

    def test_a_split_component_changes_nothing(self):
        y, weights, means, scales = random_mixture(5)
        split = np.concatenate([weights[:, :1] * 0.3, weights[:, :1] * 0.7, weights[:, 1:]], axis=1)
        twice = [np.concatenate([a[:, :1], a], axis=1) for a in (means, scales)]
        assert_allclose(crps_normal_mixture(y, split, *twice), crps_normal_mixture(y, weights, means, scales))
        assert_allclose(nll_normal_mixture(y, split, *twice), nll_normal_mixture(y, weights, means, scales))

    def test_a_component_without_weight_changes_nothing(self):
        y, weights, means, scales = random_mixture(6)
        extra = ((weights, 0.0), (means, 9.0), (scales, 1.0))
        padded = [np.concatenate([a, np.full((len(y), 1), value)], axis=1) for a, value in extra]
        assert_allclose(crps_normal_mixture(y, *padded), crps_normal_mixture(y, weights, means, scales), rtol=1e-13)
        assert_allclose(nll_normal_mixture(y, *padded), nll_normal_mixture(y, weights, means, scales), rtol=1e-13)

    def test_shift_and_scale_of_the_unit(self):
        y, weights, means, scales = random_mixture(7)
        moved = (1000.0 - 8.0 * y, weights, 1000.0 - 8.0 * means, 8.0 * scales)
        assert_allclose(crps_normal_mixture(*moved), 8.0 * crps_normal_mixture(y, weights, means, scales))
        expected = nll_normal_mixture(y, weights, means, scales) + np.log(8.0)
        assert_allclose(nll_normal_mixture(*moved), expected)


class TestLibraries:
    def test_crps_against_scoringrules(self, scoringrules):
        y, weights, means, scales = random_mixture(8, n_rows=200, n_components=7)
        expected = scoringrules.crps_mixnorm(y, means, scales, weights)
        assert_allclose(pointwise.normal_mixture_crps(y, weights, means, scales), expected, rtol=1e-11)
        expected = scoringrules.crps_normal(y, means[:, 0], scales[:, 0])
        assert_allclose(pointwise.normal_crps(y, means[:, 0], scales[:, 0]), expected, rtol=1e-11)


class TestNumbers:
    def test_large_offsets_do_not_cancel(self):
        y, weights, means, scales = random_mixture(9)
        exact = crps_normal_mixture(y, weights, means, scales)
        shift = 2.0**30
        assert_allclose(crps_normal_mixture(y + shift, weights, means + shift, scales), exact, rtol=1e-6)

    def test_far_tails(self):
        assert_allclose(crps_normal([1e300], 0.0, 1e-10), 1e300)
        expected = 0.5 * (1e6 - 1) ** 2 + np.log(2) + 0.5 * np.log(2 * np.pi)
        assert_allclose(nll_normal_mixture([1e6], **EQUAL_PAIR), expected)
        assert nll_normal([1e200], 0.0, 1.0) == np.inf
        assert nll_normal_mixture([1e200], **EQUAL_PAIR) == np.inf

    def test_an_infinite_loss_of_weight_zero_is_removed(self):
        assert nll_normal([1e200, 0.5], 0.0, 1.0, sample_weight=[0.0, 2.0]) == nll_normal([0.5], 0.0, 1.0)

    @pytest.mark.parametrize("block", [1, 7, 2**17])
    def test_the_block_size_is_irrelevant(self, monkeypatch, block):
        arguments = random_mixture(10, n_rows=23, n_components=5)
        reference = pointwise.normal_mixture_crps(*arguments)
        monkeypatch.setattr(pointwise, "_BLOCK_ELEMENTS", block)
        assert_allclose(pointwise.normal_mixture_crps(*arguments), reference, rtol=1e-13)

    def test_memory_stays_bounded(self):
        n_rows, n_components = 200_000, 6  # 10 MB an array, 58 MB for one of all pairs
        rng = np.random.default_rng(11)
        means, scales = rng.normal(size=(n_rows, n_components)), rng.uniform(0.5, 1.0, (n_rows, n_components))
        tracemalloc.start()
        pointwise.normal_mixture_crps(rng.normal(size=n_rows), np.full(n_components, 1 / n_components), means, scales)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 32 * 2**20

    def test_float32_and_lists_are_accepted(self):
        y, weights, means, scales = (np.float32(a) for a in random_mixture(12))
        exact = crps_normal_mixture(*(np.float64(a) for a in (y, weights, means, scales)))
        assert crps_normal_mixture(y, weights, means, scales) == exact
        assert crps_normal_mixture(*(a.tolist() for a in (y, weights, means, scales))) == exact


class TestSeveralTargets:
    def test_nll_adds_and_crps_averages_independent_targets(self):
        rng = np.random.default_rng(13)
        y, mean, std = rng.normal(size=(9, 3)), rng.normal(size=(9, 3)), rng.uniform(0.5, 2.0, (9, 3))
        columns = [(y[:, t], mean[:, t], std[:, t]) for t in range(3)]
        assert_allclose(nll_normal(y, mean, std), sum(nll_normal(*c) for c in columns))
        assert_allclose(crps_normal(y, mean, std), np.mean([crps_normal(*c) for c in columns]))

    def test_the_mixture_is_joint(self):
        rng = np.random.default_rng(14)
        y, weights = rng.normal(size=(6, 2)), rng.dirichlet(np.ones(3), 6)
        means, scales = rng.normal(size=(6, 2, 3)), rng.uniform(0.5, 2.0, (6, 2, 3))
        density = [
            sum(weights[i, k] * np.prod(stats.norm.pdf(y[i], means[i, :, k], scales[i, :, k])) for k in range(3))
            for i in range(6)
        ]
        assert_allclose(nll_normal_mixture(y, weights, means, scales), -np.log(density).mean(), rtol=1e-12)
        marginal = [crps_normal_mixture(y[:, t], weights, means[:, t], scales[:, t]) for t in range(2)]
        assert_allclose(crps_normal_mixture(y, weights, means, scales), np.mean(marginal), rtol=1e-12)
        repeated = np.tile(weights[0], (6, 1))
        for metric in (nll_normal_mixture, crps_normal_mixture):
            assert_allclose(metric(y, weights[0], means, scales), metric(y, repeated, means, scales))

    def test_distributions(self):
        rng = np.random.default_rng(15)
        y, mean, std = rng.normal(size=(9, 3)), rng.normal(size=(9, 3)), rng.uniform(0.5, 2.0, (9, 3))
        expected = nll_normal(y, mean, std)
        assert_allclose(negative_log_likelihood(y, stats.norm(mean, std)), expected)
        assert_allclose(moment_matched_nll(y, stats.norm(mean, std)), expected)
        joint = stats.multivariate_normal([0.1, 0.2, 0.3], np.diag([1.0, 2.0, 3.0]))
        assert_allclose(negative_log_likelihood(y, joint), -joint.logpdf(y).mean())


class TestDistributions:
    def test_moments_and_density_give_different_numbers(self):
        y, shape = np.array([0.5, 2.0, 7.0]), np.array([1.5, 2.0, 4.0])
        dist = stats.gamma(shape, scale=2.0)
        assert_allclose(negative_log_likelihood(y, dist), -dist.logpdf(y).mean())
        expected = -stats.norm(2.0 * shape, 2.0 * np.sqrt(shape)).logpdf(y).mean()
        assert_allclose(moment_matched_nll(y, dist), expected)
        assert abs(expected - negative_log_likelihood(y, dist)) > 0.05

    def test_a_discrete_distribution_uses_its_mass(self):
        y = np.array([0, 3, 5])
        assert_allclose(negative_log_likelihood(y, stats.poisson(2.5)), -stats.poisson(2.5).logpmf(y).mean())

    def test_labels_may_be_strings(self):
        class Coin:
            def logpmf(self, y):
                return np.where(y == "heads", np.log(0.75), np.log(0.25))

        expected = -(2 * np.log(0.75) + np.log(0.25)) / 3
        assert_allclose(negative_log_likelihood(["heads", "tails", "heads"], Coin()), expected)

    def test_zero_density_is_infinite(self):
        assert negative_log_likelihood([0.5, 2.0], stats.uniform()) == np.inf

    def test_objects_without_a_density_are_refused(self):
        with pytest.raises(TypeError, match="dist must have a method logpdf or logpmf, got float"):
            negative_log_likelihood([1.0], 3.0)
        with pytest.raises(TypeError, match="dist must have a method crps"):
            crps_score([1.0], stats.norm())

    def test_a_nan_density_is_reported_with_its_row(self):
        class Broken:
            def logpdf(self, y):
                return np.where(y > 2, np.nan, 0.0)

        with pytest.raises(ValueError, match="NaN in row 2"):
            negative_log_likelihood([1.0, 2.0, 3.0], Broken())
        assert negative_log_likelihood([1.0, 2.0, 3.0], Broken(), sample_weight=[1, 1, 0]) == 0.0

    def test_opposite_infinities_are_no_number(self):
        class Spike:
            def logpdf(self, y):
                return np.where(y > 2, np.inf, -np.inf)

        with pytest.raises(ValueError, match=r"both \+inf and -inf"):
            negative_log_likelihood([1.0, 3.0], Spike())

    def test_moments_must_exist(self):
        with pytest.raises(ValueError, match="must be finite"):
            moment_matched_nll([1.0], stats.cauchy())


class TestInput:
    @pytest.mark.parametrize("metric", [nll_normal, crps_normal])
    def test_normal(self, metric):
        with pytest.raises(ValueError, match="std must be positive, got 0"):
            metric([1.0, 2.0], [1.0, 2.0], [1.0, 0.0])
        with pytest.raises(ValueError, match=r"mean must have shape \(2, 1\) to match y_true, got \(2,\)"):
            metric([[1.0], [2.0]], [1.0, 2.0], [1.0, 1.0])
        with pytest.raises(ValueError, match="mean must be finite, got nan"):
            metric([1.0, 2.0], [1.0, np.nan], 1.0)
        with pytest.raises(ValueError, match="y_true must have shape"):
            metric(np.ones((2, 2, 2)), np.ones((2, 2, 2)), 1.0)

    @pytest.mark.parametrize("metric", [nll_normal_mixture, crps_normal_mixture])
    def test_mixture(self, metric):
        y, weights, means, scales = random_mixture(16, n_rows=3, n_components=2)
        with pytest.raises(ValueError, match="weights must sum to 1 over the components, got 2"):
            metric(y, 2 * weights, means, scales)
        with pytest.raises(ValueError, match=r"weights must be non-negative, got -0\.5"):
            metric(y, [-0.5, 1.5], means, scales)
        with pytest.raises(ValueError, match=r"weights must have shape \(3, K\)"):
            metric(y, weights[:2], means, scales)
        with pytest.raises(ValueError, match="scales must be positive"):
            metric(y, weights, means, -scales)
        with pytest.raises(ValueError, match=r"means must have shape \(3, 2\)"):
            metric(y, weights, means[:, :1], scales)
        with pytest.raises(ValueError, match=r"scales must have shape \(3, 2\)"):
            metric(y, weights, means, scales[0])


class TestPropriety:
    """The true distribution scores best in expectation; the sample is the truth's own quantile grid."""

    levels = (np.arange(4000) + 0.5) / 4000

    @pytest.mark.parametrize("metric", [nll_normal, crps_normal])
    def test_normal(self, metric):
        y = stats.norm(1.3, 0.7).ppf(self.levels)
        best = metric(y, 1.3, 0.7)
        for mean, std in [(1.2, 0.7), (1.4, 0.7), (1.3, 0.6), (1.3, 0.8)]:
            assert metric(y, mean, std) > best + 1e-3

    @pytest.mark.parametrize("metric", [nll_normal_mixture, crps_normal_mixture])
    def test_mixture(self, metric):
        y = np.concatenate([stats.norm(-2, 0.5).ppf(self.levels), stats.norm(1, 1.5).ppf(self.levels)])
        weight = np.repeat([0.3, 0.7], len(self.levels))

        def score(weights=(0.3, 0.7), means=(-2.0, 1.0), scales=(0.5, 1.5)):
            rows = (np.tile(a, (len(y), 1)) for a in (means, scales))
            return metric(y, weights, *rows, sample_weight=weight)

        worse = [
            score(weights=(0.4, 0.6)),
            score(weights=(0.2, 0.8)),
            score(means=(-1.8, 1.0)),
            score(means=(-2.0, 1.3)),
            score(scales=(0.7, 1.5)),
            score(scales=(0.5, 1.1)),
        ]
        assert min(worse) > score() + 1e-4
