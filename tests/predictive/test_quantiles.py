"""Quantiles and intervals: exact inverses of the mixture's distribution function, into the far tails."""

import numpy as np
import pytest
from scipy import stats

from uncertainty.heads.normal_mixture import NormalMixture
from uncertainty.predictive import ContinuousPredictive

LEVELS = [1e-12, 1e-6, 0.01, 0.25, 0.5, 0.75, 0.99, 1 - 1e-6, 1 - 1e-12]
BIMODAL = {
    "overlapping": ([0.0, 1.5], [1.0, 1.0], [0.5, 0.5]),
    "separated": ([-50.0, 50.0], [1.0, 2.0], [0.3, 0.7]),
    "far apart, tiny scales": ([0.0, 1e4], [1e-3, 1e-3], [0.6, 0.4]),
    "rare far component": ([0.0, 1e3], [1.0, 1.0], [1 - 1e-9, 1e-9]),
    "a component of no weight": ([0.0, 1e6], [1.0, 1.0], [1.0, 0.0]),
    "scales far apart": ([0.0, 0.0], [1e-4, 1e4], [0.5, 0.5]),
}


@pytest.mark.parametrize("q", LEVELS)
@pytest.mark.parametrize("shape", [(1, 5, 0, 1), (5, 20, 0, 1), (3, 20, 0, 4), (4, 5, 3, 2)])
def test_cdf_undoes_ppf_into_the_tails(continuous, shape, q):
    p = continuous(*shape)
    y = p.ppf(q)
    np.testing.assert_allclose(p.cdf(y), q, rtol=1e-10)
    np.testing.assert_allclose(p.sf(y), 1.0 - q, rtol=1e-10)


@pytest.mark.parametrize("name", BIMODAL)
@pytest.mark.parametrize("q", LEVELS)
def test_cdf_undoes_ppf_in_hard_mixtures(mixture, name, q):
    means, scales, weights = BIMODAL[name]
    p = mixture(means, scales, weights)
    # The smaller tail is the one that carries the information. One rounding of y moves the tail mass by up to
    # hazard * |y| * 2^-52, which is all that a solver can be held to.
    y = p.ppf(q)
    tail, mass = (p.cdf(y), q) if q <= 0.5 else (p.sf(y), 1.0 - q)
    rounding = 4 * p.pdf(y)[0] * abs(y[0]) * 2**-52 / mass
    np.testing.assert_allclose(tail, mass, rtol=1e-10 + rounding)


@pytest.mark.parametrize("y", [-6.0, -1.0, 0.2, 3.0, 6.0])
def test_ppf_undoes_cdf(continuous, y):
    # In the upper half the cdf is rounded at 2^-53, so y comes back as well as the density there allows.
    p = continuous(3, 10, 0, 2)
    q = p.cdf(y)
    found = np.array([p[i].ppf(q[i])[0] for i in range(10)])
    np.testing.assert_allclose(found, y, atol=1e-10 + (2**-51 / p.pdf(y)).max() if y > 0 else 1e-10)


@pytest.mark.parametrize("q", LEVELS)
def test_one_component_is_exact(mixture, q):
    expected = 3.0 + 2.0 * (stats.norm.ppf(q) if q <= 0.5 else stats.norm.isf(1.0 - q))
    np.testing.assert_allclose(mixture([3.0], [2.0]).ppf(q), expected, rtol=4e-16)


def test_equal_components_are_exact(mixture):
    np.testing.assert_allclose(mixture([3.0] * 4, [2.0] * 4).ppf(0.025), stats.norm(3, 2).ppf(0.025), rtol=4e-16)


def test_a_bimodal_quantile_is_not_the_moment_matched_one(mixture):
    p = mixture([-10.0, 10.0], [1.0, 1.0])
    moment_matched = p.mean() + stats.norm.ppf(0.75) * p.std()
    assert abs(p.ppf(0.75)[0] - 10.0) < 1e-6
    assert abs(moment_matched[0] - 10.0) > 3.0


@pytest.mark.parametrize("offset", [1e8, -1e8])
def test_quantiles_at_a_large_offset(continuous, offset):
    p = continuous(3, 10, 0, 2)
    m = p.members
    q = ContinuousPredictive(NormalMixture(m.weights, m.means + offset, m.scales), single_target=True)
    np.testing.assert_allclose(q.ppf([0.01, 0.5, 0.99]) - offset, p.ppf([0.01, 0.5, 0.99]), atol=1e-6)


SHAPES = [
    (0, 0.9, (4, 2)),
    (0, [0.5, 0.8, 0.9], (4, 2, 3)),
    (0, [0.9], (4, 2, 1)),
    (1, 0.9, (4, 1, 2)),
    (3, 0.9, (4, 3, 2)),
    (3, [0.5, 0.9], (4, 3, 2, 2)),
    (3, [0.9], (4, 3, 2, 1)),
]


@pytest.mark.parametrize(("n_targets", "coverage", "shape"), SHAPES)
@pytest.mark.parametrize("side", ["two", "lower", "upper"])
def test_interval_shapes(continuous, n_targets, coverage, shape, side):
    assert continuous(2, 4, n_targets).interval(coverage, side=side).shape == shape


@pytest.mark.parametrize(
    ("n_targets", "q", "shape"),
    [(0, 0.5, (4,)), (0, [0.1, 0.5, 0.9], (4, 3)), (3, 0.5, (4, 3)), (3, [0.1, 0.5], (4, 3, 2))],
)
def test_quantile_shapes(continuous, n_targets, q, shape):
    assert continuous(2, 4, n_targets).ppf(q).shape == shape


@pytest.mark.parametrize("n_targets", [0, 2])
def test_intervals_are_nested_and_hold_the_median(continuous, n_targets):
    p = continuous(3, 50, n_targets, 3, spread=10.0)
    low, high = np.moveaxis(p.interval([0.01, 0.5, 0.9, 0.999]), -2, 0)
    median = p.ppf(0.5)[..., None]
    assert np.all(low <= median)
    assert np.all(median <= high)
    assert np.all(np.diff(low, axis=-1) <= 0)
    assert np.all(np.diff(high, axis=-1) >= 0)


def test_several_levels_are_the_single_levels(continuous):
    p = continuous(3, 5, 2, 2)
    both = p.interval([0.5, 0.9])
    for i, level in enumerate((0.5, 0.9)):
        np.testing.assert_array_equal(both[..., i], p.interval(level))


@pytest.mark.parametrize("coverage", [0.1, 0.9, 1 - 1e-10])
def test_intervals_hold_their_probability(continuous, coverage):
    p = continuous(3, 5, 0, 2)
    low, high = p.interval(coverage).T
    np.testing.assert_allclose(p.cdf(low), (1 - coverage) / 2, rtol=1e-10)  # equal tails
    np.testing.assert_allclose(p.sf(high), (1 - coverage) / 2, rtol=1e-10)
    low, high = p.interval(coverage, side="lower").T
    np.testing.assert_allclose(p.sf(low), coverage, rtol=1e-10)
    assert np.all(high == np.inf)
    low, high = p.interval(coverage, side="upper").T
    np.testing.assert_allclose(p.cdf(high), coverage, rtol=1e-10)
    assert np.all(low == -np.inf)


def test_many_rows_are_solved_in_blocks_with_the_same_answer(continuous, monkeypatch):
    p = continuous(3, 40, 0, 2)
    at_once = p.interval([0.5, 0.9])
    monkeypatch.setattr("uncertainty.predictive.continuous.QUANTILE_BLOCK", 50)
    np.testing.assert_array_equal(p.interval([0.5, 0.9]), at_once)


def test_no_rows_give_empty_answers(continuous):
    empty = continuous(3, 4)[:0]
    assert empty.mean().shape == (0,)
    assert empty.interval(0.9).shape == (0, 2)


@pytest.mark.parametrize(
    ("level", "words"),
    [
        (90, r"coverage must lie strictly between 0 and 1, got 90\. For 90 percent pass 0\.9"),
        ([0.5, 95], r"got 95\. For 95 percent pass 0\.95"),
        (0.0, r"strictly between 0 and 1, got 0"),
        (1.0, r"strictly between 0 and 1, got 1"),
        (-0.1, r"got -0\.1"),
        (float("nan"), r"got nan"),
        ([[0.5]], r"one level or a list of levels"),
        ([], r"coverage must hold at least one level, got none"),
    ],
)
def test_bad_coverage_is_refused(continuous, level, words):
    with pytest.raises(ValueError, match=words):
        continuous().interval(level)


def test_bad_quantile_levels_and_sides_are_refused(continuous):
    with pytest.raises(ValueError, match=r"q must lie strictly between 0 and 1, got 5\. For 5 percent pass 0\.05"):
        continuous().ppf(5)
    with pytest.raises(ValueError, match="side must be 'two', 'lower' or 'upper', got 'both'"):
        continuous().interval(0.9, side="both")


@pytest.mark.parametrize("q", [1e-200, 1e-3, 0.5, 0.75])
def test_isf_leaves_so_much_above(continuous, q):
    p = continuous()
    np.testing.assert_allclose(p.sf(p.isf(q)), q, rtol=1e-9)
    if q > 1e-3:
        np.testing.assert_allclose(p.isf(q), p.ppf(1.0 - q), rtol=1e-12)
    assert p.isf([q, 0.2]).shape == (len(p), 2)
