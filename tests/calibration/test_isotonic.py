"""The map of the cdf: what it learns, its floor, its tails, weights and ties."""

import numpy as np
import pytest
from scipy import stats

from uncertainty.calibration.isotonic import SMALLEST_SLOPE, fit_cdf_map


def fitted(values, weight=None):
    values = np.asarray(values, dtype=float)
    return fit_cdf_map(values, 1.0 - values, np.ones(len(values)) if weight is None else np.asarray(weight, float))


def new_cdf(cdf_map, levels):
    levels = np.asarray(levels)
    upper = levels > 0.5
    mapped = cdf_map.apply(np.where(upper, 1 - levels, levels), upper)
    return np.where(upper, 1 - mapped, mapped)


@pytest.mark.parametrize("n", [1, 2, 5, 30, 1000])
@pytest.mark.parametrize("shape", [(1, 1), (0.3, 0.3), (4, 4), (0.2, 3), (3, 0.2)])
def test_it_rises_from_zero_to_one_no_slower_than_the_floor(n, shape):
    cdf_map = fitted(stats.beta(*shape).rvs(n, random_state=0))
    for half in (cdf_map.below, cdf_map.above):
        assert np.all(half[:, 0] == 0.0)
        assert np.all(np.diff(half) > 0.0)
    assert cdf_map.below[0, -1] == cdf_map.above[0, -1] == 0.5
    np.testing.assert_allclose(cdf_map.below[1, -1] + cdf_map.above[1, -1], 1.0, rtol=1e-14)
    assert cdf_map.slopes().min() >= SMALLEST_SLOPE * (1 - 1e-9)
    mass, upper = cdf_map.knots()
    assert len(cdf_map.slopes()) == len(mass) + 1
    assert np.all(np.diff(np.where(upper, 1 - mass, mass)) >= 0.0)


@pytest.mark.parametrize("shape", [(1, 1), (0.5, 0.5), (2, 5)])
def test_it_learns_the_cdf_of_the_transforms(shape):
    truth = stats.beta(*shape)
    cdf_map = fitted(truth.rvs(4000, random_state=0))
    levels = np.linspace(0.01, 0.99, 99)
    # The Kolmogorov bound at 1e-3 is 1.95 / sqrt(n) = 0.031, and the floor moves it by at most 0.01.
    assert np.abs(new_cdf(cdf_map, levels) - truth.cdf(levels)).max() < 0.041


def test_apply_and_invert_undo_each_other():
    cdf_map = fitted(stats.beta(0.3, 2).rvs(200, random_state=0))
    for upper in (False, True):
        mass = np.array([1e-300, 1e-18, 1e-3, 0.2, 0.5])
        flags = np.full(mass.shape, upper)
        raw, side = cdf_map.invert(cdf_map.apply(mass, flags), flags)
        both = np.where(side == upper, raw, 1.0 - raw)
        np.testing.assert_allclose(both, mass, rtol=1e-9)
        new = np.array([0.02, 0.5, 0.9, 0.999])
        raw, side = cdf_map.invert(new, np.full(new.shape, upper))
        assert np.all(raw <= 0.5)
        mapped = cdf_map.apply(raw, side)
        np.testing.assert_allclose(np.where(side == upper, mapped, 1 - mapped), new, rtol=1e-12)


def test_far_tails_are_not_lost_to_rounding():
    # A raw cdf ten times too narrow: half of the rows lie where the cdf is 0 or 1 to double precision.
    z = 10.0 * np.random.default_rng(0).standard_normal(500)
    cdf_map = fit_cdf_map(stats.norm.cdf(z), stats.norm.sf(z), np.ones(500))
    q = np.array([0.01, 0.05, 0.25])
    for upper in (False, True):
        raw, side = cdf_map.invert(q, np.full(q.shape, upper))
        assert np.all(side == upper)
        points = stats.norm.isf(raw) if upper else stats.norm.ppf(raw)
        np.testing.assert_allclose(points, (-1 if upper else 1) * 10.0 * stats.norm.ppf(q), rtol=0.25)


@pytest.mark.parametrize("n", [7, 300])
def test_integer_weights_are_repetitions_and_their_scale_is_nothing(n):
    rng = np.random.default_rng(0)
    values, weight = rng.random(n), rng.integers(1, 4, n)
    weighted, repeated, scaled = (
        fitted(values, weight),
        fitted(np.repeat(values, weight)),
        fitted(values, 0.37 * weight),
    )
    for half in ("below", "above"):
        np.testing.assert_allclose(getattr(weighted, half), getattr(repeated, half), rtol=1e-12)
        np.testing.assert_allclose(getattr(weighted, half), getattr(scaled, half), rtol=1e-12)


def test_mirrored_observations_give_the_mirrored_map():
    values = stats.beta(0.5, 2).rvs(100, random_state=0)
    one, other = fitted(values), fitted(1.0 - values)
    levels = np.linspace(0.02, 0.98, 49)
    np.testing.assert_allclose(new_cdf(one, levels), 1.0 - new_cdf(other, 1.0 - levels), atol=0.05)


@pytest.mark.parametrize("value", [0.0, 0.2, 0.5, 0.9, 1.0])
def test_equal_transforms_make_a_map_all_the_same(value):
    cdf_map = fitted(np.full(20, value))
    assert cdf_map.slopes().min() >= SMALLEST_SLOPE * (1 - 1e-9)
    if 0.0 < value < 1.0:
        np.testing.assert_allclose(new_cdf(cdf_map, [value]), 0.01 * value + 0.99 * 0.5, rtol=1e-9)
