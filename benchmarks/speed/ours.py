"""Our own contenders, through the public estimators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from uncertainty import (
    DeepEnsembleClassifier,
    DeepEnsembleRegressor,
    MCDropoutRegressor,
    MixtureDensity,
    ProbabilisticMLPClassifier,
    ProbabilisticMLPRegressor,
)

from .problems import N_COMPONENTS, HeadName, Problem

NAME = "ours"
HEADS: dict[HeadName, Any] = {
    "gaussian": "gaussian",
    "mixture": MixtureDensity(n_components=N_COMPONENTS),
    "classes": "categorical",
}


def make_network(problem: Problem, max_iter: int, **overrides: Any) -> Any:
    """Return the base network of the problem, as its peers train it: Adam at one rate, and no penalty.

    Nor are there averages, an embedding, validation rows or an early end.
    """
    options: dict[str, Any] = {
        "hidden_layer_sizes": problem.layers,
        "activation": "relu",
        "head": HEADS[problem.head],
        "optimizer": "adam",
        "schedule": "constant",
        "averaging": None,
        "alpha": 0.0,
        "batch_size": problem.batch_size,
        "learning_rate_init": problem.learning_rate,
        "max_iter": max_iter,
        "n_iter_no_change": max_iter + 1,
        "early_stopping": False,
        "embedding": None,
        "random_state": 0,
    }
    network = ProbabilisticMLPClassifier if problem.head == "classes" else ProbabilisticMLPRegressor
    return network(**(options | overrides))


def make_ensemble(problem: Problem, max_iter: int, **overrides: Any) -> Any:
    """Return the deep ensemble of the problem."""
    ensemble = DeepEnsembleClassifier if problem.head == "classes" else DeepEnsembleRegressor
    network = make_network(problem, max_iter, **overrides)
    return ensemble(network, n_estimators=problem.n_members, random_state=0)


def make_mc_dropout(problem: Problem, max_iter: int, n_masks: int, rate: float) -> Any:
    """Return the MC-dropout regressor of the problem."""
    network = make_network(problem, max_iter, dropout=rate)
    return MCDropoutRegressor(network, n_mc_samples=n_masks, random_state=0)


def prepare(problem: Problem, **overrides: Any) -> Callable[[int], object]:
    """Return what fits the ensemble for a number of epochs."""
    X, y = problem.arrays()
    return lambda n_epochs: make_ensemble(problem, n_epochs, **overrides).fit(X, y)
