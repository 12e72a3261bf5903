"""Overfitting a small sample: whatever can train memorises it, and what cannot is told apart."""

import numpy as np
import pytest

from uncertainty import (
    Adam,
    Categorical,
    MCDropoutRegressor,
    ProbabilisticMLPClassifier,
    ProbabilisticMLPRegressor,
    RandomNormal,
)
from uncertainty.diagnostics import overfit_small_sample
from uncertainty.diagnostics.preparation import checked, sample, unregularized


def test_a_network_memorises_twenty_rows(regression):
    found = overfit_small_sample(ProbabilisticMLPRegressor(), *regression)
    assert found.memorised
    assert found.n_rows == 20
    assert found.best_loss < found.target_loss == pytest.approx(found.marginal_loss - 1.0)
    assert found.marginal_loss == pytest.approx(0.5 * np.log(2 * np.pi * np.e), rel=1e-5)


def test_labels_without_meaning_are_memorised_too(classification):
    X, y = classification
    shuffled = np.random.default_rng(0).permutation(y)
    found = overfit_small_sample(ProbabilisticMLPClassifier(), X, shuffled)
    assert found.memorised
    assert found.best_loss < 0.1 * found.marginal_loss


def test_regularization_is_off(regression):
    held_back = ProbabilisticMLPRegressor(
        dropout=0.8, alpha=1.0, optimizer=Adam(weight_decay=1.0), schedule="cosine", max_iter=1
    )
    assert overfit_small_sample(held_back, *regression).memorised
    assert overfit_small_sample(MCDropoutRegressor(), *regression).memorised
    made = unregularized(ProbabilisticMLPClassifier(optimizer=Adam(weight_decay=1.0), head=Categorical()))
    assert made.optimizer.weight_decay == 0.0
    assert made.alpha == 0.0


@pytest.mark.parametrize(
    "network",
    [
        ProbabilisticMLPRegressor(initializer=RandomNormal(0.0)),
        ProbabilisticMLPRegressor((), head="gaussian"),
        ProbabilisticMLPRegressor(learning_rate_init=1e-6),
    ],
    ids=["equal units", "linear", "tiny rate"],
)
def test_what_cannot_memorise_is_told(network, regression):
    found = overfit_small_sample(network, *regression, n_epochs=300)
    assert not found.memorised
    assert "does not memorise" in found.verdict


def test_a_rate_that_is_too_high_falls_apart(regression):
    found = overfit_small_sample(ProbabilisticMLPRegressor(learning_rate_init=10.0), *regression, n_epochs=20)
    assert not found.memorised
    assert "falls apart" in found.verdict
    assert found.learning_rate == 10.0
    assert overfit_small_sample(ProbabilisticMLPRegressor(), *regression, learning_rate=1e-4).learning_rate == 1e-4


def test_rows_that_look_alike_count_once(regression):
    X, y = regression
    found = overfit_small_sample(ProbabilisticMLPRegressor(), np.round(X[:, :1]), y)
    assert found.n_rows == len(np.unique(np.round(X[:, 0])))


def test_classes_take_turns(classification):
    X, y = classification
    few = sample(checked(ProbabilisticMLPClassifier(), X, y), 20, 0, stratify=True)
    assert sorted(np.unique(few.y, return_counts=True)[1]) == [6, 7, 7]
    rare = np.where(np.arange(len(y)) < 2, "a", "b")
    few = sample(checked(ProbabilisticMLPClassifier(), X, rare), 20, 0, stratify=True)
    assert np.unique(few.y, return_counts=True)[1].tolist() == [2, 18]
