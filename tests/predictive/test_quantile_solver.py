"""The root finder behind quantiles: against the definition, on mixtures that mislead a Newton step."""

import numpy as np
import pytest
from scipy.optimize import elementwise
from scipy.special import ndtr, ndtri

from uncertainty.predictive import quantiles
from uncertainty.predictive.quantiles import normal_mixture_quantile

EPS = np.finfo(float).eps
SIDES = [False, True]


def random_mixtures(rng, n_components, n, *, spread, log_scale, concentration=1.0, offset=0.0):
    weights = rng.dirichlet(np.full(n_components, concentration), size=n).T
    means = offset + spread * rng.standard_normal((n_components, n))
    return weights, means, 10.0 ** (log_scale * rng.standard_normal((n_components, n)))


def tail(x, weights, means, scales, upper):
    """Mass above or below x [E]."""
    return (weights * ndtr((-1.0 if upper else 1.0) * (x - means) / scales)).sum(axis=0)


def assert_inverts(weights, means, scales, mass, upper):
    """A few roundings to the left and to the right of the answer the tail mass is on either side of the one asked for.

    This holds where the distribution function jumps between two neighbouring numbers, and where it is flat.
    """
    found = normal_mixture_quantile(weights, means, scales, np.atleast_1d(mass), np.atleast_1d(upper))[:, 0]
    width = 4 * EPS * np.abs(found) + 1e-13 * scales.min(axis=0)
    inner, outer = (-width, width) if not upper else (width, -width)
    tolerance = 1e-15 * max(ndtri(mass) ** 2, 100.0)  # one rounding of z moves a tail by z^2 roundings
    assert np.all(tail(found + inner, weights, means, scales, upper) <= mass * (1 + tolerance))
    assert np.all(tail(found + outer, weights, means, scales, upper) >= mass * (1 - tolerance))
    return found


@pytest.mark.parametrize("upper", SIDES)
@pytest.mark.parametrize("mass", [1e-300, 1e-12, 0.05, 0.5])
@pytest.mark.parametrize("spread", [1e-3, 1.0, 1e3, 1e6])
@pytest.mark.parametrize("log_scale", [0.05, 1.0, 3.0])
@pytest.mark.parametrize("concentration", [0.03, 1.0])
def test_the_mass_beyond_a_quantile_is_the_one_asked_for(mass, upper, spread, log_scale, concentration):
    rng = np.random.default_rng(0)
    for n_components in (2, 5):
        mixture = random_mixtures(
            rng, n_components, 50, spread=spread, log_scale=log_scale, concentration=concentration
        )
        assert_inverts(*mixture, mass, upper)


@pytest.mark.parametrize("upper", SIDES)
@pytest.mark.parametrize("mass", [1e-9, 0.025, 0.4])
@pytest.mark.parametrize("n_components", [2, 5, 100])
def test_an_independent_solver_finds_the_same_points(n_components, mass, upper):
    w, m, s = random_mixtures(np.random.default_rng(1), n_components, 60, spread=2.0, log_scale=0.3)
    ends = m + s * ndtri(mass) * (-1.0 if upper else 1.0)

    def excess(x, row):
        return (w[:, row] * ndtr((-1.0 if upper else 1.0) * (x - m[:, row]) / s[:, row])).sum(axis=0) - mass

    oracle = elementwise.find_root(excess, (ends.min(axis=0), ends.max(axis=0)), args=(np.arange(60),))
    assert oracle.success.all()
    found = normal_mixture_quantile(w, m, s, np.array([mass]), np.array([upper]))[:, 0]
    mean = (w * m).sum(axis=0)
    std = np.sqrt((w * (s**2 + (m - mean) ** 2)).sum(axis=0))
    assert np.max(np.abs(found - oracle.x) / std) < 2e-14


CLIFFS = {
    # The jump of the narrowest component falls between two neighbouring numbers, where a Newton step is no step.
    "narrower than a rounding": (
        [0.25752286, 0.71020594, 0.03227121],
        [33117728.49949818, 33144306.17733297, 33681113.34274877],
        [1.80006677e-09, 1.96595189e-05, 2.34512890e-02],
        0.29657742320452907,
    ),
    "mass that underflows on the way": ([0.5, 0.5], [0.0, 1e3], [1e-12, 20.0], 0.1),
    "flat at the mass asked for": ([0.25, 0.75], [-1e4, 1e4], [1e-3, 1e-3], 0.25),
    "flat at the mass asked for, around zero": ([0.5, 0.5], [-1.0, 1.0], [1e-8, 1e-8], 0.5),
    "a narrow component of no weight": ([1.0, 0.0], [0.0, 1e6], [1.0, 1e-30], 0.1),
    "a spike in a wide one": ([1e-9, 1.0 - 1e-9], [0.3, 0.0], [1e-9, 1e3], 0.3),
    "tails of different widths": ([1.0 - 1e-6, 1e-6], [0.0, 0.0], [1e-6, 1.0], 1e-12),
    "a large offset": ([0.4, 0.6], [1e12, 1e12 + 5.0], [1.0, 1e-2], 0.3),
    "scales at the ends of float64": ([0.5, 0.5], [0.0, 0.0], [1e-140, 1e140], 0.3),
}


@pytest.mark.parametrize("upper", SIDES)
@pytest.mark.parametrize("name", CLIFFS)
def test_cliffs_and_plateaus(name, upper):
    weights, means, scales, mass = CLIFFS[name]
    weights, means, scales = (np.array(a)[:, None] for a in (weights, means, scales))
    assert_inverts(weights, -means if upper else means, scales, mass, upper)


def test_upper_tails_are_mirrored_lower_tails():
    w, m, s = random_mixtures(np.random.default_rng(2), 3, 40, spread=3.0, log_scale=0.5)
    mass = np.array([1e-10, 0.2])
    lower = normal_mixture_quantile(w, m, s, mass, np.array([False, False]))
    np.testing.assert_array_equal(-normal_mixture_quantile(w, -m, s, mass, np.array([True, True])), lower)


def test_each_problem_is_solved_as_if_alone():
    w, m, s = random_mixtures(np.random.default_rng(3), 4, 30, spread=10.0, log_scale=1.5)
    mass, upper = np.array([0.01, 0.3, 0.3]), np.array([False, False, True])
    together = normal_mixture_quantile(w, m, s, mass, upper)
    for e in range(30):
        for q in range(3):
            column, level = slice(e, e + 1), slice(q, q + 1)
            alone = normal_mixture_quantile(w[:, column], m[:, column], s[:, column], mass[level], upper[level])
            assert alone[0, 0] == together[e, q]


def count_evaluations(monkeypatch):
    sizes = []
    plain = quantiles._halley_step
    monkeypatch.setattr(quantiles, "_halley_step", lambda x, *rest: sizes.append(len(x)) or plain(x, *rest))
    return sizes


def test_members_that_nearly_agree_take_two_or_three_evaluations(monkeypatch):
    sizes = count_evaluations(monkeypatch)
    mixture = random_mixtures(np.random.default_rng(4), 5, 1000, spread=0.3, log_scale=0.05, concentration=1e3)
    normal_mixture_quantile(*mixture, np.array([0.05]), np.array([False]))
    assert sum(sizes) <= 3 * 1000


@pytest.mark.parametrize("log_scale", [1.0, 3.0])
def test_the_hardest_take_no_more_than_bisection_twice_over(monkeypatch, log_scale):
    sizes = count_evaluations(monkeypatch)
    mixture = random_mixtures(np.random.default_rng(5), 4, 2000, spread=1e3, log_scale=log_scale, concentration=0.3)
    normal_mixture_quantile(*mixture, np.array([0.3, 1e-8]), np.array([False, True]))
    assert len(sizes) <= 110
