"""Every forecast against scipy, brute force, or the draws it stands for."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats
from scipy.integrate import quad

from benchmarks.baselines.conformal import SplitConformalForecast
from benchmarks.baselines.forecast import Forecast
from benchmarks.baselines.normal import NormalForecast
from benchmarks.baselines.quantile import LEVELS, QuantileForecast
from uncertainty import metrics

MEAN, STD = np.array([0.0, 3.0, -20.0, 1e4]), np.array([1.0, 0.1, 7.0, 50.0])
Y = np.array([0.4, 2.7, -3.0, 1e4])
ERRORS = np.abs(np.random.default_rng(3).standard_normal(99))


def quantile_forecast(levels: tuple[float, ...] = LEVELS) -> QuantileForecast:
    return QuantileForecast(levels, MEAN[:, None] + STD[:, None] * stats.norm.ppf(levels))


def forecasts() -> dict[str, Forecast]:
    return {
        "normal": NormalForecast(MEAN, STD),
        "quantile": quantile_forecast(),
        "conformal": SplitConformalForecast(MEAN, ERRORS),
    }


@pytest.mark.parametrize("name", forecasts())
def test_shapes_are_those_of_a_predictive(name: str) -> None:
    forecast = forecasts()[name]
    levels = np.array([0.2, 0.5, 0.9])
    for value in (forecast.mean(), forecast.std(), forecast.logpdf(Y), forecast.cdf(Y), forecast.crps(Y)):
        assert value.shape == (4,)
    assert forecast.ppf(0.3).shape == (4,)
    assert forecast.ppf(levels).shape == (4, 3)
    assert forecast.interval(0.9).shape == (4, 2)
    interval = forecast.interval(levels)
    assert interval.shape == (4, 2, 3)
    np.testing.assert_array_equal(interval[:, :, 2], forecast.interval(0.9))
    assert (np.diff(interval[:, 1], axis=1) >= 0).all()
    assert (np.diff(interval[:, 0], axis=1) <= 0).all()


@pytest.mark.parametrize("level", [0.05, 0.5, 0.8, 0.9, 0.95])
@pytest.mark.parametrize("name", forecasts())
def test_the_cdf_says_which_central_intervals_hold_y(name: str, level: float) -> None:
    forecast = forecasts()[name]
    low, high = forecast.interval(level).T
    for y in MEAN + STD * np.linspace(-3.0, 3.0, 41)[:, None] + 0.00123 * STD:
        np.testing.assert_array_equal((low <= y) & (y <= high), np.abs(2 * forecast.cdf(y) - 1) <= level)


def test_normal_against_scipy_and_the_metrics() -> None:
    forecast, reference = NormalForecast(MEAN, STD), stats.norm(MEAN, STD)
    np.testing.assert_allclose(forecast.logpdf(Y), reference.logpdf(Y))
    np.testing.assert_allclose(forecast.cdf(Y), reference.cdf(Y))
    np.testing.assert_allclose(forecast.ppf(0.05), reference.ppf(0.05))
    np.testing.assert_allclose(forecast.interval(0.8), np.stack(reference.interval(0.8), axis=1))
    expected = [metrics.crps_normal([y], [mean], [std]) for y, mean, std in zip(Y, MEAN, STD, strict=True)]
    np.testing.assert_allclose(forecast.crps(Y), expected)


def test_one_standard_deviation_serves_all_rows() -> None:
    np.testing.assert_array_equal(NormalForecast(MEAN, 2.0).std(), np.full(4, 2.0))


def pinball_crps(forecast: Forecast, y: NDArray[np.float64], row: int) -> float:
    """Return twice the pinball loss of one row, integrated numerically over the levels."""

    def loss(level: float) -> float:
        error = y[row] - forecast.ppf(level)[row]
        return 2 * max(level * error, (level - 1) * error)

    edges = [0.0, *LEVELS, 1.0]
    return sum(quad(loss, low, high)[0] for low, high in pairwise(edges))


@pytest.mark.parametrize("shift", [-10.0, -1.0, 0.05, 1.5, 10.0])
def test_quantile_crps_is_the_integrated_pinball_loss(shift: float) -> None:
    forecast, y = quantile_forecast(), MEAN + shift * STD
    expected = [pinball_crps(forecast, y, row) for row in range(4)]
    np.testing.assert_allclose(forecast.crps(y), expected, rtol=1e-5)


def test_quantile_crps_of_a_point_is_the_absolute_error() -> None:
    forecast = QuantileForecast((0.1, 0.5, 0.9), np.array([[2.0, 2.0, 2.0]] * 2))
    np.testing.assert_allclose(forecast.crps([2.0, 5.0]), [0.0, 3.0])


def test_a_fine_grid_of_quantiles_is_the_distribution() -> None:
    forecast = quantile_forecast(tuple(np.linspace(1e-4, 1 - 1e-4, 2001)))
    normal = NormalForecast(MEAN, STD)
    np.testing.assert_allclose(forecast.mean(), MEAN, atol=1e-6)
    np.testing.assert_allclose(forecast.std(), STD, rtol=2e-3)
    np.testing.assert_allclose(forecast.cdf(Y), normal.cdf(Y), atol=1e-4)
    np.testing.assert_allclose(forecast.crps(Y), normal.crps(Y), rtol=1e-3)


def test_moments_of_quantiles_are_integrals_over_the_levels() -> None:
    forecast = QuantileForecast((0.2, 0.5, 0.9), np.array([[1.0, 2.0, 7.0]]))
    mean = quad(lambda q: forecast.ppf(q)[0], 0, 1, points=[0.2, 0.5, 0.9])[0]
    second = quad(lambda q: (forecast.ppf(q)[0] - mean) ** 2, 0, 1, points=[0.2, 0.5, 0.9])[0]
    np.testing.assert_allclose(forecast.mean(), mean)
    np.testing.assert_allclose(forecast.std(), np.sqrt(second))


def test_crossing_quantiles_are_sorted_and_have_no_density() -> None:
    forecast = QuantileForecast((0.1, 0.5, 0.9), np.array([[3.0, 1.0, 2.0]]), mean=np.array([1.7]))
    np.testing.assert_allclose(forecast.ppf([0.1, 0.5, 0.7, 0.9]), [[1.0, 2.0, 2.5, 3.0]])
    np.testing.assert_array_equal(forecast.cdf([0.9]), [0.0])
    np.testing.assert_array_equal(forecast.cdf([3.1]), [1.0])
    np.testing.assert_array_equal(forecast.mean(), [1.7])
    assert np.isnan(forecast.logpdf([1.0])).all()


def test_conformal_interval_is_the_order_statistic() -> None:
    forecast = SplitConformalForecast(MEAN, ERRORS)
    for level, rank in ((0.5, 50), (0.9, 90), (0.905, 91), (0.99, 99)):
        size = np.sort(ERRORS)[rank - 1]
        np.testing.assert_allclose(forecast.interval(level), np.stack([MEAN - size, MEAN + size], axis=1))
    assert np.isinf(forecast.interval(0.995)).all()
    np.testing.assert_array_equal(forecast.ppf(0.5), MEAN)
    assert np.isnan(forecast.logpdf(Y)).all()


def test_conformal_crps_and_std_are_those_of_its_atoms() -> None:
    forecast, y = SplitConformalForecast(MEAN, ERRORS), MEAN + np.array([0.0, 0.3, -1.2, 40.0])
    atoms = MEAN[:, None] + np.concatenate([ERRORS, -ERRORS])
    spread = np.abs(atoms[0][:, None] - atoms[0]).mean()
    np.testing.assert_allclose(forecast.crps(y), np.abs(atoms - y[:, None]).mean(axis=1) - spread / 2)
    np.testing.assert_allclose(forecast.std(), atoms.std(axis=1), rtol=1e-9)
