"""Calibration of predictive distributions and of predicted variances: definitions, other libraries' values, limits."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats

from uncertainty.metrics import (
    expected_normalized_calibration_error,
    mean_absolute_calibration_error,
    miscalibration_area,
    pit_ks_statistic,
    pit_values,
    quantile_calibration_error,
    rms_calibration_error,
    sharpness,
    uncertainty_calibration_error,
)

REFERENCES = json.loads((Path(__file__).parents[1] / "references" / "regression_peers.json").read_text())
Y, MEAN, STD = (np.array(REFERENCES["rows"][name]) for name in ("y", "mean", "std"))
DIST = stats.norm(MEAN, STD)
UNIFORM = stats.uniform()
CURVE_ERRORS = [rms_calibration_error, mean_absolute_calibration_error, miscalibration_area]


class TestPit:
    def test_values(self):
        assert_allclose(pit_values(Y, DIST), stats.norm.cdf((Y - MEAN) / STD))
        assert pit_values(Y.reshape(20, 2), stats.norm(MEAN.reshape(20, 2), 1.0)).shape == (20, 2)

    def test_certain_predictions_give_0_and_1(self):
        assert_array_equal(pit_values([-1.0, 2.0], UNIFORM), [0.0, 1.0])

    def test_errors(self):
        with pytest.raises(TypeError, match="dist must have a method cdf, got object"):
            pit_values(Y, object())
        with pytest.raises(ValueError, match="must lie between 0 and 1, got nan"):
            pit_values(Y, stats.norm(MEAN, np.where(STD > 1, STD, np.nan)))
        with pytest.raises(ValueError, match=r"must have shape \(40,\)"):
            pit_values(Y, stats.norm(MEAN[:, None], 1.0))


class TestKolmogorovSmirnov:
    def test_scipy(self):
        u = np.random.default_rng(0).beta(2.0, 1.0, 80)
        u[:10] = u[10:20]  # ties
        assert_allclose(pit_ks_statistic(u, UNIFORM), stats.kstest(u, "uniform").statistic)

    def test_one_row_and_extremes(self):
        assert pit_ks_statistic([0.3], UNIFORM) == 0.7
        assert pit_ks_statistic([0.0, 0.0], UNIFORM) == 1.0
        assert pit_ks_statistic([1.0, 1.0], UNIFORM) == 1.0

    def test_expected_size(self):
        rng = np.random.default_rng(1)
        values = np.sqrt(400) * np.array([pit_ks_statistic(rng.random(400), UNIFORM) for _ in range(300)])
        assert_allclose(values.mean(), 0.87, atol=0.05)
        assert 0.01 < np.mean(values > 1.36) < 0.1


class TestCurveErrors:
    def test_uncertainty_toolbox(self):
        for name, regions in (("uncertainty_toolbox", "interval"), ("uncertainty_toolbox_quantile", "quantile")):
            expected = REFERENCES[name]["value"]
            for metric, key in zip(CURVE_ERRORS, ("rms_cal", "ma_cal", "miscal_area"), strict=True):
                assert_allclose(metric(Y, DIST, regions=regions), expected[key], rtol=1e-10)

    def test_row_by_row_definition(self):
        weight = np.random.default_rng(2).uniform(0.1, 2.0, 40)
        levels = [0.9, 0.2, 0.55]
        gaps = []
        for level in levels:
            low, high = DIST.interval(level)
            gaps.append(np.average((low <= Y) & (high >= Y), weights=weight) - level)
        options = {"levels": levels, "sample_weight": weight}
        assert_allclose(mean_absolute_calibration_error(Y, DIST, **options), np.mean(np.abs(gaps)))
        assert_allclose(rms_calibration_error(Y, DIST, **options), np.sqrt(np.mean(np.square(gaps))))

    def test_the_area_by_a_fine_integral(self):
        levels = np.array([0.0, 0.4, 0.7, 1.0])
        observed = np.array([np.mean(np.abs(2 * DIST.cdf(Y) - 1) <= level) for level in levels])
        fine = np.linspace(0, 1, 400_001)
        expected = np.trapezoid(np.abs(np.interp(fine, levels, observed) - fine), fine)
        assert_allclose(miscalibration_area(Y, DIST, levels=levels), expected, atol=1e-9)
        # One crossing: two triangles, of heights 0.2 and 0.3 at levels 0.25 and 0.75 and nothing beyond.
        u = np.repeat([0.55, 0.9], [9, 11])  # central levels 0.1 and 0.8: observed 0.45 and 0.45
        area = 0.5 * 0.5 * (0.2**2 + 0.3**2) / 0.5
        assert_allclose(miscalibration_area(u, UNIFORM, levels=[0.25, 0.75]), area)

    @pytest.mark.parametrize("metric", CURVE_ERRORS)
    def test_limits(self, metric):
        even = (np.arange(1000) + 0.5) / 1000
        assert metric(even, UNIFORM) < 2e-3
        assert metric(even, UNIFORM, regions="quantile") < 2e-3
        shifted = np.concatenate([even[500:], even[500:]])  # every observation above its median
        assert metric(shifted, UNIFORM) < 3e-3
        assert metric(shifted, UNIFORM, regions="quantile") > 0.2

    def test_everything_inside_every_interval_and_nothing_inside_any(self):
        assert_allclose(miscalibration_area([0.5] * 3, UNIFORM), 0.5)
        assert_allclose(mean_absolute_calibration_error([0.0, 1.0], UNIFORM, levels=[0.25, 0.75]), 0.5)
        assert mean_absolute_calibration_error([0.0], UNIFORM, levels=[1.0]) == 0.0

    def test_perfect_predictions_keep_what_the_docstring_says(self):
        rng = np.random.default_rng(3)
        values = [mean_absolute_calibration_error(rng.random(400), UNIFORM) for _ in range(400)]
        assert_allclose(20 * np.mean(values), 0.31, atol=0.02)

    def test_several_targets_are_pooled(self):
        u = np.random.default_rng(4).random((30, 2))
        for metric in (*CURVE_ERRORS, pit_ks_statistic):
            assert_allclose(metric(u, UNIFORM), metric(u.ravel(), UNIFORM))
            weight = np.arange(1.0, 31.0)
            pooled = metric(u.ravel(), UNIFORM, sample_weight=np.repeat(weight, 2))
            assert_allclose(metric(u, UNIFORM, sample_weight=weight), pooled)

    def test_errors(self):
        with pytest.raises(ValueError, match="regions must be one of 'interval', 'quantile'"):
            rms_calibration_error(Y, DIST, regions="tail")
        for levels in ([90], 0.5, []):
            with pytest.raises(ValueError, match="levels must be a list of numbers between 0 and 1"):
                rms_calibration_error(Y, DIST, levels=levels)


class TestBinnedErrors:
    def test_netcal(self):
        expected, levels = REFERENCES["netcal"]["value"], REFERENCES["netcal"]["levels"]
        uniform = {"n_bins": 5, "strategy": "uniform"}
        assert_allclose(expected_normalized_calibration_error(Y, MEAN, STD, **uniform), expected["ence"], rtol=1e-10)
        assert_allclose(uncertainty_calibration_error(Y, MEAN, STD, **uniform), expected["uce"], rtol=1e-10)
        assert_allclose(quantile_calibration_error(Y, DIST, levels=levels, **uniform), expected["qce"], rtol=1e-10)
        marginal = quantile_calibration_error(Y, DIST, levels=levels, n_bins=1)
        assert_allclose(marginal, expected["marginal_qce"], rtol=1e-10)
        assert_allclose(marginal, mean_absolute_calibration_error(Y, DIST, levels=levels))

    def test_definitions_with_equal_weight_and_weights(self):
        weight = np.random.default_rng(5).permutation(np.repeat([1.0, 3.0], 20))
        order = np.argsort(STD)
        groups = np.array_split(order, 4)
        ence = [abs(np.sqrt(np.mean((Y - MEAN)[g] ** 2) / np.mean(STD[g] ** 2)) - 1) for g in groups]
        assert_allclose(expected_normalized_calibration_error(Y, MEAN, STD, n_bins=4), np.mean(ence))
        middle = np.cumsum(weight[order]) - 0.5 * weight[order]
        index = np.minimum((4 * middle / weight.sum()).astype(int), 3)
        groups = [order[index == b] for b in range(4)]
        gaps = [abs(np.average((Y - MEAN)[g] ** 2 - STD[g] ** 2, weights=weight[g])) for g in groups]
        expected = np.average(gaps, weights=[weight[g].sum() for g in groups])
        value = uncertainty_calibration_error(Y, MEAN, STD, n_bins=4, sample_weight=weight)
        assert_allclose(value, expected)

    def test_errors_that_cancel_between_bins_count(self):
        u = np.random.default_rng(6).random(2000)
        std = np.repeat([1.0, 2.0], 1000)
        # As normal scores half as wide and twice as wide as predicted: right on average, wrong in each bin.
        z = stats.norm.ppf(u) * np.repeat([0.4, 1.9], 1000)
        dist = stats.norm(0.0, std)
        assert quantile_calibration_error(std * z, dist, n_bins=2) > 0.18
        assert quantile_calibration_error(std * z, dist, n_bins=1) < 0.09

    def test_units(self):
        ence = expected_normalized_calibration_error(Y, MEAN, STD)
        assert_allclose(expected_normalized_calibration_error(8 * Y, 8 * MEAN, 8 * STD), ence)
        uce = uncertainty_calibration_error(Y, MEAN, STD)
        assert_allclose(uncertainty_calibration_error(8 * Y, 8 * MEAN, 8 * STD), 64 * uce)

    def test_targets_are_binned_one_by_one(self):
        y, mean, std = (a.reshape(20, 2) for a in (Y, MEAN, STD))
        for metric in (expected_normalized_calibration_error, uncertainty_calibration_error):
            each = [metric(y[:, t], mean[:, t], std[:, t], n_bins=3) for t in range(2)]
            assert_allclose(metric(y, mean, std, n_bins=3), np.mean(each))
        each = [quantile_calibration_error(y[:, t], stats.norm(mean[:, t], std[:, t]), n_bins=3) for t in range(2)]
        assert_allclose(quantile_calibration_error(y, stats.norm(mean, std), n_bins=3), np.mean(each))

    def test_one_row_and_one_spread(self):
        assert expected_normalized_calibration_error([3.0], [1.0], [4.0]) == 0.5
        assert uncertainty_calibration_error([3.0], [1.0], [4.0], strategy="uniform") == 12.0
        assert_allclose(uncertainty_calibration_error(Y, MEAN, 1.0), abs(np.mean((Y - MEAN) ** 2) - 1.0))

    @pytest.mark.parametrize("metric", [expected_normalized_calibration_error, uncertainty_calibration_error])
    def test_errors(self, metric):
        with pytest.raises(ValueError, match="std must be positive, got 0"):
            metric(Y, MEAN, 0.0)
        with pytest.raises(ValueError, match="strategy must be one of"):
            metric(Y, MEAN, STD, strategy="mass")
        with pytest.raises(ValueError, match=r"n_bins must be an integer of at least 1, got 0\. The default is 10"):
            metric(Y, MEAN, STD, n_bins=0)


class TestSharpness:
    def test_uncertainty_toolbox(self):
        assert_allclose(sharpness(STD), REFERENCES["uncertainty_toolbox"]["value"]["sharp"], rtol=1e-12)

    def test_extreme_scales(self):
        assert_allclose(sharpness([1e-200, 7e-200]), 5e-200)
        assert_allclose(sharpness([[1e200, 7e200]]), 5e200)

    def test_errors(self):
        with pytest.raises(ValueError, match="std must be positive, got -1"):
            sharpness([1.0, -1.0])
