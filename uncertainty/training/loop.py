"""The one training loop: any stack, head and method."""

from __future__ import annotations

import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from torch import Tensor

from uncertainty.components.mlp import MLP
from uncertainty.heads.base import Head
from uncertainty.optim.base import Optimizer
from uncertainty.training.batches import BatchStream
from uncertainty.training.data import TrainingData
from uncertainty.training.early_stopping import BestSoFar, finite_or_infinite
from uncertainty.training.part import Outcome, Part, StepRule
from uncertainty.training.plan import EpochState, TrainingPlan
from uncertainty.training.stack import Stack
from uncertainty.training.threads import limited_threads, thread_limit, training_threads

# Epochs in a row with non-finite steps that a member may have before it is stopped; each halves its learning rate.
MAX_BACK_OFFS = 10


@dataclass(frozen=True)
class TrainingResult:
    """Outcome of a fit: `values` [M, P] and `statistics` [M, Q] on the CPU, and what happened on the way.

    `history` has one record an epoch; `best_epochs` [M] is where each member's weights come from;
    `optimizer_state` and `n_updates` (batches that the running statistics have seen) continue the fit.
    """

    values: NDArray[Any]
    statistics: NDArray[Any]
    history: list[dict[str, float]]
    best_epochs: NDArray[np.intp]
    best_losses: NDArray[np.float64]
    optimizer_state: dict[str, Any]
    n_updates: int


def fit_members(
    mlp: MLP,
    head: Head,
    values: Tensor,
    statistics: Tensor,
    data: TrainingData,
    batches: BatchStream,
    plan: TrainingPlan,
    *,
    optimizer_state: dict[str, Any] | None = None,
    n_updates: int = 0,
    n_jobs: int | None = None,
) -> TrainingResult:
    """Train the members in `values` [M, P] in place, on at most `n_jobs` threads, and return where they ended.

    Raises
    ------
    FloatingPointError
        When a member has no finite loss at all.
    """
    limit = 1 if values.is_cuda else thread_limit(n_jobs)  # on a GPU the whole stack is one part
    with limited_threads(0), ThreadPoolExecutor(limit) as pool:
        run = _Run(mlp, head, values, statistics, data, batches, plan, optimizer_state, n_updates, limit, pool)
        for epoch in range(1, plan.max_epochs + 1):
            run.train_epoch()
            stop = run.finish_epoch(epoch)
            if stop or run.n_training == 0:
                break
        return run.result()


@dataclass
class _Run:
    """State of one call of `fit_members`. `members` numbers the rows of the stack that still train."""

    mlp: MLP
    head: Head
    values: Tensor
    statistics: Tensor
    data: TrainingData
    batches: BatchStream
    plan: TrainingPlan
    optimizer_state: dict[str, Any] | None
    n_updates: int
    thread_limit: int
    pool: ThreadPoolExecutor
    history: list[dict[str, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        n_members, plan = len(self.values), self.plan
        self.members = torch.arange(n_members)
        self.validation = self.data.validation
        penalized = self.mlp.layout.penalty_mask().to(self.values)
        perturbation = plan.adversarial_perturbation
        self.rule = StepRule(
            plan,
            penalized,
            plan.optimizer.checked_clip_norm(),
            None if perturbation is None else perturbation.to(self.values),
            plan.schedule.build(plan.max_epochs, self.batches.n_batches),
        )
        self.optimizer: Optimizer = plan.optimizer.build(self.values, penalized)
        if self.optimizer_state is not None:
            self.optimizer.load_state(self.optimizer_state)
        self.n_steps = 0
        self.rate_scale = np.ones(n_members)
        self.bad_epochs = torch.zeros(n_members, dtype=torch.long)
        self.bad_in_a_row = torch.zeros(n_members, dtype=torch.long)
        self.final_values, self.final_statistics = self.values.clone(), self.statistics.clone()
        self.final_epochs = torch.zeros(n_members, dtype=torch.long)
        self._share_out()
        parts = [part for group in self.groups for part in group]
        start = torch.cat([part.watch() for part in parts]) if self.validation else torch.full((n_members,), torch.inf)
        self.best = BestSoFar.start(self.values, self.statistics, start)

    @property
    def n_training(self) -> int:
        return len(self.members)

    def _share_out(self) -> None:
        """Divide the members into groups, one a thread, and each group into parts of one learning rate."""
        work = self.mlp.multiply_adds * self.n_training * self.batches.batch_size
        n_groups = min(training_threads(work, self.thread_limit), self.n_training)
        bounds = [len(self.members) * i // n_groups for i in range(n_groups + 1)]
        self.groups = [self._parts(start, stop) for start, stop in pairwise(bounds)]

    def _parts(self, start: int, stop: int) -> list[Part]:
        """Parts of the members `start` to `stop`: runs of equal multiples of the learning rate."""
        changes = [i for i in range(start + 1, stop) if self.rate_scale[i] != self.rate_scale[i - 1]]
        return [self._part(slice(a, b)) for a, b in pairwise([start, *changes, stop])]

    def _part(self, rows: slice) -> Part:
        stack = Stack(self.mlp, self.head, self.values[rows], self.statistics[rows], self.n_updates)
        validation = None if self.validation is None else self.validation.select(rows)
        optimizer, batches = self.optimizer.part(rows), self.batches.part(rows)
        return Part(stack, optimizer, batches, validation, self.rule, float(self.rate_scale[rows.start]))

    def train_epoch(self) -> None:
        """One pass over the rows, each group of members on a thread of its own."""

        def run(group: list[Part]) -> list[Outcome]:
            return [part.run_epoch(self.n_steps) for part in group]

        by_group = map(run, self.groups) if len(self.groups) == 1 else self.pool.map(run, self.groups)
        outcomes = [outcome for group in by_group for outcome in group]
        self.n_steps += self.batches.n_batches
        self.n_updates, self.optimizer.steps = self.groups[0][0].stack.n_updates, self.groups[0][0].optimizer.steps
        self.train_losses = torch.cat([outcome.train_losses for outcome in outcomes])  # [M]
        self.failed = torch.cat([outcome.failed for outcome in outcomes]).cpu()
        watched = [o.validation_losses for o in outcomes if o.validation_losses is not None]
        self.validation_losses = torch.cat(watched) if watched else None

    def finish_epoch(self, epoch: int) -> bool:
        """Back off where steps failed, watch the loss, record, drop finished members; True when a hook says stop."""
        monitored = self.train_losses if self.validation_losses is None else self.validation_losses
        losses = torch.where(self.failed, torch.inf, finite_or_infinite(monitored))
        self.best.update(epoch, self.members, losses, self.values, self.statistics, tol=self.plan.tol)
        self.bad_epochs[self.members] += self.failed
        self.bad_in_a_row[self.members] = torch.where(self.failed, self.bad_in_a_row[self.members] + 1, 0)
        stop = self._record(epoch)
        going_on = self.bad_in_a_row[self.members] <= MAX_BACK_OFFS
        if self.plan.patience is not None:
            going_on &= self.best.patient(epoch, self.members, self.plan.patience)
        all_go_on, any_failed = bool(going_on.all()), bool(self.failed.any())
        if any_failed:
            self.rate_scale[self.failed.numpy()] *= 0.5
        if not all_go_on:
            self._retire(going_on)
        if self.n_training and (any_failed or not all_go_on):
            self._share_out()
        return stop

    def _record(self, epoch: int) -> bool:
        validation = None if self.validation_losses is None else _finite_mean(self.validation_losses)
        rate = self.rule.rate(self.n_steps - 1)
        record = {"epoch": epoch, "train_loss": _finite_mean(self.train_losses), "learning_rate": rate}
        if validation is not None:
            record["validation_loss"] = validation
        record["n_training"] = self.n_training
        self.history.append(record)
        state = EpochState(
            epoch=epoch,
            max_epochs=self.plan.max_epochs,
            train_loss=record["train_loss"],
            validation_loss=validation,
            learning_rate=rate,
            n_training=self.n_training,
            values=self.values,
            statistics=self.statistics,
        )
        wishes = [hook(state) for hook in self.plan.on_epoch_end]  # every hook sees every epoch
        return any(wishes)

    def _retire(self, going_on: Tensor) -> None:
        """Take finished members out of the stack, so that the others go on faster."""
        self._store_final()
        kept = going_on.nonzero()[:, 0].to(self.values.device)
        self.members = self.members[going_on]
        self.rate_scale = self.rate_scale[going_on.numpy()]
        self.values, self.statistics = self.values[kept], self.statistics[kept]
        self.optimizer.select(kept)
        self.batches.select(kept)
        self.validation = None if self.validation is None else self.validation.select(kept)

    def _store_final(self) -> None:
        self.final_epochs[self.members] = len(self.history)
        self.final_values[self.members] = self.values
        self.final_statistics[self.members] = self.statistics

    def result(self) -> TrainingResult:
        """Best weights where there are validation rows, the last ones otherwise; never a non-finite one."""
        if self.n_training:
            self._store_final()
        restore = self.data.validation is not None
        values = self.best.values if restore else self.final_values
        statistics = self.best.statistics if restore else self.final_statistics
        self._check_outcome()
        return TrainingResult(
            values=values.cpu().numpy(),
            statistics=statistics.cpu().numpy(),
            history=self.history,
            best_epochs=(self.best.epochs if restore else self.final_epochs).numpy(),
            best_losses=self.best.losses.numpy(),
            optimizer_state=self.optimizer.state(),
            n_updates=self.n_updates,
        )

    def _check_outcome(self) -> None:
        never_better = self.best.epochs == 0
        every_epoch_bad = self.bad_in_a_row == self.final_epochs
        hopeless = every_epoch_bad & ~torch.isfinite(self.best.losses) & (self.final_epochs > 1)
        if bool(hopeless.any()):
            raise FloatingPointError(
                f"the loss must be finite, but members {hopeless.nonzero()[:, 0].tolist()} of the "
                f"{type(self.head).__name__} had no finite loss in {len(self.history)} epochs, at half the learning "
                f"rate after each. Lower learning_rate_init, or look for extreme values in X and y."
            )
        given_up = (self.bad_in_a_row > MAX_BACK_OFFS) | (never_better & (self.bad_epochs > 0))
        if bool(given_up.any()):
            warnings.warn(
                f"{type(self.head).__name__}: members {given_up.nonzero()[:, 0].tolist()} had non-finite gradients in "
                f"{self.bad_epochs[given_up].tolist()} of {len(self.history)} epochs and got no further; their best "
                f"finite weights are kept. Lower learning_rate_init, or look for extreme values in X and y.",
                ConvergenceWarning,
                stacklevel=2,
            )
        elif self.data.validation is not None and bool(never_better.all()):
            warnings.warn(
                f"no member came to predict the held-out rows better than it did at the start, by one constant for "
                f"all rows if the fit is new (NLL {float(self.best.losses.mean()):.3f}, {len(self.history)} epochs). "
                f"X says nothing about y, or learning_rate_init={self.plan.learning_rate:g} is too high.",
                ConvergenceWarning,
                stacklevel=2,
            )


def _finite_mean(losses: Tensor) -> float:
    finite = losses[torch.isfinite(losses)]
    return float(finite.mean()) if len(finite) else float("inf")
