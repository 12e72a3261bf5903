"""Estimators that say which rows to act on: what they accept, by which uncertainty, and what they say if nothing."""

import pickle
import warnings

import numpy as np
import pytest
from scipy.special import ndtr
from scipy.stats import entropy
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import BayesianRidge, LinearRegression, LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from uncertainty import (
    DeepEnsembleClassifier,
    DeepEnsembleRegressor,
    ProbabilisticMLPClassifier,
    ProbabilisticMLPRegressor,
    SelectiveClassifier,
    SelectiveRegressor,
)


@pytest.fixture
def two_moons():
    """Two overlapping classes, with rows between them that nobody can tell."""
    rng = np.random.default_rng(0)
    y = np.arange(2000) % 2
    return rng.standard_normal((2000, 2)) + 2.2 * y[:, None], y


def spread_rows(rng, n_rows):
    """Rows whose y is normal around 0 with the standard deviation of their first column."""
    X = np.column_stack([rng.uniform(0.1, 3.0, n_rows), rng.standard_normal(n_rows)])
    return X, X[:, 0] * rng.standard_normal(n_rows)


class TestClassifier:
    def test_few_accepted_rows_are_wrong_and_the_others_are_answered_too(self, two_moons):
        X, y = two_moons
        model = SelectiveClassifier(LogisticRegression(), target_risk=0.02, random_state=0).fit(X[:1500], y[:1500])
        accepted, wrong = model.accepts(X[1500:]), model.predict(X[1500:]) != y[1500:]
        assert accepted.dtype == bool
        assert wrong.mean() > 0.04
        assert wrong[accepted].mean() <= 0.02
        assert accepted.mean() == pytest.approx(model.coverage_, abs=0.1)
        assert 0.4 < model.coverage_ < 1.0
        assert model.risk_bound_ <= 0.02

    @pytest.mark.parametrize(("target_risk", "delta"), [(0.05, 0.1), (0.1, 0.3)])
    def test_the_guarantee(self, target_risk, delta, frozen_softmax, classes_of):
        """The risk of accepted rows, on many fresh ones, exceeds the target in a share delta of calibrations."""
        rng = np.random.default_rng(0)
        X_test, y_test = classes_of(rng, 100_000)
        classifier = frozen_softmax()
        uncertainty, wrong = 1 - classifier.predict_proba(X_test).max(axis=1), classifier.predict(X_test) != y_test
        failed = 0
        for seed in range(150):
            X, y = classes_of(rng, 500)
            model = SelectiveClassifier(classifier, target_risk=target_risk, delta=delta, random_state=seed)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)
                model.fit(X, y)
            accepted = uncertainty < model.threshold_
            failed += accepted.any() and wrong[accepted].mean() > target_risk
        assert failed / 150 < delta + 3 * np.sqrt(delta * (1 - delta) / 150)

    @pytest.mark.filterwarnings("ignore:No threshold keeps the risk:UserWarning")  # of so short a training
    def test_kinds_of_uncertainty(self, classes_of):
        X, y = classes_of(np.random.default_rng(0), 300)
        base = DeepEnsembleClassifier(ProbabilisticMLPClassifier((8,), max_iter=5), n_estimators=3, random_state=0)
        frozen = FrozenEstimator(base.fit(X, y))
        parts, proba = base.predict_uncertainty(X), base.predict_proba(X)
        expected = {
            "max_probability": 1 - proba.max(axis=1),
            "total": entropy(proba, axis=1),
            "aleatoric": parts.aleatoric_entropy,
            "epistemic": parts.mutual_information,
        }
        for kind, values in expected.items():
            model = SelectiveClassifier(frozen, uncertainty=kind, target_risk=0.8).fit(X, y)
            np.testing.assert_allclose(model.row_uncertainty(X), values, err_msg=kind)
            np.testing.assert_array_equal(model.accepts(X), model.row_uncertainty(X) < model.threshold_)

    def test_parts_of_the_uncertainty_need_a_model_that_has_them(self, two_moons):
        with pytest.raises(TypeError, match=r"uncertainty must be 'max_probability' or 'total' for LogisticRegression"):
            SelectiveClassifier(LogisticRegression(), uncertainty="epistemic").fit(*two_moons)

    def test_a_coarse_model_in_a_pipeline(self, two_moons):
        X, y = two_moons
        base = make_pipeline(StandardScaler(), KNeighborsClassifier(7))
        model = SelectiveClassifier(base, target_risk=0.1, random_state=0).fit(X, y)
        assert model.threshold_ in np.append(1 - np.arange(4, 8) / 7, np.inf)
        assert 0 < model.coverage_ <= 1

    def test_if_nothing_can_be_promised_nothing_is_accepted(self, two_moons):
        X, y = two_moons
        shuffled = np.random.default_rng(0).permutation(y)
        with pytest.warns(UserWarning, match=r"No threshold keeps the risk below 0.05 with confidence 0.9: no row"):
            model = SelectiveClassifier(LogisticRegression(), random_state=0).fit(X, shuffled)
        assert not model.accepts(X).any()
        assert (model.threshold_, model.coverage_, model.risk_bound_) == (-np.inf, 0.0, 1.0)
        assert model.predict(X).shape == (2000,)

    def test_the_curve_holds_the_chosen_point(self, two_moons):
        model = SelectiveClassifier(LogisticRegression(), random_state=0).fit(*two_moons)
        curve = model.risk_coverage_curve_
        at = np.flatnonzero(curve.threshold == model.threshold_)
        assert curve.coverage[at] == model.coverage_
        assert curve.risk_bound[at] == model.risk_bound_
        assert curve.coverage[-1] == 1.0

    def test_it_pickles(self, two_moons):
        X, y = two_moons
        model = SelectiveClassifier(LogisticRegression(), random_state=0).fit(X, y)
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).accepts(X), model.accepts(X))


class TestRegressor:
    def test_the_guarantee(self, known_spread):
        rng = np.random.default_rng(0)
        X_test, y_test = spread_rows(rng, 100_000)
        failed, kept = 0, []
        for seed in range(100):
            X, y = spread_rows(rng, 1000)
            model = SelectiveRegressor(FrozenEstimator(known_spread().fit(X)), tolerance=1.5, random_state=seed)
            model.fit(X, y)
            accepted = model.accepts(X_test)
            kept.append(accepted.mean())
            failed += (np.abs(y_test) > 1.5)[accepted].mean() > 0.05
        assert failed / 100 < 0.1 + 3 * 0.03
        # The best threshold, where the mean of P(|y| > 1.5 | std) below it is 5 %, keeps 35 % of the rows.
        assert 0.22 < np.mean(kept) < 0.36

    def test_units_of_y(self, known_spread):
        X, y = spread_rows(np.random.default_rng(0), 1000)
        one = SelectiveRegressor(FrozenEstimator(known_spread().fit(X)), tolerance=1.5, random_state=0).fit(X, y)
        scaled = X * [1024.0, 1.0]
        other = SelectiveRegressor(FrozenEstimator(known_spread().fit(X)), tolerance=1536.0, random_state=0)
        np.testing.assert_array_equal(other.fit(scaled, 1024 * y).accepts(scaled), one.accepts(X))

    def test_kinds_of_uncertainty(self):
        X, y = spread_rows(np.random.default_rng(0), 300)
        base = DeepEnsembleRegressor(ProbabilisticMLPRegressor((8,), max_iter=5), n_estimators=3, random_state=0)
        frozen = FrozenEstimator(base.fit(X, y))
        parts, dist = base.predict_uncertainty(X), base.predict_dist(X)
        expected = {
            "error_probability": 1 - (dist.cdf(parts.mean + 2.0) - dist.cdf(parts.mean - 2.0)),
            "total": np.sqrt(parts.total_variance),
            "aleatoric": np.sqrt(parts.aleatoric_variance),
            "epistemic": np.sqrt(parts.epistemic_variance),
        }
        for kind, values in expected.items():
            model = SelectiveRegressor(frozen, uncertainty=kind, tolerance=2.0, target_risk=0.6).fit(X, y)
            np.testing.assert_allclose(model.row_uncertainty(X), values, atol=1e-12, err_msg=kind)

    def test_a_model_that_gives_a_standard_deviation_is_taken_for_normal(self):
        X, y = spread_rows(np.random.default_rng(0), 300)
        model = SelectiveRegressor(BayesianRidge(), tolerance=2.0, target_risk=0.5, random_state=0).fit(X, y)
        _, std = model.estimator_.predict(X, return_std=True)
        np.testing.assert_allclose(model.row_uncertainty(X), 2 * ndtr(-2.0 / std))

    def test_predictions_are_the_wrapped_models(self):
        X, y = spread_rows(np.random.default_rng(0), 300)
        model = SelectiveRegressor(BayesianRidge(), tolerance=2.0, target_risk=0.5, random_state=0).fit(X, y)
        np.testing.assert_array_equal(model.predict(X), model.estimator_.predict(X))
        np.testing.assert_array_equal(model.predict(X, return_std=True), model.estimator_.predict(X, return_std=True))

    def test_by_default_the_tolerance_is_the_standard_deviation_of_the_fitted_rows(self):
        X, y = spread_rows(np.random.default_rng(0), 300)
        model = SelectiveRegressor(BayesianRidge(), target_risk=0.5, calibration_size=100, random_state=0).fit(X, y)
        assert model.tolerance_ == pytest.approx(y.std(), rel=0.1)
        assert model.tolerance_ != y.std()

    @pytest.mark.parametrize(
        ("parameters", "error", "message"),
        [
            ({"tolerance": 0.0}, ValueError, "tolerance must be greater than 0"),
            ({"target_risk": 5}, ValueError, "target_risk must be greater than 0 and less than 1"),
            ({"delta": 0.0}, ValueError, "delta must be greater than 0"),
            ({"uncertainty": "max_probability"}, ValueError, "uncertainty must be one of 'error_probability'"),
            ({"estimator": LinearRegression()}, TypeError, "must have predict.*got LinearRegression"),
            ({"uncertainty": "epistemic"}, TypeError, "uncertainty must be 'total' for BayesianRidge"),
        ],
    )
    def test_bad_arguments(self, parameters, error, message):
        X, y = spread_rows(np.random.default_rng(0), 50)
        with pytest.raises(error, match=message):
            SelectiveRegressor(**{"estimator": BayesianRidge(), "tolerance": 1.0, **parameters}).fit(X, y)

    def test_a_fitted_model_needs_a_stated_tolerance(self):
        X, y = spread_rows(np.random.default_rng(0), 50)
        with pytest.raises(ValueError, match="tolerance must be given for a model that is fitted already"):
            SelectiveRegressor(FrozenEstimator(BayesianRidge().fit(X, y))).fit(X, y)

    def test_several_targets_are_refused(self):
        X, y = spread_rows(np.random.default_rng(0), 50)
        with pytest.raises(ValueError, match="y should be a 1d array"):
            SelectiveRegressor(BayesianRidge()).fit(X, np.column_stack([y, y]))
