"""Fits of one option on one split: how long they take, and how good the networks are."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp
from scipy.stats import norm

from uncertainty import metrics

from ..datasets import Arrays, Task
from ..speed.timing import Contender, time_once
from ..splits import Split
from .family import Option, TargetKind

Array = NDArray[np.float64]
Row = dict[str, Any]


@dataclass(frozen=True)
class Trial:
    """One split of a data set, and the seed of everything trained on it."""

    task: Task
    train: Arrays
    test: Arrays
    seed: int

    @classmethod
    def of_split(cls, task: Task, arrays: Arrays, split: Split, seed: int) -> Trial:
        """Return the trial with the rows of a split."""
        X, y = arrays
        (train, test) = split
        return cls(task, (X[train], y[train]), (X[test], y[test]), seed)


def target_kind(task: Task, y: NDArray[Any]) -> TargetKind:
    """Return what kind of target `y` is."""
    if task == "regression":
        return "number"
    return "two classes" if len(np.unique(y)) == 2 else "classes"


@dataclass
class TimedFit:
    """One fit of an estimator: its seconds and the warnings it gave."""

    estimator: Any
    seconds: float = 0.0
    warnings: list[str] = field(default_factory=list)

    def run(self, rows: Arrays) -> TimedFit:
        """Fit on rows and return self."""

        def fit() -> None:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                self.estimator.fit(*rows)
            self.warnings = sorted({f"{warning.category.__name__}: {warning.message}" for warning in caught})

        self.seconds = time_once(Contender("fit", fit))
        return self


def fit_option(option: Option, trial: Trial, n_epochs: int, n_members: int, rate: float | None) -> Row:
    """Fit the ensemble and then one member of it, and return their scores and seconds.

    ``loss`` is what training saw in its last epoch, in nats per row of the standardised target; the other numbers are
    in the units of the target. ``ensemble_nll`` and ``seconds_many`` are those of all members together, and None
    for MC-dropout, which has one network; everything else is the mean over the members, one at a time.
    """
    one = TimedFit(option.make(trial.task, n_epochs, 1, trial.seed, rate))
    if option.n_masks:
        fitted, many = one.run(trial.train), None
    else:
        fitted = many = TimedFit(option.make(trial.task, n_epochs, n_members, trial.seed, rate)).run(trial.train)
        one.run(trial.train)
    estimator = fitted.estimator
    score = score_whole if option.n_masks else score_members
    train_scores, test_scores = score(estimator, *trial.train), score(estimator, *trial.test)
    return {
        "seed": trial.seed,
        "rate": rate,
        "epochs": int(estimator.n_iter_),
        "loss": float(estimator.loss_curve_[-1]),
        "train_nll": train_scores["nll"],
        **test_scores,
        "ensemble_nll": None if many is None else score_whole(estimator, *trial.test)["nll"],
        "seconds_many": None if many is None else many.seconds,
        "seconds_one": one.seconds,
        "warnings": fitted.warnings,
    }


def score_whole(estimator: Any, X: Array, y: NDArray[Any]) -> dict[str, float]:
    """Return the scores of the estimator as it predicts, the mixture of its members."""
    if hasattr(estimator, "classes_"):
        proba = estimator.predict_proba(X)
        return _class_scores(estimator.classes_, proba, y)
    dist = estimator.predict_dist(X)
    return {"nll": float(metrics.negative_log_likelihood(y, dist)), "rmse": _rmse(dist.mean(), y)}


def score_members(estimator: Any, X: Array, y: NDArray[Any]) -> dict[str, float]:
    """Return the mean over the members of the scores that each has alone."""
    if hasattr(estimator, "classes_"):
        each = [_class_scores(estimator.classes_, proba, y) for proba in estimator.predict_members(X)]
        return {name: float(np.mean([scores[name] for scores in each])) for name in each[0]}
    dist = estimator.predict_dist(X)
    return {
        "nll": -float(np.mean(member_log_densities(dist, y))),
        "rmse": float(np.mean([_rmse(mean, y) for mean in estimator.predict_members(X)])),
    }


def member_log_densities(dist: Any, y: Array) -> Array:
    """Return log p(y) under each member of a predictive, of shape (n, M).

    The predictive has the M K components of all members in a row, member by member, with the weights of the mixture.
    """
    log_weights = np.log(dist.weights * dist.n_members)
    each = log_weights + norm.logpdf(y[:, None], dist.means, dist.scales)
    return np.asarray(logsumexp(each.reshape(len(y), dist.n_members, -1), axis=2))


def _class_scores(classes: NDArray[Any], proba: Array, y: NDArray[Any]) -> dict[str, float]:
    return {
        "nll": float(metrics.log_loss(y, proba, labels=classes)),
        "accuracy": float(np.mean(classes[np.argmax(proba, axis=1)] == y)),
    }


def _rmse(mean: Array, y: Array) -> float:
    return float(np.sqrt(np.mean((y - mean) ** 2)))
