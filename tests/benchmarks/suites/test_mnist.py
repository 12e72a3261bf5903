"""Detectors of foreign images, and the one network that all methods share."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from sklearn.utils import Bunch

from benchmarks.runner import Fitted, Problem
from benchmarks.suites import mnist
from benchmarks.suites.mnist import METHODS, letter_scores, load_mnist, range_distance

DIGITS, LETTERS = np.array([[0.1, 0.5], [0.4, 0.2], [0.2, 0.2]]), np.array([[0.9, 0.5], [0.3, 0.3], [0.7, 0.9]])
PROBLEM = Problem("classification", np.array([[0.0, 0.2], [0.5, 0.6]]), np.array([0, 1]), DIGITS, np.array([0, 1, 1]))


def entropy(p: Any) -> Any:
    return -(p * np.log(p) + (1 - p) * np.log(1 - p))


class Model:
    """The probability of a class is the first pixel; the model knows least where the second is large."""

    scale = 1.0

    def predict_proba(self, X: Any) -> Any:
        return np.column_stack([X[:, 0], 1 - X[:, 0]])

    def predict_uncertainty(self, X: Any) -> Bunch:
        return Bunch(total_entropy=entropy(X[:, 0]), mutual_information=self.scale * X[:, 1])


class Single(Model):
    scale = 0.0


class Plain:
    """As a baseline is: probabilities alone."""

    predict_proba = Model.predict_proba


def area(known: Any, foreign: Any) -> float:
    """The share of pairs in the right order, ties counted half."""
    return float(np.mean([(f > k) + 0.5 * (f == k) for k in known for f in foreign]))


@pytest.fixture(autouse=True)
def letters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mnist, "load_images", lambda name, part: (LETTERS, np.zeros(3)))


def test_areas_by_pairs() -> None:
    scores = letter_scores(Fitted(Model(), Model, PROBLEM, 0))
    assert scores["auroc_entropy"] == pytest.approx(area(entropy(DIGITS[:, 0]), entropy(LETTERS[:, 0])))
    assert scores["auroc_mutual_information"] == pytest.approx(area(DIGITS[:, 1], LETTERS[:, 1]))
    # Two of three letters are outside the training range, no digit is.
    assert scores["auroc_trivial"] == pytest.approx((2 + 0.5) / 3)


@pytest.mark.parametrize("model", [Single(), Plain()])
def test_without_an_epistemic_part_entropy_is_left(model: Any) -> None:
    scores = letter_scores(Fitted(model, Model, PROBLEM, 0))
    assert math.isnan(scores["auroc_mutual_information"])
    assert scores["auroc_entropy"] == pytest.approx(area(entropy(DIGITS[:, 0]), entropy(LETTERS[:, 0])))


def test_distance_from_the_training_range() -> None:
    X = np.array([[0.5, 0.5], [-0.3, 1.4], [2.0, 0.0]])
    np.testing.assert_allclose(range_distance(X, np.zeros(2), np.ones(2)), [0.0, 0.5, 1.0])


@pytest.mark.parametrize("name", METHODS)
def test_the_network_is_shared(name: str) -> None:
    estimator = METHODS[name](random_state=3)
    network = estimator if name == "probabilistic_mlp" else estimator.estimator
    assert estimator.random_state == 3
    assert (network.hidden_layer_sizes, network.activation) == ((200, 200, 200), "relu")
    assert (network.normalization, network.standardize) == ("batch", False)
    assert (network.dropout is None) == (name != "mc_dropout")


@pytest.mark.data
def test_pixels_are_only_divided() -> None:
    problem = load_mnist("mnist", 0)
    assert (problem.X_train.shape, problem.X_test.shape) == ((60_000, 784), (10_000, 784))
    assert set(np.unique(problem.X_test[:50] * 255.0).round(9)) <= set(range(256))
    assert problem.X_train.max() == 1.0
