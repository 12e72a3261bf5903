"""Bias and variance: the errors are those of scikit-learn, and each cause gets its name and its first remedy."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, root_mean_squared_error

from uncertainty import Adam, DeepEnsembleRegressor, ProbabilisticMLPClassifier, ProbabilisticMLPRegressor
from uncertainty.diagnostics import validation_diagnosis
from uncertainty.diagnostics.bias_variance import AGAINST_BIAS, AGAINST_VARIANCE, _best_constant, _diagnose
from uncertainty.diagnostics.preparation import checked, seed_from, split

CLIPPED = Adam(clip_norm=1.0)


def test_the_errors_are_those_of_a_fit_on_the_training_rows(regression):
    network = ProbabilisticMLPRegressor((8,), max_iter=10)
    found = validation_diagnosis(network, *regression, baseline_error=30.0, random_state=4)
    seed = seed_from(4)
    train, held_out = split(checked(network, *regression), 0.25, seed, stratify=False)
    model = network.set_params(random_state=seed).fit(train.x, train.y)
    assert (len(train), len(held_out)) == (90, 30)
    assert found.train_error == pytest.approx(root_mean_squared_error(train.y, model.predict(train.x)))
    assert found.validation_error == pytest.approx(root_mean_squared_error(held_out.y, model.predict(held_out.x)))
    assert found.constant_error == pytest.approx(np.sqrt(np.mean((held_out.y - train.y.mean()) ** 2)))
    assert found.avoidable_bias == found.train_error - 30.0
    assert found.variance == found.validation_error - found.train_error


def test_the_error_of_a_classifier_is_the_share_of_wrong_classes(classification):
    network = ProbabilisticMLPClassifier((8,), max_iter=10)
    found = validation_diagnosis(network, *classification, baseline_error=0.1, random_state=0)
    seed = seed_from(0)
    train, held_out = split(checked(network, *classification), 0.25, seed, stratify=True)
    model = network.set_params(random_state=seed).fit(train.x, train.y)
    assert found.validation_error == pytest.approx(1.0 - accuracy_score(held_out.y, model.predict(held_out.x)))
    assert found.unit == "share of wrong classes"
    assert found.constant_error == pytest.approx(0.6, abs=0.02)  # the largest of three classes has 40 %


def test_a_network_that_is_too_small_underfits(regression):
    found = validation_diagnosis(ProbabilisticMLPRegressor((), head="gaussian"), *regression, baseline_error=30.0)
    assert found.diagnosis == "underfit"
    assert found.suggestions == AGAINST_BIAS
    assert found.suggestions[0].startswith("a bigger network")
    assert "first try a bigger network" in found.verdict


def test_a_network_that_memorises_overfits(regression):
    X, y = regression
    network = ProbabilisticMLPRegressor((128, 128), early_stopping=False, alpha=0.0, max_iter=300, optimizer=CLIPPED)
    found = validation_diagnosis(network, np.hstack([X, X**2, X**3]), y, baseline_error=30.0)
    assert found.diagnosis == "overfit"
    assert found.suggestions == AGAINST_VARIANCE
    assert found.suggestions[0] == "more rows"


def test_enough_rows_are_healthy():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((3000, 3))
    y = X[:, 0] - np.sin(2 * X[:, 1]) + 0.3 * rng.standard_normal(3000)
    found = validation_diagnosis(ProbabilisticMLPRegressor(max_iter=30), X, y, baseline_error=0.3)
    assert found.diagnosis == "healthy"
    assert found.suggestions == ()


def test_shuffled_targets_are_no_better_than_a_constant(regression):
    X, y = regression
    shuffled = np.random.default_rng(1).permutation(y)
    network = DeepEnsembleRegressor(ProbabilisticMLPRegressor(embedding=None, early_stopping=False, max_iter=60), 2)
    found = validation_diagnosis(network, X, shuffled, baseline_error=30.0)
    assert found.diagnosis == "no better than a constant"
    assert "X and y belong together" in found.verdict


def test_the_names_of_the_four_cases():
    assert _diagnose(False, False, False) == "healthy"
    assert _diagnose(True, False, False) == "underfit"
    assert _diagnose(False, True, False) == "overfit"
    assert _diagnose(True, True, False) == "underfit and overfit"
    assert _diagnose(False, True, True) == "no better than a constant"


def test_the_best_constant():
    assert _best_constant(np.array([1.0, 2.0, 6.0]), labels=False) == 3.0
    assert _best_constant(np.array(["b", "a", "b"]), labels=True) == "b"
    assert _best_constant(np.array([[0, 1], [0, 1], [1, 0]]), labels=True).tolist() == [0, 1]


def test_the_baseline_has_to_be_stated(regression):
    with pytest.raises(TypeError, match="baseline_error"):
        validation_diagnosis(ProbabilisticMLPRegressor(), *regression)
    with pytest.raises(ValueError, match="baseline_error must be at least 0"):
        validation_diagnosis(ProbabilisticMLPRegressor(), *regression, baseline_error=-1.0)
