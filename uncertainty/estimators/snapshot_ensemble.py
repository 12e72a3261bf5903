"""Snapshot ensembles: each cycle of a run gives a member; there are three variants of a cycle."""

from __future__ import annotations

import math
import warnings
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from torch import Tensor

from uncertainty.components.mlp import MLP
from uncertainty.components.spec import check_integer, resolve
from uncertainty.estimators.classifier import ProbabilisticClassifier
from uncertainty.estimators.members import Members
from uncertainty.estimators.method import Method, Start, continue_from
from uncertainty.estimators.probabilistic_mlp import NetworkParameters
from uncertainty.estimators.regressor import ProbabilisticRegressor
from uncertainty.estimators.wrapping import base_network
from uncertainty.heads.base import Head
from uncertainty.optim import AdamW
from uncertainty.optim.schedules import CosineCycles, cycle_ends
from uncertainty.training import EpochState, TrainingPlan, TrainingResult

VARIANTS = ("cyclic", "no_cycle", "single_cycle")


@dataclass(frozen=True)
class _Snapshot:
    """Weights and running statistics of the one network, and the validation loss there (-inf without one)."""

    loss: float
    values: Tensor
    statistics: Tensor

    @classmethod
    def of(cls, state: EpochState) -> _Snapshot:
        loss = -math.inf if state.validation_loss is None else state.validation_loss
        return cls(loss, state.values.clone(), state.statistics.clone())


class _SnapshotTaker:
    """Keeps a snapshot of each cycle: the best weights by the held-out rows, or the last ones without such rows.

    After a cycle that found none better than all before it, training goes back to the best ones. Else one cycle's
    overfitting would be where the next one starts, and every later snapshot be worse.
    """

    def __init__(self, ends: Collection[int], *, n_dropped: int, goes_back: bool) -> None:
        self._ends = ends
        self._n_dropped = n_dropped
        self._goes_back = goes_back
        self._of_cycle: _Snapshot | None = None
        self._best: _Snapshot | None = None
        self._taken: list[_Snapshot] = []

    def __call__(self, state: EpochState) -> bool:
        """Look at the end of an epoch; training never stops here."""
        ends = state.epoch in self._ends
        if state.validation_loss is None:
            self._of_cycle = _Snapshot.of(state) if ends else None
        elif self._of_cycle is None or state.validation_loss < self._of_cycle.loss:
            self._of_cycle = _Snapshot.of(state)
        if ends and self._of_cycle is not None:
            self._end_cycle(self._of_cycle, state)
            self._of_cycle = None
        return False

    def _end_cycle(self, snapshot: _Snapshot, state: EpochState) -> None:
        self._taken.append(snapshot)
        if self._best is None or snapshot.loss <= self._best.loss:
            self._best = snapshot
        elif self._goes_back:
            state.restore(self._best.values, self._best.statistics)

    @property
    def kept(self) -> list[_Snapshot]:
        """The snapshots of the cycles that ended, but for the first ones, which are dropped."""
        return self._taken[self._n_dropped :]


class _Snapshots(Method):
    """One network; its weights and running statistics of each cycle.

    Without `restarts` the schedule is the base network's own, and a cycle only says when to keep the weights.
    """

    supports_partial_fit = False
    n_runs = 4

    def __init__(self, n_snapshots: int, n_dropped: int, *, restarts: bool) -> None:
        self.n_snapshots = n_snapshots
        self.n_dropped = n_dropped
        self.restarts = restarts
        self._ends: Collection[int] = ()
        self._taker: _SnapshotTaker | None = None

    def start(self, fitted: Members | None) -> Start:
        if fitted is None:
            return Start(range(1))
        return continue_from(replace(fitted, values=fitted.values[-1:], statistics=fitted.statistics[-1:]))

    def adapt(self, plan: TrainingPlan, input_range: NDArray[np.float64]) -> TrainingPlan:
        n_cycles = self.n_snapshots + self.n_dropped
        _require_epochs(plan, n_cycles)
        if plan.averaging is not None and plan.averaging.spans_a_fit:
            raise ValueError(
                f"averaging must not span the cycles whose ends are to differ, got {plan.averaging!r}. Use 'ema', or "
                f"variant='single_cycle'."
            )
        self._ends = ends = cycle_ends(plan.max_epochs, n_cycles)
        self._taker = _SnapshotTaker(ends, n_dropped=self.n_dropped, goes_back=self.restarts)
        return replace(
            plan,
            schedule=CosineCycles(n_cycles) if self.restarts else plan.schedule,
            patience=None,
            on_epoch_end=(*plan.on_epoch_end, self._taker),
            cycle_ends=tuple(sorted(ends)),
        )

    def members(self, mlp: MLP, head: Head, result: TrainingResult, seed: int) -> Members:
        kept = self._kept
        if not kept:
            return super().members(mlp, head, result, seed)
        return Members(
            mlp,
            head,
            torch.cat([snapshot.values for snapshot in kept]).cpu().numpy(),
            torch.cat([snapshot.statistics for snapshot in kept]).cpu().numpy(),
            n_updates=result.n_updates,
            n_epochs=result.n_epochs,
        )

    def members_of_the_moment(self, mlp: MLP, head: Head, result: TrainingResult, seed: int) -> Members:
        """The snapshots so far and, within a cycle, the network as it is."""
        so_far = self.members(mlp, head, result, seed)
        if not self._kept or len(result.history) in self._ends:
            return so_far
        return replace(
            so_far,
            values=np.concatenate([so_far.values, result.values]),
            statistics=np.concatenate([so_far.statistics, result.statistics]),
        )

    def check_outcome(self, result: TrainingResult) -> None:
        n_kept = len(self._kept)
        if n_kept == self.n_snapshots:
            return
        if n_kept:
            what_is_left = "the epistemic variance rests on these few"
        else:
            what_is_left = "the network as it is is the only member, so that the epistemic variance is 0"
        remedy = "Let it come to its end" if result.n_unfinished else "Lower learning_rate_init"
        warnings.warn(
            f"only {n_kept} of {self.n_snapshots} snapshots were taken: training stopped early, and {what_is_left}. "
            f"{remedy}.",
            ConvergenceWarning,
            stacklevel=2,
        )

    @property
    def _kept(self) -> list[_Snapshot]:
        return [] if self._taker is None else self._taker.kept


class _SingleCycles(Method):
    """A network for each cycle, from a fresh initialization: none depends on another, so they train side by side."""

    supports_partial_fit = False
    n_runs = 4

    def __init__(self, n_networks: int) -> None:
        self._n_networks = n_networks

    @property
    def n_networks(self) -> int:
        return self._n_networks

    def adapt(self, plan: TrainingPlan, input_range: NDArray[np.float64]) -> TrainingPlan:
        _require_epochs(plan, self.n_networks)
        n_epochs = plan.max_epochs // self.n_networks
        return replace(plan, max_epochs=n_epochs, schedule=CosineCycles(1), patience=None)


def _require_epochs(plan: TrainingPlan, n_cycles: int) -> None:
    if plan.max_epochs < n_cycles:
        raise ValueError(
            f"max_iter must be at least one epoch for each of the {n_cycles} cycles, got {plan.max_epochs}."
        )


class SnapshotEnsembleParameters:
    """The parameters of both snapshot ensembles."""

    def __init__(
        self,
        estimator: Any = None,
        n_snapshots: int = 5,
        *,
        variant: str = "cyclic",
        n_dropped_cycles: int = 0,
        random_state: Any = None,
        verbose: int = 0,
        max_time: float | None = None,
        warm_start: bool = False,
        n_jobs: int | None = None,
    ) -> None:
        self.estimator = estimator
        self.n_snapshots = n_snapshots
        self.variant = variant
        self.n_dropped_cycles = n_dropped_cycles
        self.random_state = random_state
        self.verbose = verbose
        self.max_time = max_time
        self.warm_start = warm_start
        self.n_jobs = n_jobs

    def _network(self) -> NetworkParameters:
        return base_network(self, optimizer=AdamW(clip_norm=1.0))

    def _method(self) -> Method:
        n_snapshots = check_integer("n_snapshots", self.n_snapshots)
        n_dropped = check_integer("n_dropped_cycles", self.n_dropped_cycles, low=0)
        variant = resolve("variant", self.variant, {name: name for name in VARIANTS}, str)
        if variant != "single_cycle":
            return _Snapshots(n_snapshots, n_dropped, restarts=variant == "cyclic")
        if n_dropped:
            raise ValueError(
                f"n_dropped_cycles must be 0 with variant='single_cycle', got {n_dropped}. There no cycle follows "
                f"from another: lower n_snapshots and max_iter instead."
            )
        if self.warm_start:
            raise ValueError(
                "warm_start must be False with variant='single_cycle', whose cycles all start from fresh weights, got "
                "True. Use variant='cyclic' to go on from the last snapshot."
            )
        return _SingleCycles(n_snapshots)


class SnapshotEnsembleRegressor(SnapshotEnsembleParameters, ProbabilisticRegressor):
    """Snapshot ensemble: an ensemble for the price of one network.

    The learning rate runs through cosine cycles with warm restarts, and each cycle gives a member: the weights and
    batch-norm statistics that predict the held-out rows best. Members share a history, so they differ less than those
    of a deep ensemble, and their epistemic variance is smaller.

    The paper keeps the last weights of each cycle. So does `early_stopping=False`, but on small or noisy tables they
    are overfitted, each cycle more than the one before. After a cycle that found no better weights than those before
    it training therefore goes back to the best ones.

    Parameters
    ----------
    estimator : ProbabilisticMLPRegressor or None
        The network; None takes its defaults with optimizer=AdamW(clip_norm=1): where a restart meets the small
        gradients at the end of a cycle, a first step may be thrown far. To search its parameters, pass one
        explicitly. The ensemble owns the `schedule` (but for "no_cycle"), and every cycle runs to its end, whatever
        `n_iter_no_change`. `max_iter` is the number of epochs of all cycles together; "auto" is four times that of one
        network. `random_state`, `verbose` and `warm_start` are overridden.
    n_snapshots : int, default 5
        Number of members, M.
    variant : {"cyclic", "no_cycle", "single_cycle"}, default "cyclic"
        All three train for as many epochs in total, and differ in what the members share. "cyclic" is the method:
        warm restarts of the learning rate in one run of `max_iter` epochs. "no_cycle" keeps weights of one ordinary
        run, on the network's own `schedule`, from the same stretches of it, and never goes back. "single_cycle" starts
        each cycle from a fresh initialization, which makes M independent networks with `max_iter // M` epochs of one
        cosine cycle each; they train side by side, so that `n_iter_` counts the epochs of one. It drops no cycles and
        has no warm start.
    n_dropped_cycles : int, default 0
        First cycles whose snapshots are left out; they count in `max_iter`.
    random_state : int, RandomState or None
    verbose : 0, 1, 2 or bool, default 0
        As in `ProbabilisticMLPRegressor`.
    max_time : float or None, default None
        Seconds for the whole fit, as in `ProbabilisticMLPRegressor`; None takes the network's.
    warm_start : bool, default False
        Start from the last snapshot of the last fit, be it its best one or not.
    n_jobs : int or None
        Most threads to use; the result does not depend on it.

    References
    ----------
    Huang et al. (2017), Snapshot ensembles: train 1, get M for free, eq. 2, and Table 1 for the
    variants; Loshchilov & Hutter (2017), SGDR.
    """


class SnapshotEnsembleClassifier(SnapshotEnsembleParameters, ProbabilisticClassifier):
    """Snapshot ensemble for classes: probabilities averaged over the snapshots of one training run.

    Parameters are those of `SnapshotEnsembleRegressor`, with a `ProbabilisticMLPClassifier` for `estimator`.

    References
    ----------
    Huang et al. (2017), Snapshot ensembles: train 1, get M for free.
    """
