"""How a diagnosis gets at a network without touching the estimator: clones, and runs that are ready but not begun."""

from __future__ import annotations

import copy
import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.exceptions import ConvergenceWarning
from torch import Tensor

from uncertainty.components.spec import check_number
from uncertainty.estimators import options
from uncertainty.estimators.encoding import RawRows, check_rows, require_two_rows
from uncertainty.estimators.estimator import MemberEstimator
from uncertainty.estimators.fitting import FitTask, PreparedRun, prepare_run
from uncertainty.estimators.method import Method, continue_from
from uncertainty.estimators.validation_split import split_rows
from uncertainty.training import TrainingResult
from uncertainty.training.data import Rows
from uncertainty.training.random_streams import Purpose, member_generators

# Parameter -> the value with which it holds no network back from memorising its rows.
UNREGULARIZED: dict[str, Any] = {
    "alpha": 0.0,
    "l1_ratio": 0.0,
    "dropout": None,
    "augmentation": None,
    "averaging": None,
    "pretraining": None,
    "schedule": "constant",
    "early_stopping": False,
    "class_weight": None,
    "optimizer__weight_decay": 0.0,
    "optimizer__max_norm": None,
    "head__label_smoothing": 0.0,
    "residual__stochastic_depth": 0.0,
}


def base_network(estimator: Any, **changes: Any) -> Any:
    """Return an unfitted copy of the estimator's base network, with some parameters changed.

    The members of every method are this network, so what is wrong with its training shows on it alone.
    """
    if not isinstance(estimator, MemberEstimator):
        raise TypeError(
            f"estimator must be one of this package's regressors or classifiers, got {type(estimator).__name__}. Of a "
            f"pipeline, pass the last step and the X that reaches it."
        )
    return clone(estimator._network()).set_params(**{"verbose": False, "warm_start": False, **changes})


def unregularized(network: Any, **changes: Any) -> Any:
    """Return a copy of a base network that nothing holds back from memorising its rows."""
    known = network.get_params()
    off = {name: value for name, value in UNREGULARIZED.items() if name in known}
    return clone(network).set_params(**off, **changes)


def is_fitted(estimator: Any) -> bool:
    """Whether the estimator has members."""
    return hasattr(estimator, "members_")


def seed_from(random_state: Any) -> int:
    """Return the seed of a diagnosis; a generator that is passed is left as it was."""
    return options.draw_seed(copy.deepcopy(random_state))


def checked(estimator: Any, X: Any, y: Any) -> RawRows:
    """Return the rows after the checks of `fit`."""
    rows = check_rows(base_network(estimator), X, y, None, reset=True, numeric_y=is_regressor(estimator))
    require_two_rows(rows)
    return rows


def sample(rows: RawRows, n_rows: int, seed: int, *, stratify: bool) -> RawRows:
    """Return at most so many of the rows, in random order; with `stratify` classes take turns as far as they last."""
    order = np.random.default_rng(seed).permutation(len(rows))
    if stratify and rows.y.ndim == 1:
        codes = np.unique(rows.y[order], return_inverse=True)[1]
        by_class = np.argsort(codes, kind="stable")
        starts = np.searchsorted(codes[by_class], codes[by_class])
        turns = np.empty(len(codes), dtype=np.intp)
        turns[by_class] = np.arange(len(codes)) - starts
        order = order[np.argsort(turns, kind="stable")]
    return take(rows, order[:n_rows])


def prepare(
    network: Any, rows: RawRows, *, seed: int, method: Method | None = None, watched: RawRows | None = None
) -> PreparedRun:
    """Return the training run of an unfitted base network, which learns scaling and labels on the way.

    `method` says how many networks there are side by side and which rows each has; by default it is one network.
    `watched` are rows whose loss every network watches, instead of its own held-out share.
    """
    method = Method() if method is None else method
    classes = None
    if watched is not None:
        network.set_params(early_stopping=False)
        # The only row of a class may be among those that are watched.
        classes = (
            np.unique(np.concatenate([rows.y, watched.y])) if is_classifier(network) and rows.y.ndim == 1 else None
        )
    network._prepare(rows, classes)
    task = FitTask(network, method, network.head_, network._problem(rows, None), method.start(None), seed)
    run = prepare_run(task)
    return run if watched is None else with_watched(run, encoded(network, watched, run.data.rows.x))


def prepare_fitted(estimator: Any, rows: RawRows, *, seed: int, **changes: Any) -> PreparedRun:
    """Return the run that would go on training the networks of a fitted estimator, in its own scaling."""
    network, fitted = base_network(estimator, **{"early_stopping": False, **changes}), copy.copy(estimator)
    start = continue_from(fitted.members_)
    return prepare_run(FitTask(network, Method(), fitted.head_, fitted._problem(rows, None), start, seed))


def encoded(estimator: Any, rows: RawRows, like: Tensor) -> Rows:
    """Return rows [N, ...] in the scaling of an estimator, as tensors of one kind with `like`."""
    problem = estimator._problem(rows, None)
    weight = None if problem.weight is None else torch.as_tensor(problem.weight).to(like)
    return Rows(torch.as_tensor(problem.x).to(like), torch.as_tensor(problem.y).to(like), weight)


def with_watched(run: PreparedRun, watched: Rows) -> PreparedRun:
    """Return the run with rows to watch; without a member axis all its networks watch the same."""
    shared = watched.share(run.data.n_members) if watched.x.ndim == 2 else watched
    return replace(run, data=replace(run.data, validation=shared))


def train_quietly(run: PreparedRun) -> TrainingResult:
    """Train without the warnings of `fit`: a diagnosis says in its verdict what it finds."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return run.train()


def with_plan(run: PreparedRun, *, batches_per_epoch: int | None = None, **changes: Any) -> PreparedRun:
    """Return the run under a changed plan, and with short epochs on request."""
    batches = run.batches if batches_per_epoch is None else run.batches.shortened(batches_per_epoch)
    return replace(run, batches=batches, plan=replace(run.plan, **changes))


@torch.no_grad()
def row_losses(run: PreparedRun, values: Any, statistics: Any, rows: Rows) -> NDArray[np.float64]:
    """Return the NLL [M, n] of rows that carry a member axis, for members in prediction form, in nats."""
    folded = run.mlp.fold(torch.as_tensor(values).to(rows.x), torch.as_tensor(statistics).to(rows.x))
    return (-run.head.log_prob(folded.forward(rows.x), rows.y)).double().cpu().numpy()


def mean_loss(run: PreparedRun, values: Any, statistics: Any, rows: Rows) -> float:
    """Return the weighted mean of `row_losses`."""
    weight = None if rows.weight is None else rows.weight.double().cpu().numpy()
    return float(np.average(row_losses(run, values, statistics, rows), weights=weight))


def marginal_nll(run: PreparedRun, *, regression: bool) -> float:
    """Return the NLL of the training rows under their own marginal distribution, in nats.

    It is that of a normal distribution with the mean and variance of each (standardised) target, or of the head's own
    best constant where that knows the shape of y better, or the entropy of the class frequencies; and the yardstick of
    every other loss: a network that knows nothing about y can reach it.
    """
    rows = run.data.rows
    weight = torch.ones_like(rows.y[:, 0]) if rows.weight is None else rows.weight
    if not regression:
        return _entropy_of_classes(rows.y.double().cpu().numpy(), weight.double().cpu().numpy())
    constant = run.head.init_raw(rows.y, weight).expand(1, len(rows.y), -1)
    of_head = np.average(-run.head.log_prob(constant, rows.y).double().cpu().numpy()[0], weights=weight.cpu().numpy())
    return min(float(of_head), _normal_nll(rows.y.double().cpu().numpy(), weight.double().cpu().numpy()))


def _normal_nll(y: NDArray[np.float64], weight: NDArray[np.float64]) -> float:
    mean = np.average(y, axis=0, weights=weight)
    std = np.sqrt(np.average((y - mean) ** 2, axis=0, weights=weight))
    return float(np.sum(0.5 * np.log(2.0 * np.pi * np.e) + np.log(np.maximum(std, 1e-3))))


def _entropy_of_classes(y: NDArray[np.float64], weight: NDArray[np.float64]) -> float:
    total = 0.0
    for column in y.T:
        counts = np.bincount(np.unique(column, return_inverse=True)[1], weights=weight)
        shares = counts[counts > 0.0] / weight.sum()
        total -= float(shares @ np.log(shares))
    return total


def split(rows: RawRows, fraction: Any, seed: int, *, stratify: bool) -> tuple[RawRows, RawRows]:
    """Return the rows to train on and a held-out share of them, in proportion to the classes with `stratify`."""
    strata = np.unique(rows.y, return_inverse=True)[1] if stratify and rows.y.ndim == 1 else None
    generators = member_generators(seed, range(1), Purpose.VALIDATION_SPLIT)
    share = check_number("validation_fraction", fraction, low_open=True, high=1.0, high_open=True)
    train, held_out = split_rows(generators, len(rows), share, strata)
    return take(rows, train[0]), take(rows, held_out[0])


def take(rows: RawRows, chosen: NDArray[np.intp]) -> RawRows:
    """Return some of the rows."""
    return RawRows(rows.x[chosen], rows.y[chosen], None)
