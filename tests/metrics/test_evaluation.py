"""The dictionary of all scores, against uncertainty-toolbox and against the functions it is made of; the report."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from uncertainty import (
    DeepEnsembleClassifier,
    DeepEnsembleRegressor,
    ProbabilisticMLPClassifier,
    ProbabilisticMLPRegressor,
    metrics,
)
from uncertainty.metrics import coverage_report, evaluate_uncertainty
from uncertainty.metrics.pointwise import normal_crps

REFERENCES = json.loads((Path(__file__).parents[1] / "references" / "regression_peers.json").read_text())
Y, MEAN, STD = (np.array(REFERENCES["rows"][name]) for name in ("y", "mean", "std"))


class Normal:
    """A frozen normal with a CRPS."""

    def __init__(self, mean, std):
        self.loc, self.scale = mean, std
        self.frozen = stats.norm(mean, std)

    def __getattr__(self, name):
        return getattr(self.frozen, name)

    def crps(self, y):
        return normal_crps(y, self.loc, self.scale)


class Labels:
    """A minimal discrete predictive."""

    def __init__(self, proba, classes):
        self.classes, self.table = np.asarray(classes), proba

    def proba(self):
        return self.table

    def logpmf(self, y):
        return np.log(self.table[np.arange(len(y)), np.searchsorted(self.classes, y)])


class TestRegression:
    def test_uncertainty_toolbox(self):
        scores = evaluate_uncertainty(Y, Normal(MEAN, STD))
        for name, value in REFERENCES["uncertainty_toolbox"]["value"].items():
            assert_allclose(scores[name], value, rtol=1e-9, err_msg=name)

    def test_a_mean_and_a_standard_deviation_are_a_normal(self):
        for shape in ((40,), (20, 2)):
            y, mean, std = (a.reshape(shape) for a in (Y, MEAN, STD))
            both = evaluate_uncertainty(y, (mean, std)), evaluate_uncertainty(y, Normal(mean, std))
            assert_allclose(*(list(scores.values()) for scores in both), rtol=1e-9)
        one_width = evaluate_uncertainty(Y, (MEAN.tolist(), 2.0), resolution=3)
        assert_allclose(one_width["nll"], metrics.nll_normal(Y, MEAN, 2.0))
        with pytest.raises(ValueError, match="std must be positive"):
            evaluate_uncertainty(Y, (MEAN, 0.0 * STD))

    def test_the_keys_beyond(self):
        dist, weight = Normal(MEAN, STD), np.random.default_rng(0).uniform(0.1, 2.0, 40)
        scores = evaluate_uncertainty(Y, dist, sample_weight=weight)
        error, options = np.abs(Y - MEAN), {"sample_weight": weight}
        ends = np.column_stack(dist.interval(0.8))
        expected = {
            "pit_ks": metrics.pit_ks_statistic(Y, dist, **options),
            "rms_cal": metrics.rms_calibration_error(Y, dist, **options),
            "ma_cal": metrics.mean_absolute_calibration_error(Y, dist, **options),
            "miscal_area": metrics.miscalibration_area(Y, dist, **options),
            "ence": metrics.expected_normalized_calibration_error(Y, MEAN, STD, **options),
            "uce": metrics.uncertainty_calibration_error(Y, MEAN, STD, **options),
            "error_std_correlation": metrics.rank_correlation(error, STD, **options),
            "aurc": metrics.risk_coverage_area(error**2, STD, **options),
            "eaurc": metrics.excess_risk_coverage_area(error**2, STD, **options),
            "augrc": metrics.generalized_risk_coverage_area(error**2, STD, **options),
            "ause": metrics.sparsification_error(error, STD, **options),
            "nll_moment_matched": metrics.nll_normal(Y, MEAN, STD, **options),
            "coverage_80": metrics.coverage_score(Y, ends, **options),
            "width_80": metrics.mean_width(ends, **options),
            "interval_score_80": metrics.interval_score(Y, ends, 0.8, **options),
        }
        for name, value in expected.items():
            assert_allclose(scores[name], value, err_msg=name)
        assert all(type(value) is float for value in scores.values())
        assert len(scores) == 35

    def test_weighted_point_errors_are_those_of_repeated_rows(self):
        counts = np.random.default_rng(1).integers(0, 3, 40)
        rows = np.repeat(np.arange(40), counts)
        weighted = evaluate_uncertainty(Y, Normal(MEAN, STD), resolution=3, sample_weight=counts)
        repeated = evaluate_uncertainty(Y[rows], Normal(MEAN[rows], STD[rows]), resolution=3)
        for name, value in repeated.items():
            assert_allclose(weighted[name], value, rtol=1e-11, err_msg=name)
        assert_allclose(weighted["mdae"], np.median(np.abs(Y - MEAN)[rows]))

    def test_several_targets_are_averaged(self):
        y, mean, std = (a.reshape(20, 2) for a in (Y, MEAN, STD))
        both = evaluate_uncertainty(y, Normal(mean, std), resolution=5)
        each = [evaluate_uncertainty(y[:, t], Normal(mean[:, t], std[:, t]), resolution=5) for t in range(2)]
        for name, value in both.items():
            combined = np.sum if name in ("nll", "nll_moment_matched") else np.mean
            assert_allclose(value, combined([scores[name] for scores in each]), err_msg=name)

    def test_one_row_and_zeros(self):
        scores = evaluate_uncertainty([0.0], Normal(np.zeros(1), np.ones(1)))
        assert {name for name, value in scores.items() if np.isnan(value)} == {"r2", "corr", "error_std_correlation"}
        assert (scores["marpd"], scores["mae"], scores["ause"]) == (0.0, 0.0, 0.0)

    def test_our_own_distributions(self):
        X = np.linspace(-1, 1, 40)[:, None]
        for y in (Y, Y.reshape(20, 2)):
            x = X[: len(y)]
            model = DeepEnsembleRegressor(
                ProbabilisticMLPRegressor((8,), max_iter=10), n_estimators=2, random_state=0
            ).fit(x, y)
            scores = evaluate_uncertainty(y, model.predict_dist(x), resolution=5)
            assert all(map(np.isfinite, scores.values()))
            assert_allclose(scores["width_90"], metrics.mean_width(model.predict_interval(x, coverage=0.9)))

    def test_errors(self):
        with pytest.raises(ValueError, match="resolution must be an integer of at least 2, got 1"):
            evaluate_uncertainty(Y, Normal(MEAN, STD), resolution=1)
        with pytest.raises(TypeError, match="must have a method crps"):
            evaluate_uncertainty(Y, stats.norm(MEAN, STD))


class TestClassification:
    def test_keys(self):
        rng = np.random.default_rng(2)
        proba, weight = rng.dirichlet([1.0, 1.0, 1.0], 60), rng.uniform(0.1, 2.0, 60)
        y = np.array(["a", "b", "c"])[rng.integers(0, 3, 60)]
        scores = evaluate_uncertainty(y, Labels(proba, ["a", "b", "c"]), sample_weight=weight)
        options = {"sample_weight": weight}
        right = np.array(["a", "b", "c"])[proba.argmax(axis=1)] == y
        assert_allclose(scores["accuracy"], np.average(right, weights=weight))
        assert_allclose(scores["nll"], metrics.log_loss(y, proba, **options))
        assert_allclose(scores["brier"], metrics.brier_score(y, proba, **options))
        equal_mass = metrics.expected_calibration_error(y, proba, strategy="quantile", **options)
        assert_allclose(scores["ece_equal_mass"], equal_mass)
        assert_allclose(scores["smooth_ece"], metrics.smooth_calibration_error(y, proba, **options))
        assert_allclose(scores["aurc"], metrics.risk_coverage_area(~right * 1.0, -proba.max(axis=1), **options))
        assert len(scores) == 15
        from_table = evaluate_uncertainty(y, proba, sample_weight=weight)
        assert_allclose([from_table[name] for name in scores], list(scores.values()))

    def test_our_own_distributions(self):
        X = np.random.default_rng(3).normal(size=(60, 2))
        y = np.where(X[:, 0] > 0, "yes", "no")
        model = DeepEnsembleClassifier(ProbabilisticMLPClassifier((8,), max_iter=10), 2, random_state=0).fit(X, y)
        dist = model.predict_dist(X)
        scores = evaluate_uncertainty(y, dist)
        assert all(map(np.isfinite, scores.values()))
        assert_allclose(scores["accuracy"], model.score(X, y))
        assert_allclose(scores["entropy"], scores["aleatoric_entropy"] + scores["mutual_information"])
        from_table = evaluate_uncertainty(y, model.predict_proba(X), labels=model.classes_)
        assert_allclose([from_table[name] for name in from_table], [scores[name] for name in from_table])
        assert set(scores) - set(from_table) == {"entropy", "aleatoric_entropy", "mutual_information"}
        one = evaluate_uncertainty(y[:1], dist[:1])  # one class in y_true
        assert_allclose(one["nll"], -dist[:1].logpmf(y[:1])[0])


class TestReport:
    def model(self):
        class Normals:
            classes_ = np.array(["a", "b"])

            def predict_interval(self, X, coverage):
                half = stats.norm.ppf(0.5 + coverage / 2)
                return np.column_stack([X[:, 0] - half, X[:, 0] + half])

        return Normals()

    def test_levels(self):
        rng = np.random.default_rng(4)
        X = rng.normal(size=(200, 1))
        y, weight = X[:, 0] + rng.normal(size=200), rng.integers(0, 3, 200)
        report = coverage_report(self.model(), X, y, coverage=[0.5, 0.9], sample_weight=weight)
        assert_array_equal(report.coverage, [0.5, 0.9])
        assert report.count == np.count_nonzero(weight)
        for index, level in enumerate((0.5, 0.9)):
            interval = self.model().predict_interval(X, level)
            assert_allclose(report.observed[index], metrics.coverage_score(y, interval, sample_weight=weight))
            limits = metrics.coverage_confidence_interval(y, interval, sample_weight=weight)
            assert_allclose([report.lower[index], report.upper[index]], limits)
            assert_allclose(report.size[index], metrics.mean_width(interval))

    def test_levels_that_the_rows_contradict_are_marked(self):
        X = np.zeros((200, 1))
        text = str(coverage_report(self.model(), X, np.zeros(200), coverage=[0.5, 0.99]))
        assert [line.endswith("*") for line in text.splitlines()] == [False, False, True, False]
        assert "95 % limits" in text
        assert " 50.0 %   100.0 %" in text

    def test_sets(self):
        class Sets:
            classes_ = np.array(["a", "b"])

            def predict_set(self, X, coverage):
                return np.tile([True, coverage > 0.6], (len(X), 1))

        report = coverage_report(Sets(), np.zeros((4, 1)), ["a", "b", "a", "a"], coverage=[0.5, 0.9])
        assert_allclose(report.observed, [0.75, 1.0])
        assert_allclose(report.size, [1.0, 2.0])

    def test_our_own_estimator(self):
        X = np.linspace(-1, 1, 40)[:, None]
        model = DeepEnsembleRegressor(ProbabilisticMLPRegressor((8,), max_iter=10), n_estimators=2, random_state=0).fit(
            X, Y
        )
        report = coverage_report(model, X, Y)
        assert (np.diff(report.observed) >= 0).all()
        assert (np.diff(report.size) > 0).all()
        pipe = make_pipeline(StandardScaler(), model).fit(X + 3.0, Y)
        assert str(coverage_report(pipe, X + 3.0, Y)) == str(coverage_report(model, pipe[0].transform(X + 3.0), Y))

    def test_errors(self):
        with pytest.raises(TypeError, match="must have predict_interval or predict_set, got object"):
            coverage_report(object(), [[0.0]], [0.0])
        with pytest.raises(TypeError, match="must have predict_interval or predict_set, got Ridge"):
            coverage_report(make_pipeline(StandardScaler(), Ridge()).fit([[0.0], [1.0]], [0.0, 1.0]), [[0.0]], [0.0])
        with pytest.raises(ValueError, match=r"coverage must lie strictly between 0 and 1, got 90.*pass 0.9"):
            coverage_report(self.model(), np.zeros((1, 1)), [0.0], coverage=90)
