"""Predictives with a mapped cdf: the whole contract of a distribution against quadrature, and the identity map."""

from itertools import pairwise

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad

from uncertainty.heads.normal_mixture import NormalMixture
from uncertainty.predictive import ContinuousPredictive, RecalibratedPredictive
from uncertainty.predictive.cdf_map import CdfMap

IDENTITY = CdfMap(np.array([[0.0, 0.5], [0.0, 0.5]]), np.array([[0.0, 0.5], [0.0, 0.5]]))
# More than half of the new probability lies below the raw median, and the lower tail is far too thin.
SKEWED = CdfMap(
    np.array([[0.0, 1e-4, 0.1, 0.5], [0.0, 0.05, 0.4, 0.7]]), np.array([[0.0, 0.05, 0.3, 0.5], [0.0, 0.06, 0.25, 0.3]])
)
OTHER = CdfMap(np.array([[0.0, 0.2, 0.5], [0.0, 0.1, 0.35]]), np.array([[0.0, 0.1, 0.5], [0.0, 0.3, 0.65]]))


@pytest.fixture
def mapped(continuous):
    def make(*shape, maps=(SKEWED,), **options):
        return RecalibratedPredictive(continuous(*shape, **options), maps)

    return make


@pytest.mark.parametrize("n_targets", [0, 2])
def test_the_identity_changes_nothing(continuous, n_targets):
    raw = continuous(3, 4, n_targets, 2)
    p = RecalibratedPredictive(raw, (IDENTITY,) * max(n_targets, 1))
    y = raw.mean() + 0.3
    for name in ("mean", "std", "var", "aleatoric_variance", "epistemic_variance"):
        np.testing.assert_allclose(getattr(p, name)(), getattr(raw, name)(), rtol=1e-10)
    for name in ("logpdf", "pdf", "cdf", "sf"):
        np.testing.assert_allclose(getattr(p, name)(y), getattr(raw, name)(y), rtol=1e-12)
    np.testing.assert_allclose(p.crps(y), raw.crps(y), rtol=1e-6)
    np.testing.assert_allclose(p.entropy(), raw.entropy(), atol=2e-3)
    for side in ("two", "lower", "upper"):
        np.testing.assert_allclose(p.interval([0.5, 0.9], side=side), raw.interval([0.5, 0.9], side=side), rtol=1e-12)
    np.testing.assert_allclose(p.ppf([1e-12, 0.3, 1 - 1e-12]), raw.ppf([1e-12, 0.3, 1 - 1e-12]), rtol=1e-12)
    np.testing.assert_allclose(p.rvs(5, 0), raw.rvs(5, 0), rtol=1e-12)
    functions = (d.sample_functions(5, np.random.default_rng(0)) for d in (p, raw))
    np.testing.assert_allclose(*functions, rtol=1e-12)


def test_quantiles_and_cdf_invert_each_other_in_both_tails(mapped):
    p = mapped(3, 4, 0, 2)
    for q in (1e-12, 0.01, 0.05, 0.4, 0.7, 0.75, 0.94, 0.9999):
        np.testing.assert_allclose(p.cdf(p.ppf(q)), q, rtol=1e-9)
    upper = p.tail_quantiles(np.array([1e-14, 0.2, 0.6]), np.array([True, True, True]))
    for mass, points in zip((1e-14, 0.2, 0.6), upper.T, strict=True):
        np.testing.assert_allclose(p.sf(points), mass, rtol=1e-9)
    np.testing.assert_allclose(p.cdf(0.3) + p.sf(0.3), 1.0, rtol=1e-14)
    assert np.all(np.diff(p.ppf(np.linspace(0.01, 0.99, 99)), axis=1) > 0)


def test_density_integrates_to_one_and_differentiates_the_cdf(mapped):
    p = mapped(2, 2, 0, 2)
    kinks = p.raw.tail_quantiles(*SKEWED.knots())
    for i in range(2):
        edges = [-40.0, *kinks[i], 40.0]
        total = sum(
            quad(lambda y, i=i: p[i].pdf([y])[0], *edges[j : j + 2], limit=200)[0] for j in range(len(edges) - 1)
        )
        np.testing.assert_allclose(total, 1.0, atol=1e-7)
    h = 1e-6
    for y in (-2.0, 0.1, 1.7):
        np.testing.assert_allclose((p.cdf(y + h) - p.cdf(y - h)) / (2 * h), p.pdf(y), rtol=1e-5)


def test_moments_entropy_and_crps_agree_with_quadrature(mapped):
    p = mapped(3, 3, 0, 2)
    y = np.array([0.4, -3.0, 6.0])
    kinks = p.raw.tail_quantiles(*SKEWED.knots())
    for i in range(3):
        edges = np.unique([-40.0, *kinks[i], *p.raw[i].means.ravel(), y[i], 40.0])

        def integrate(f, edges=edges):
            return sum(quad(f, a, b, limit=200, epsabs=1e-11)[0] for a, b in pairwise(edges))

        row = p[i]
        mean = integrate(lambda v, row=row: v * row.pdf([v])[0])
        np.testing.assert_allclose(p.mean()[i], mean, rtol=1e-7)
        second = integrate(lambda v, row=row, mean=mean: (v - mean) ** 2 * row.pdf([v])[0])
        np.testing.assert_allclose(p.var()[i], second, rtol=1e-6)
        surprise = integrate(lambda v, row=row: -row.pdf([v])[0] * row.logpdf([v])[0])
        np.testing.assert_allclose(p.entropy()[i], surprise, atol=1e-3)
        crps = integrate(lambda v, row=row, at=y[i]: (row.cdf([v])[0] if v < at else row.sf([v])[0]) ** 2)
        np.testing.assert_allclose(p.crps(y)[i], crps, rtol=1e-5)


def test_the_variance_keeps_the_raw_shares(mapped):
    p = mapped(4, 5, 2, 2, maps=(SKEWED, OTHER))
    np.testing.assert_array_equal(p.var(), p.aleatoric_variance() + p.epistemic_variance())
    np.testing.assert_allclose(p.epistemic_variance() / p.var(), p.raw.epistemic_variance() / p.raw.var(), rtol=1e-12)
    assert np.all(mapped(1, 3, 0, 2).epistemic_variance() == 0.0)


@pytest.mark.parametrize(("location", "scale"), [(3.0, 0.25), (-1e3, 7.0)])
def test_an_affine_map_of_y_moves_every_answer_accordingly(mapped, location, scale):
    p = mapped(3, 4, 0, 2)
    moved = p.raw.members.affine(np.array([location]), np.array([scale]))
    q = RecalibratedPredictive(ContinuousPredictive(moved, single_target=True), p.cdf_maps)
    y = np.array([0.2, -1.0, 3.0, 0.0])
    np.testing.assert_allclose(q.mean(), location + scale * p.mean(), rtol=1e-9)
    np.testing.assert_allclose(q.var(), scale**2 * p.var(), rtol=1e-7)
    np.testing.assert_allclose(q.interval(0.9), location + scale * p.interval(0.9), rtol=1e-9)
    np.testing.assert_allclose(q.logpdf(location + scale * y), p.logpdf(y) - np.log(scale), rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(q.crps(location + scale * y), scale * p.crps(y), rtol=1e-6)
    np.testing.assert_allclose(q.entropy(), p.entropy() + np.log(scale), atol=1e-4)


def test_the_joint_density_of_two_targets_integrates_to_the_marginal_one(mapped):
    # The raw targets depend on one another; the slopes of the maps times the raw joint density would not do it.
    p = mapped(2, 1, 2, 2, maps=(SKEWED, OTHER), seed=3)
    first = RecalibratedPredictive(p.raw.marginal(0), p.cdf_maps[:1])
    levels, upper = OTHER.knots()
    levels, upper = np.array([1e-9, *levels, 1e-9]), np.array([False, *upper, True])
    edges = p.raw.marginal(1).tail_quantiles(levels, upper)[0]
    for a in (first.ppf(0.02)[0], 0.4, 2.0):
        pieces = [quad(lambda b, a=a: p.pdf([[a, b]])[0], *piece)[0] for piece in pairwise(edges)]
        np.testing.assert_allclose(sum(pieces), first.pdf(a)[0], rtol=1e-5)
        np.testing.assert_allclose(p.cdf([[a, 0.0]])[0, 0], first.cdf(a)[0], rtol=1e-12)


def test_joint_entropy_is_the_mean_surprise_of_draws(mapped):
    p = mapped(2, 1, 2, 2, maps=(SKEWED, OTHER))
    draws = p.rvs(3000, random_state=0)[0].T
    repeated = NormalMixture(
        *(np.repeat(a, 3000, axis=1) for a in (p.raw.members.weights, p.raw.members.means, p.raw.members.scales))
    )
    many = RecalibratedPredictive(ContinuousPredictive(repeated, single_target=False), p.cdf_maps)
    surprise = -many.logpdf(draws)
    error = surprise.std() / np.sqrt(3000)
    assert abs(surprise.mean() - p.entropy()[0]) < 4 * np.hypot(error, 0.03)


def test_draws_follow_the_cdf(mapped):
    p = mapped(3, 2, 2, 2, maps=(SKEWED, OTHER))
    draws = p.rvs(3000, random_state=1)
    for target, cdf_map in enumerate(p.cdf_maps):
        only = RecalibratedPredictive(p.raw.marginal(target), (cdf_map,))
        for i in range(2):
            values = np.array([only[i].cdf([v])[0] for v in draws[i, target, :800]])
            assert stats.kstest(values, "uniform").pvalue > 1e-3


def test_observations_beyond_all_resolution_keep_a_finite_score(mapped):
    p = mapped(2, 2, 2, 2, maps=(SKEWED, OTHER))
    for y in (-1e4, 1e4):
        assert np.isfinite(p.logpdf(y)).all()
        np.testing.assert_allclose(p.crps(y), abs(y), rtol=0.01)


@pytest.mark.parametrize("n_targets", [0, 2])
def test_indexing_keeps_the_row_axis(mapped, n_targets):
    p = mapped(3, 4, n_targets, 2, maps=(SKEWED, OTHER)[: max(n_targets, 1)])
    for index in (0, [2, 0], slice(1, 3)):
        part, rows = p[index], np.atleast_1d(np.arange(4)[index])
        assert len(part) == len(rows)
        np.testing.assert_array_equal(part.mean(), p.mean()[rows])
        np.testing.assert_array_equal(part.interval([0.5, 0.9]), p.interval([0.5, 0.9])[rows])
    assert [len(row) for row in p] == [1] * 4
    shape = (4, 2) if n_targets else (4,)
    assert p.rvs(7, 0).shape == (*shape, 7)
    assert p.interval([0.5, 0.9]).shape == (*shape, 2, 2)
    assert p.ppf(0.5).shape == p.crps(0.0).shape == p.std().shape == shape
    assert p.logpdf(0.0).shape == p.entropy().shape == (4,)


def test_blocks_of_rows_change_nothing(mapped, monkeypatch):
    p, y = mapped(3, 7, 0, 2), np.linspace(-2, 2, 7)
    expected = p.mean(), p.var(), p.crps(y), p.entropy(), p.logpdf(y)
    monkeypatch.setattr("uncertainty.predictive.mapped_mixture.BLOCK_NUMBERS", 1)
    q = p[:]
    for value, before in zip((q.mean(), q.var(), q.crps(y), q.entropy(), q.logpdf(y)), expected, strict=True):
        np.testing.assert_allclose(value, before, rtol=1e-13)
