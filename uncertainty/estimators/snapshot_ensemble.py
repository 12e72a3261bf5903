"""Snapshot ensembles: one training run with warm restarts, whose weights at each cycle's end are the members."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from uncertainty.components.mlp import MLP
from uncertainty.components.spec import check_integer
from uncertainty.estimators.classifier import ProbabilisticClassifier
from uncertainty.estimators.members import Members
from uncertainty.estimators.method import Method, Start, continue_from
from uncertainty.estimators.probabilistic_mlp import NetworkParameters
from uncertainty.estimators.regressor import ProbabilisticRegressor
from uncertainty.estimators.wrapping import base_network
from uncertainty.heads.base import Head
from uncertainty.optim import Adam
from uncertainty.optim.schedules import CosineCycles, cycle_ends
from uncertainty.training import EpochState, TrainingPlan, TrainingResult


class _Snapshots(Method):
    """One network; its weights and running statistics at the end of each cycle."""

    supports_partial_fit = False
    watches_validation = False

    def __init__(self, n_snapshots: int, n_dropped: int) -> None:
        self.n_snapshots = n_snapshots
        self.n_dropped = n_dropped
        self._kept: list[tuple[NDArray[Any], NDArray[Any]]] = []

    def start(self, fitted: Members | None) -> Start:
        if fitted is None:
            return Start(range(1))
        return continue_from(replace(fitted, values=fitted.values[-1:], statistics=fitted.statistics[-1:]))

    def adapt(self, plan: TrainingPlan, input_range: NDArray[np.float64]) -> TrainingPlan:
        n_cycles = self.n_snapshots + self.n_dropped
        if plan.max_epochs < n_cycles:
            raise ValueError(
                f"max_iter must be at least one epoch for each of the {n_cycles} cycles, got {plan.max_epochs}."
            )
        ends = cycle_ends(plan.max_epochs, n_cycles)[self.n_dropped :]

        def keep(state: EpochState) -> bool:
            if state.epoch in ends:
                self._kept.append((state.values.cpu().numpy().copy(), state.statistics.cpu().numpy().copy()))
            return False

        return replace(
            plan,
            schedule=CosineCycles(n_cycles),
            patience=None,
            on_epoch_end=(*plan.on_epoch_end, keep),
        )

    def members(self, mlp: MLP, head: Head, result: TrainingResult, seed: int) -> Members:
        kept = self._kept or [(result.values, result.statistics)]
        if len(kept) < self.n_snapshots:
            warnings.warn(
                f"only {len(kept)} of {self.n_snapshots} snapshots were taken: training stopped early, and the "
                f"epistemic variance rests on these few. Lower learning_rate_init.",
                ConvergenceWarning,
                stacklevel=2,
            )
        values, statistics = zip(*kept, strict=True)
        return Members(
            mlp,
            head,
            np.concatenate(values),
            np.concatenate(statistics),
            n_updates=result.n_updates,
            n_epochs=result.n_epochs,
        )


class SnapshotEnsembleParameters:
    """The parameters of both snapshot ensembles."""

    def __init__(
        self,
        estimator: Any = None,
        n_snapshots: int = 5,
        *,
        n_dropped_cycles: int = 0,
        random_state: Any = None,
        verbose: bool = False,
        warm_start: bool = False,
        n_jobs: int | None = None,
    ) -> None:
        self.estimator = estimator
        self.n_snapshots = n_snapshots
        self.n_dropped_cycles = n_dropped_cycles
        self.random_state = random_state
        self.verbose = verbose
        self.warm_start = warm_start
        self.n_jobs = n_jobs

    def _network(self) -> NetworkParameters:
        return base_network(self, max_iter=200, alpha=1e-2, learning_rate_init=1e-2, optimizer=Adam(clip_norm=1.0))

    def _method(self) -> Method:
        return _Snapshots(
            check_integer("n_snapshots", self.n_snapshots),
            check_integer("n_dropped_cycles", self.n_dropped_cycles, low=0),
        )


class SnapshotEnsembleRegressor(SnapshotEnsembleParameters, ProbabilisticRegressor):
    """Snapshot ensemble: an ensemble for the price of one network.

    The learning rate runs through cosine cycles with warm restarts; at the end of each, where it is lowest, the
    weights and batch-norm statistics are kept as a member. Members share a history, so they differ less than those of
    a deep ensemble, and their epistemic variance is smaller.

    Parameters
    ----------
    estimator : ProbabilisticMLPRegressor or None
        The network; None takes its defaults with max_iter=200, learning_rate_init=1e-2, optimizer=Adam(clip_norm=1)
        and alpha=1e-2 (nothing else holds back the overfitting of a run without early stopping). To search its
        parameters, pass one explicitly. The ensemble owns the `schedule` and ignores early stopping (all rows are
        trained on); `max_iter` is the number of epochs of all cycles together. `random_state`, `verbose` and
        `warm_start` are overridden.
    n_snapshots : int, default 5
        Number of members, M.
    n_dropped_cycles : int, default 0
        First cycles whose snapshots are left out.
    random_state : int, RandomState or None
    verbose : bool, default False
    warm_start : bool, default False
        Start from the last snapshot of the last fit.
    n_jobs : int or None
        Most threads to use; the result does not depend on it.

    References
    ----------
    Huang et al. (2017), Snapshot ensembles: train 1, get M for free, eq. 2; Loshchilov & Hutter (2017), SGDR.
    """


class SnapshotEnsembleClassifier(SnapshotEnsembleParameters, ProbabilisticClassifier):
    """Snapshot ensemble for classes: probabilities averaged over the snapshots of one training run.

    Parameters are those of `SnapshotEnsembleRegressor`, with a `ProbabilisticMLPClassifier` for `estimator`.

    References
    ----------
    Huang et al. (2017), Snapshot ensembles: train 1, get M for free.
    """
