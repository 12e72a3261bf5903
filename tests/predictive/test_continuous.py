"""Mixtures over members: moments, densities, scores and samples against brute force."""

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad

from uncertainty.heads.normal_mixture import NormalMixture
from uncertainty.predictive import ContinuousPredictive

SHAPES = [(1, 1, 0, 1), (1, 4, 0, 3), (5, 4, 0, 1), (3, 2, 0, 4), (1, 3, 2, 1), (4, 3, 3, 2), (2, 1, 1, 3)]
shapes = pytest.mark.parametrize("shape", SHAPES, ids=lambda s: "M{}N{}T{}K{}".format(*s))


def components(predictive, row, target=0):
    """Weights, means and scales of one row's pooled mixture, read off the members' arrays by hand."""
    m = predictive.members
    weights = m.weights[:, row].ravel() / m.weights.shape[0]
    return weights, m.means[:, row, target].ravel(), m.scales[:, row, target].ravel()


def direct(predictive, row, values, function):
    weights, means, scales = components(predictive, row)
    frozen = stats.norm(means, scales)
    return np.array([(weights * getattr(frozen, function)(v)).sum() for v in np.atleast_1d(values)])


def with_members(predictive, members):
    return ContinuousPredictive(members, single_target=predictive.single_target)


def affine(predictive, location, scale):
    n_targets = predictive.members.means.shape[2]
    return with_members(predictive, predictive.members.affine(np.full(n_targets, location), np.full(n_targets, scale)))


@shapes
def test_total_variance_is_the_sum_of_its_parts_exactly(continuous, shape):
    p = continuous(*shape)
    np.testing.assert_array_equal(p.var(), p.aleatoric_variance() + p.epistemic_variance())
    np.testing.assert_array_equal(p.std(), np.sqrt(p.var()))


@shapes
def test_moments_are_those_of_the_pooled_mixture(continuous, shape):
    p = continuous(*shape)
    n_targets = max(shape[2], 1)
    mean, var = p.mean().reshape(-1, n_targets), p.var().reshape(-1, n_targets)
    for i in range(shape[1]):
        for t in range(n_targets):
            w, m, s = components(p, i, t)
            first = (w * m).sum()
            np.testing.assert_allclose(mean[i, t], first, rtol=1e-12)
            np.testing.assert_allclose(var[i, t], (w * (s**2 + (m - first) ** 2)).sum(), rtol=1e-12)


def test_moments_agree_with_scipys_mixture(continuous):
    p = continuous(3, 5, 0, 2)
    for i in range(5):
        w, m, s = components(p, i)
        normals = [stats.Normal(mu=a, sigma=b) for a, b in zip(m, s, strict=True)]
        reference = stats.Mixture(normals, weights=w)
        np.testing.assert_allclose(p.mean()[i], reference.mean(), rtol=1e-10)
        np.testing.assert_allclose(p.var()[i], reference.variance(), rtol=1e-10)
        y = np.array([-1.0, 0.3, 2.0])
        for name in ("cdf", "pdf", "logpdf"):
            ours = np.array([getattr(p[i], name)(v)[0] for v in y])
            np.testing.assert_allclose(ours, getattr(reference, name)(y), rtol=1e-10)


def test_parts_of_the_variance_follow_their_definition(continuous):
    # Aleatoric: mean of the members' variances (within and between components); epistemic: variance of their means.
    p = continuous(4, 3, 0, 3)
    m = p.members
    member_mean = (m.weights * m.means[:, :, 0]).sum(-1)
    member_var = (m.weights * (m.scales[:, :, 0] ** 2 + m.means[:, :, 0] ** 2)).sum(-1) - member_mean**2
    np.testing.assert_allclose(p.aleatoric_variance(), member_var.mean(0), rtol=1e-10)
    np.testing.assert_allclose(p.epistemic_variance(), member_mean.var(0), rtol=1e-10)
    np.testing.assert_allclose(p.member_means(), member_mean, rtol=1e-12)


def test_one_member_has_no_epistemic_variance(continuous):
    assert np.all(continuous(1, 5, 0, 3).epistemic_variance() == 0.0)


@pytest.mark.parametrize("n_members", [2, 3, 5, 7, 10])
def test_equal_members_have_no_epistemic_variance(continuous, n_members):
    m = continuous(1, 50, 0, 2, spread=1e3).members
    same = NormalMixture(*(np.repeat(a, n_members, axis=0) for a in (m.weights, m.means, m.scales)))
    p = ContinuousPredictive(same, single_target=True)
    assert np.all(p.epistemic_variance() == 0.0)
    np.testing.assert_allclose(p.var(), m.variance()[0, :, 0], rtol=1e-14)


@pytest.mark.slow
@pytest.mark.parametrize("n_targets", [0, 2])
def test_law_of_total_variance_holds_for_samples(continuous, n_targets):
    p = continuous(4, 3, n_targets, 3)
    n = 400_000
    draws = p.rvs(n, random_state=0)  # (..., S)
    var = p.var()
    centred = draws - p.mean()[..., None]
    # Standard errors of a mean and of a variance: sqrt(var / n), sqrt((m4 - var^2) / n); 4.5 of them for 9 numbers.
    assert np.all(np.abs(centred.mean(-1)) < 4.5 * np.sqrt(var / n))
    error = np.sqrt(((centred**4).mean(-1) - var**2) / n)
    assert np.all(np.abs((centred**2).mean(-1) - var) < 4.5 * error)


def test_densities_and_probabilities_are_the_weighted_sums_of_the_components(continuous):
    p = continuous(3, 3, 0, 2)
    for y in (-3.0, 0.1, 2.5):
        for name in ("pdf", "cdf", "sf"):
            expected = [direct(p, i, y, name)[0] for i in range(3)]
            np.testing.assert_allclose(getattr(p, name)(y), expected, rtol=1e-12)
        np.testing.assert_allclose(p.logpdf(y), np.log(p.pdf(y)), rtol=1e-12)


def test_density_integrates_to_one_and_differentiates_the_cdf(continuous):
    p = continuous(3, 2, 0, 3)
    for i in range(2):
        total, _ = quad(lambda y, i=i: p.pdf(y)[i], -40, 40, limit=400)
        np.testing.assert_allclose(total, 1.0, atol=1e-8)
    h = 1e-5
    for y in (-2.0, 0.0, 1.7):
        np.testing.assert_allclose((p.cdf(y + h) - p.cdf(y - h)) / (2 * h), p.pdf(y), rtol=1e-6)


def test_tails_keep_their_relative_accuracy(mixture):
    p = mixture([0.0, 1.0], [1.0, 1.0])
    far = 0.5 * (stats.norm.sf(30) + stats.norm.sf(29))
    np.testing.assert_allclose(p.sf(30.0), far, rtol=1e-12)
    np.testing.assert_allclose(p.cdf(-30.0), 0.5 * (stats.norm.cdf(-30) + stats.norm.cdf(-31)), rtol=1e-12)
    assert np.isfinite(p.logpdf(1e5)).all()  # the density underflows there, its logarithm must not


def test_joint_density_of_several_targets_keeps_their_dependence(continuous):
    # A component spans all targets: the joint density is a sum over components of products over targets.
    p = continuous(2, 3, 2, 2)
    y = np.array([[0.0, 1.0], [-1.0, 0.5], [2.0, 2.0]])
    m = p.members
    density = stats.norm(m.means, m.scales).pdf(y[None, :, :, None]).prod(axis=2)  # [M, N, K]
    np.testing.assert_allclose(p.pdf(y), (m.weights * density).sum(-1).mean(0), rtol=1e-12)
    marginals = [
        ContinuousPredictive(NormalMixture(m.weights, m.means[:, :, [t]], m.scales[:, :, [t]]), single_target=True)
        for t in (0, 1)
    ]
    assert not np.allclose(p.logpdf(y), sum(q.logpdf(y[:, t]) for t, q in enumerate(marginals)))
    for name in ("cdf", "sf", "crps"):
        both = getattr(p, name)(y)
        for t, q in enumerate(marginals):
            np.testing.assert_allclose(both[:, t], getattr(q, name)(y[:, t]), rtol=1e-12)


@pytest.mark.parametrize("scale", [2.0, 0.125, 2.0**20, 2.0**-30])
def test_a_power_of_two_scale_is_exact(continuous, scale):
    p = continuous(3, 6, 0, 2)
    q = affine(p, 0.0, scale)
    np.testing.assert_array_equal(q.mean(), scale * p.mean())
    for name in ("aleatoric_variance", "epistemic_variance", "var"):
        np.testing.assert_array_equal(getattr(q, name)(), scale**2 * getattr(p, name)())
    np.testing.assert_array_equal(q.std(), scale * p.std())
    np.testing.assert_array_equal(q.interval([0.5, 0.99]), scale * p.interval([0.5, 0.99]))
    np.testing.assert_array_equal(q.ppf([1e-9, 0.3]), scale * p.ppf([1e-9, 0.3]))
    np.testing.assert_array_equal(q.cdf(scale * 0.7), p.cdf(0.7))
    np.testing.assert_array_equal(q.crps(scale * 0.7), scale * p.crps(0.7))
    np.testing.assert_allclose(q.logpdf(scale * 0.7), p.logpdf(0.7) - np.log(scale), rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(q.entropy(), p.entropy() + np.log(scale), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("location", "scale"), [(3.0, 0.3), (-1e3, 7.0), (1e6, 1e3)])
def test_any_affine_map_moves_every_answer_accordingly(continuous, location, scale):
    p = continuous(3, 6, 0, 2)
    q = affine(p, location, scale)
    rtol = 1e-9
    np.testing.assert_allclose(q.mean(), location + scale * p.mean(), rtol=rtol)
    np.testing.assert_allclose(q.aleatoric_variance(), scale**2 * p.aleatoric_variance(), rtol=rtol)
    np.testing.assert_allclose(q.epistemic_variance(), scale**2 * p.epistemic_variance(), rtol=rtol)
    np.testing.assert_allclose(q.interval(0.9), location + scale * p.interval(0.9), rtol=rtol)
    y = p.mean() + 0.4
    np.testing.assert_allclose(q.logpdf(location + scale * y), p.logpdf(y) - np.log(scale), rtol=rtol, atol=1e-9)
    np.testing.assert_allclose(q.crps(location + scale * y), scale * p.crps(y), rtol=1e-8)
    np.testing.assert_allclose(q.rvs(3, 0), location + scale * p.rvs(3, 0), rtol=rtol)


@pytest.mark.parametrize("n_components", [1, 3])
def test_monte_carlo_error_is_the_spread_of_the_std_over_draws_of_members(continuous, n_components):
    everyone = continuous(20_000, 3, 0, n_components)
    m = everyone.members
    std, error = [], []
    for group in np.arange(20_000).reshape(500, 40):
        p = with_members(everyone, NormalMixture(m.weights[group], m.means[group], m.scales[group]))
        std.append(p.std())
        error.append(p.monte_carlo_error())
    # 500 groups tell a standard deviation to 3 %.
    np.testing.assert_allclose(np.sqrt(np.mean(np.square(error), axis=0)), np.std(std, axis=0, ddof=1), rtol=0.1)


@shapes
def test_monte_carlo_error_is_that_of_the_jackknife(continuous, shape):
    p = continuous(max(shape[0], 3), *shape[1:])
    m, n = p.members, p.n_members
    without = []
    for i in range(n):
        weights, means, scales = (np.delete(a, i, axis=0) for a in (m.weights, m.means, m.scales))
        without.append(with_members(p, NormalMixture(weights, means, scales)).std())
    expected = np.sqrt((n - 1) / n * ((without - np.mean(without, axis=0)) ** 2).sum(axis=0))
    np.testing.assert_allclose(p.monte_carlo_error(), expected, rtol=1e-9, atol=1e-14)


def test_monte_carlo_error_has_the_units_of_y_and_needs_three_members(continuous):
    p = continuous(5, 4, 2, 3)
    np.testing.assert_allclose(affine(p, 1e6, 7.0).monte_carlo_error(), 7.0 * p.monte_carlo_error(), rtol=1e-6)
    equal = continuous(1, 4).members
    sixfold = NormalMixture(*(np.repeat(a, 6, axis=0) for a in (equal.weights, equal.means, equal.scales)))
    np.testing.assert_allclose(with_members(continuous(), sixfold).monte_carlo_error(), 0.0, atol=1e-14)
    with pytest.raises(ValueError, match=r"at least three members .* got 2"):
        continuous(2).monte_carlo_error()


def test_effective_components_count_those_in_use(continuous, mixture):
    assert mixture([0.0, 1.0], [1.0, 1.0], [1.0, 0.0]).effective_components() == pytest.approx(1.0)
    assert mixture([0.0] * 4, [1.0] * 4).effective_components() == pytest.approx(4.0)
    assert mixture([0.0, 1.0, 2.0], [1.0] * 3, [0.5, 0.5, 0.0]).effective_components() == pytest.approx(2.0)
    p = continuous(6, 5, 2, 3)
    expected = np.mean([[np.exp(stats.entropy(w)) for w in member] for member in p.members.weights], axis=0)
    np.testing.assert_allclose(p.effective_components(), expected, rtol=1e-12)


@pytest.mark.parametrize("offset", [1e8, -1e8, 1e12])
def test_large_offsets_give_no_negative_or_missing_variance(continuous, offset):
    # sqrt(E[x^2] - E[x]^2) would be NaN here.
    p = continuous(5, 50, 0, 3)
    q = affine(p, offset, 1.0)
    for name in ("aleatoric_variance", "epistemic_variance", "var"):
        values = getattr(q, name)()
        assert np.all(values >= 0.0)
        # Adding the offset rounds each mean by offset * 2^-53; the variance follows to that accuracy.
        np.testing.assert_allclose(values, getattr(p, name)(), atol=20 * abs(offset) * 2**-53, rtol=1e-3)
    assert np.all(np.isfinite(q.interval(0.9)))
    assert np.all(np.isfinite(q.crps(offset)))


@pytest.mark.parametrize("n_components", [1, 2, 3, 4])
def test_crps_agrees_with_scoringrules(scoringrules, continuous, n_components):
    p = continuous(2, 6, 0, n_components)
    y = np.linspace(-4, 4, 6)
    reference = scoringrules.crps_mixnorm(y, p.means, p.scales, p.weights, m_axis=-1)
    np.testing.assert_allclose(p.crps(y), reference, rtol=1e-9)


def test_crps_is_the_integrated_squared_error_of_the_cdf(continuous):
    p = continuous(2, 2, 0, 2)
    y = np.array([0.4, -1.0])
    for i in range(2):
        below, _ = quad(lambda t, i=i: p.cdf(t)[i] ** 2, -40, y[i], limit=400)
        above, _ = quad(lambda t, i=i: p.sf(t)[i] ** 2, y[i], 40, limit=400)
        np.testing.assert_allclose(p.crps(y)[i], below + above, rtol=1e-7)


def test_entropy_agrees_with_quadrature(continuous):
    p = continuous(3, 3, 0, 2)
    for i in range(3):
        expected, _ = quad(lambda t, i=i: -p.pdf(t)[i] * p.logpdf(t)[i], -40, 40, limit=400)
        np.testing.assert_allclose(p.entropy()[i], expected, atol=2e-3)


def test_entropy_of_one_normal_is_exact(continuous):
    p = continuous(1, 4, 0, 1)
    np.testing.assert_allclose(p.entropy(), stats.norm(p.means, p.scales).entropy()[:, 0], rtol=1e-10)


def test_entropy_of_several_independent_targets_is_their_sum(continuous):
    p = continuous(1, 6, 2, 1)
    expected = stats.norm(p.means[..., 0], p.scales[..., 0]).entropy().sum(axis=1)
    # 512 fixed draws: the documented standard error is 0.03 nats a target.
    np.testing.assert_allclose(p.entropy(), expected, atol=4 * 0.03 * np.sqrt(2))


def test_draws_follow_the_cdf(continuous):
    p = continuous(3, 4, 0, 2)
    draws = p.rvs(4000, random_state=1)
    for i in range(4):
        assert stats.kstest(draws[i], lambda v, i=i: direct(p, i, v, "cdf")).pvalue > 1e-3


def test_draws_of_several_targets_share_the_component(mixture):
    means = np.array([[-10.0, 10.0], [-10.0, 10.0]]).reshape(1, 1, 2, 2)
    p = ContinuousPredictive(NormalMixture(np.full((1, 1, 2), 0.5), means, np.ones_like(means)), single_target=False)
    draws = p.rvs(200, random_state=0)[0]
    np.testing.assert_array_equal(np.sign(draws[0]), np.sign(draws[1]))


def test_draws_depend_on_the_seed_alone(continuous):
    p = continuous()
    np.testing.assert_array_equal(p.rvs(5, random_state=3), p.rvs(5, random_state=3))
    assert not np.array_equal(p.rvs(5, random_state=3), p.rvs(5, random_state=4))
    assert not np.array_equal(p.rvs(5), p.rvs(5))
    state = np.random.get_state()[1].copy()  # noqa: NPY002 - the global state is what is tested
    p.rvs(5, random_state=3)
    np.testing.assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002


def test_a_sampled_function_follows_one_member_through_all_rows():
    # Member m lies at 100 m with almost no noise: which member a draw came from can be read off its value.
    means = np.broadcast_to(100.0 * np.arange(4)[:, None, None, None], (4, 6, 1, 1))
    p = ContinuousPredictive(NormalMixture(np.ones((4, 6, 1)), means, np.full_like(means, 1e-3)), single_target=True)
    draws = p.sample_functions(64, np.random.default_rng(0))
    members = np.round(draws / 100)
    assert draws.shape == (6, 64)
    assert np.all(members == members[0])
    assert set(members[0]) == {0, 1, 2, 3}
    assert len(np.unique(draws[:, 0] - 100 * members[:, 0])) == 6  # the noise is independent between rows
    independent = np.round(p.rvs(64, random_state=0) / 100)
    assert not np.all(independent == independent[0])


def test_sampled_functions_have_the_right_marginals(continuous):
    p = continuous(3, 2, 0, 2)
    draws = p.sample_functions(4000, np.random.default_rng(0))
    for i in range(2):
        assert stats.kstest(draws[i], lambda v, i=i: direct(p, i, v, "cdf")).pvalue > 1e-3


def test_the_order_of_members_changes_nothing(continuous):
    p = continuous(5, 6, 2, 2)
    order = np.array([3, 0, 4, 1, 2])
    m = p.members
    q = with_members(p, NormalMixture(m.weights[order], m.means[order], m.scales[order]))
    y = np.zeros((6, 2))
    for name in ("mean", "var", "aleatoric_variance", "epistemic_variance"):
        np.testing.assert_allclose(getattr(q, name)(), getattr(p, name)(), rtol=1e-13, atol=1e-15)
    for name in ("logpdf", "cdf", "sf", "crps"):
        np.testing.assert_allclose(getattr(q, name)(y), getattr(p, name)(y), rtol=1e-12)
    np.testing.assert_allclose(q.interval([0.5, 0.9]), p.interval([0.5, 0.9]), rtol=1e-12)
    np.testing.assert_allclose(q.entropy(), p.entropy(), rtol=1e-12)


@pytest.mark.parametrize("index", [0, -1, np.int64(2), slice(1, 3), [2, 0], np.array([True, False, True, False])])
@pytest.mark.parametrize("n_targets", [0, 2])
def test_indexing_keeps_the_row_axis(continuous, index, n_targets):
    p = continuous(3, 4, n_targets, 2)
    part = p[index]
    expected = np.atleast_1d(np.arange(4)[index])
    assert len(part) == len(expected)
    assert part.n_members == p.n_members
    np.testing.assert_array_equal(part.mean(), p.mean()[expected])
    np.testing.assert_array_equal(part.interval(0.9), p.interval(0.9)[expected])


def test_iteration_ends_and_rows_out_of_range_raise(continuous):
    p = continuous(2, 4)
    assert [len(row) for row in p] == [1, 1, 1, 1]
    for index in (4, -5):
        with pytest.raises(IndexError, match="row index"):
            p[index]


def test_mixture_arrays_describe_the_distribution(continuous):
    p = continuous(3, 4, 2, 2)
    assert p.weights.shape == (4, 6)
    assert p.means.shape == p.scales.shape == (4, 2, 6)
    np.testing.assert_allclose(p.weights.sum(1), 1.0, rtol=1e-14)
    np.testing.assert_allclose((p.weights[:, None] * p.means).sum(-1), p.mean(), rtol=1e-12, atol=1e-14)
    assert p.member_means().shape == (3, 4, 2)


@pytest.mark.parametrize("method", ["logpdf", "cdf", "crps"])
def test_observations_of_the_wrong_shape_are_refused(continuous, method):
    with pytest.raises(ValueError, match=r"y must have shape \(4,\), one value a row"):
        getattr(continuous(2, 4), method)(np.zeros(3))
    with pytest.raises(ValueError, match=r"y must have shape \(4, 2\)"):
        getattr(continuous(2, 4, 2), method)(np.zeros(4))


@pytest.mark.parametrize(
    ("weights", "means", "scales"),
    [
        ([0.5, 0.5], [0.0, 0.0], [1.0, 33.0]),
        ([0.5, 0.5], [0.0, 1000.0], [1.0, 1e-3]),
        ([0.2, 0.3, 0.5], [-4.0, 0.0, 1.0], [0.01, 3.0, 0.2]),
    ],
    ids=["wide and narrow", "far apart", "three"],
)
def test_entropy_of_components_of_different_width_equals_a_fine_sum(weights, means, scales):
    arrays = [np.array(a)[None, None] for a in (weights, means, scales)]
    p = ContinuousPredictive(NormalMixture(arrays[0], arrays[1][:, :, None], arrays[2][:, :, None]), single_target=True)
    grid = np.unique(np.concatenate([m + s * np.linspace(-12, 12, 4001) for m, s in zip(means, scales, strict=True)]))
    density = sum(w * stats.norm.pdf(grid, m, s) for w, m, s in zip(weights, means, scales, strict=True))
    expected = -np.trapezoid(density * np.log(np.maximum(density, 1e-300)), grid)
    np.testing.assert_allclose(p.entropy(), expected, atol=1e-4)
