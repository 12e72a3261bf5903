"""The suite on images of digits: probabilities of ten classes, and letters as inputs from somewhere else.

The network of Lakshminarayanan et al. (2017), section 3.4: three layers of 200 rectifiers with batch normalization. The
pixels are divided by 255 and not scaled further. The rows are the same in all splits, which differ in the seed.
"""

from __future__ import annotations

import math
from functools import lru_cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from uncertainty import (
    DeepEnsembleClassifier,
    MCDropoutClassifier,
    ProbabilisticMLPClassifier,
    SnapshotEnsembleClassifier,
)

from ..images import load_images
from ..method import Method
from ..runner import Fitted, Problem, split_uncertainty
from .suite import Suite

N_SEEDS = 5

Array = NDArray[np.float64]

# What is not named here is as by default.
_network = partial(ProbabilisticMLPClassifier, (200, 200, 200), "relu", normalization="batch", standardize=False)

METHODS = {
    "probabilistic_mlp": _network,
    "deep_ensemble": partial(DeepEnsembleClassifier, _network(), n_estimators=5),
    "mc_dropout": partial(MCDropoutClassifier, _network(dropout=0.05)),
    "snapshot_ensemble": partial(SnapshotEnsembleClassifier, _network(), n_snapshots=5),
}

_load = lru_cache(maxsize=2)(load_images)


def load_mnist(dataset: str, split: int) -> Problem:
    """Return the 60000 training and 10000 test images."""
    return Problem("classification", *_load("mnist", "train"), *_load("mnist", "t10k"), letter_scores)


def letter_scores(fitted: Fitted) -> dict[str, float]:
    """Return how well three detectors tell letters (notMNIST) from the test digits, as areas under the ROC curve.

    ``auroc_mutual_information`` (NaN without an epistemic part) and ``auroc_entropy``, of the predicted label, know the
    model; ``auroc_trivial``, the distance of an image from the training range, needs none.
    """
    digits, letters = fitted.problem.X_test, load_images("notmnist", "t10k")[0]
    known, foreign = (_spread(fitted.estimator, X) for X in (digits, letters))
    low, high = fitted.problem.X_train.min(axis=0), fitted.problem.X_train.max(axis=0)
    has_spread = known["mutual_information"] is not None and float(np.max(known["mutual_information"])) > 0.0
    return {
        "auroc_mutual_information": _auroc(known["mutual_information"], foreign["mutual_information"])
        if has_spread
        else math.nan,
        "auroc_entropy": _auroc(known["entropy"], foreign["entropy"]),
        "auroc_trivial": _auroc(*(range_distance(X, low, high) for X in (digits, letters))),
    }


def range_distance(X: Array, low: Array, high: Array) -> Array:
    """Return the Euclidean distance (n,) of rows from the box between `low` and `high`, 0 inside."""
    return np.linalg.norm(X - np.clip(X, low, high), axis=1)


def _spread(estimator: Any, X: Array) -> dict[str, Any]:
    parts = split_uncertainty(estimator, X)
    if parts is not None:
        return {"entropy": parts.total_entropy, "mutual_information": parts.mutual_information}
    proba = np.maximum(estimator.predict_proba(X), np.finfo(float).tiny)
    return {"entropy": -(proba * np.log(proba)).sum(axis=1), "mutual_information": None}


def _auroc(known: Array, foreign: Array) -> float:
    is_foreign = np.repeat([0, 1], [len(known), len(foreign)])
    return float(roc_auc_score(is_foreign, np.concatenate([known, foreign])))


MNIST = Suite(
    name="mnist",
    text=f"images of digits, 60000 to train on; letters as foreign inputs; {N_SEEDS} seeds",
    tasks={"mnist": "classification"},
    n_splits={"mnist": N_SEEDS},
    load=load_mnist,
    default_splits=1,
    own_methods={name: Method(name, "ours", None, factory) for name, factory in METHODS.items()},
    repeats="seeds",
    scores=(
        ("auroc_mutual_information", "AUROC mutual inf"),
        ("auroc_entropy", "AUROC entropy"),
        ("auroc_trivial", "AUROC trivial"),
    ),
)
