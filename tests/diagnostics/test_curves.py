"""Learning curves: whose history it is, how it is smoothed, and what the shapes are called."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from uncertainty import ProbabilisticMLPClassifier, ProbabilisticMLPRegressor, SnapshotEnsembleRegressor
from uncertainty.components.moving_averages import exponential_average
from uncertainty.diagnostics import learning_curves
from uncertainty.diagnostics.curves import curves_from


def test_a_fitted_estimator_shows_its_own_history(regression):
    network = ProbabilisticMLPRegressor(max_iter=15, random_state=3).fit(*regression)
    found = learning_curves(network, *regression)
    assert_array_equal(found.train_loss, network.loss_curve_)
    assert_array_equal(found.validation_loss, network.validation_curve_)
    assert_allclose(found.smoothed_train_loss, exponential_average(network.loss_curve_, 0.9))
    assert found.best_epoch == np.argmin(found.smoothed_validation_loss) + 1


def test_rows_are_held_out_where_the_estimator_does_not(regression):
    network = ProbabilisticMLPRegressor(max_iter=15, early_stopping=False, random_state=0)
    for estimator in (network, SnapshotEnsembleRegressor(network, 3, random_state=0).fit(*regression)):
        found = learning_curves(estimator, *regression)
        assert len(found.epochs) == 15
        assert np.isfinite(found.validation_loss).all()
    assert found.learning_rate[4] < 1e-3 < found.learning_rate[5]  # the cycles of a snapshot ensemble


def test_the_held_out_rows_are_the_validation_fraction(monkeypatch, regression):
    seen = []
    from uncertainty.diagnostics import curves

    right = curves.prepare

    def watching(*args, watched, **options):
        seen.append(len(watched))
        return right(*args, watched=watched, **options)

    monkeypatch.setattr(curves, "prepare", watching)
    learning_curves(ProbabilisticMLPRegressor(max_iter=2, validation_fraction=0.25), *regression)
    assert seen == [30]


def test_a_class_that_is_held_out_alone_does_no_harm(classification):
    X, y = classification
    y = y.copy()
    y[0] = "lonely"
    for seed in range(12):
        assert learning_curves(ProbabilisticMLPClassifier(max_iter=1), X, y, random_state=seed).verdict


def history_of(train, validation):
    both = zip(train, validation, strict=True)
    return [{"train_loss": a, "validation_loss": b, "learning_rate": 1e-3} for a, b in both]


EPOCHS = np.arange(100)
FALLING = 0.4 + np.exp(-EPOCHS / 20)
SHAPES = {
    "it overfits": (FALLING - 0.004 * EPOCHS, 0.6 + 0.8 * np.exp(-EPOCHS / 10) + 0.004 * EPOCHS),
    "still falling": (1.4 - 0.005 * EPOCHS, 1.4 - 0.004 * EPOCHS),
    "nothing is learned": (1.4 - 0.002 * EPOCHS, 1.41 + 0.002 * EPOCHS),
    "more data or regularization": (FALLING, np.where(EPOCHS < 99, np.minimum(FALLING + 0.4, 1.4), 0.82)),
    "close to the training loss": (np.full(100, 0.41), 0.42 + (EPOCHS - 60.0) ** 2 * 1e-6),
}


@pytest.mark.parametrize("words", SHAPES)
def test_shapes_have_names(words):
    assert words in curves_from(history_of(*SHAPES[words]), 1.42, beta=0.0).verdict


def test_shuffled_classes_learn_nothing(classification):
    X, y = classification
    network = ProbabilisticMLPClassifier(validation_fraction=0.4)
    found = learning_curves(network, X, np.random.default_rng(0).permutation(y))
    assert "nothing is learned" in found.verdict
    assert found.marginal_loss == pytest.approx(1.09, abs=0.02)
