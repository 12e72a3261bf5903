"""The one training loop: any stack, head and method."""

from __future__ import annotations

import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from torch import Tensor

from uncertainty.components.mlp import MLP
from uncertainty.heads.base import Head
from uncertainty.training.batches import BatchStream
from uncertainty.training.data import Rows, TrainingData
from uncertainty.training.early_stopping import BestSoFar, finite_or_infinite
from uncertainty.training.plan import EpochState, TrainingPlan
from uncertainty.training.stack import mean_nll
from uncertainty.training.threads import one_blas_thread, thread_limit, torch_threads, worthwhile_threads
from uncertainty.training.whole import WholeStack

# Epochs in a row with non-finite steps that a member may have before it is stopped; each halves its learning rate.
MAX_BACK_OFFS = 10


@dataclass(frozen=True)
class TrainingResult:
    """Outcome of a fit: `values` [M, P] and `statistics` [M, Q] on the CPU, and what happened on the way.

    `history` has one record an epoch; `best_epochs` [M] is where each member's weights come from;
    `optimizer_state`, `n_updates` (batches that the running statistics have seen) and `n_epochs` (good epochs of the
    networks, those of earlier fits included) continue the fit. Where weights are averaged, `values` and `statistics`
    are the averages.
    """

    values: NDArray[Any]
    statistics: NDArray[Any]
    history: list[dict[str, float]]
    best_epochs: NDArray[np.intp]
    best_losses: NDArray[np.float64]
    optimizer_state: dict[str, Any]
    n_updates: int
    n_epochs: int


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
    n_epochs: int = 0,
    n_jobs: int | None = None,
) -> TrainingResult:
    """Train the members in `values` [M, P] in place, on at most `n_jobs` threads, and return where they ended.

    Raises
    ------
    FloatingPointError
        When a member has no finite loss at all.
    """
    n_threads = 1 if values.is_cuda else thread_limit(n_jobs)  # on a GPU the whole stack is one part
    with torch_threads(1), one_blas_thread(), ThreadPoolExecutor(n_threads) as pool:
        stack = WholeStack(
            mlp,
            head,
            values,
            statistics,
            batches,
            plan,
            optimizer_state=optimizer_state,
            n_updates=n_updates,
            n_epochs=n_epochs,
            n_threads=n_threads,
            pool=pool,
        )
        run = _Run(stack, data.validation, plan)
        for epoch in range(1, plan.max_epochs + 1):
            if run.epoch_says_stop(epoch):
                break
        return run.result()


@dataclass
class _Run:
    """State of one call of `fit_members`. `members` numbers the rows of the stack that still train."""

    stack: WholeStack
    validation: Rows | None
    plan: TrainingPlan
    history: list[dict[str, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        values, statistics = self.stack.watched
        n_members = len(values)
        self.members = torch.arange(n_members)
        self.bad_epochs = torch.zeros(n_members, dtype=torch.long)
        self.bad_in_a_row = torch.zeros(n_members, dtype=torch.long)
        self.final_values, self.final_statistics = values.clone(), statistics.clone()
        self.final_epochs = torch.zeros(n_members, dtype=torch.long)
        start = self._validation_losses()
        self.best = BestSoFar.start(values, statistics, torch.full((n_members,), torch.inf) if start is None else start)

    @property
    def n_training(self) -> int:
        return len(self.members)

    def epoch_says_stop(self, epoch: int) -> bool:
        """Train for an epoch, watch the losses, record, drop finished members; whether to stop after it."""
        in_warmup = self.stack.in_warmup
        train_losses, failed = self.stack.run_epoch()
        validation_losses = self._validation_losses()
        monitored = finite_or_infinite(train_losses if validation_losses is None else validation_losses)
        monitored = torch.where(failed, torch.inf, monitored)
        self._watch(epoch, monitored, failed)
        self.best.postpone(epoch, self.members[in_warmup])
        if self.stack.averaging is not None and epoch < self.stack.averaging.first_epoch:
            self.best.postpone(epoch, self.members)
        stop = self._record(epoch, train_losses, validation_losses)
        self.stack.follow(monitored)
        going_on = self.bad_in_a_row[self.members] <= (MAX_BACK_OFFS if self.plan.backs_off else 0)
        if self.plan.patience is not None:
            going_on &= self.best.patient(epoch, self.members, self.plan.patience)
        if not bool(going_on.all()):
            self._retire(going_on)
        return stop or self.n_training == 0

    def _validation_losses(self) -> Tensor | None:
        """The losses [M] on the held-out rows, for the whole stack at once: no bit depends on how it is shared out."""
        if self.validation is None:
            return None
        stack = self.stack
        work = stack.mlp.multiply_adds * self.n_training * self.validation.x.shape[1]
        # The products of a lone member would be split, and round differently for each number of threads.
        n_threads = 1 if self.n_training == 1 else worthwhile_threads(work, stack.n_threads)
        with torch_threads(n_threads):
            return mean_nll(stack.mlp, stack.head, *stack.watched, self.validation)

    def _watch(self, epoch: int, losses: Tensor, failed: Tensor) -> None:
        self.best.update(epoch, self.members, losses, *self.stack.watched, tol=self.plan.tol)
        self.bad_epochs[self.members] += failed
        self.bad_in_a_row[self.members] = torch.where(failed, self.bad_in_a_row[self.members] + 1, 0)

    def _record(self, epoch: int, train_losses: Tensor, validation_losses: Tensor | None) -> bool:
        """Keep a record of the epoch, and tell the hooks; whether one of them wishes to stop."""
        values, statistics = self.stack.watched
        state = EpochState(
            epoch=epoch,
            max_epochs=self.plan.max_epochs,
            train_loss=_finite_mean(train_losses),
            validation_loss=None if validation_losses is None else _finite_mean(validation_losses),
            learning_rate=self.stack.last_rate,
            n_training=self.n_training,
            values=values,
            statistics=statistics,
            restore=self.stack.restore,
        )
        record = {"epoch": epoch, "train_loss": state.train_loss, "learning_rate": state.learning_rate}
        if state.validation_loss is not None:
            record["validation_loss"] = state.validation_loss
        self.history.append({**record, "n_training": self.n_training})
        wishes = [hook(state) for hook in self.plan.on_epoch_end]  # every hook sees every epoch
        return any(wishes)

    def _retire(self, going_on: Tensor) -> None:
        """Take finished members out of the stack."""
        self._store_final()
        self.members = self.members[going_on]
        if self.n_training:
            kept = going_on.nonzero()[:, 0].to(self.stack.values.device)
            self.stack.select(kept)
            self.validation = None if self.validation is None else self.validation.select(kept)

    def _store_final(self) -> None:
        self.final_epochs[self.members] = len(self.history)
        self.final_values[self.members], self.final_statistics[self.members] = self.stack.watched

    def result(self) -> TrainingResult:
        """Best weights where there are validation rows, the last ones otherwise; never a non-finite one."""
        if self.n_training:
            self._store_final()
        watches = self.validation is not None
        values = self.best.values if watches else self.final_values
        statistics = self.best.statistics if watches else self.final_statistics
        if self.plan.backs_off:
            self._check_outcome()
        return TrainingResult(
            values=values.cpu().numpy(),
            statistics=statistics.cpu().numpy(),
            history=self.history,
            best_epochs=(self.best.epochs if watches else self.final_epochs).numpy(),
            best_losses=self.best.losses.numpy(),
            optimizer_state=self.stack.optimizer_state(),
            n_updates=self.stack.n_updates,
            n_epochs=self.stack.n_epochs,
        )

    def _check_outcome(self) -> None:
        head = type(self.stack.head).__name__
        never_better = self.best.epochs == 0
        every_epoch_bad = self.bad_in_a_row == self.final_epochs
        hopeless = every_epoch_bad & ~torch.isfinite(self.best.losses) & (self.final_epochs > 1)
        if bool(hopeless.any()):
            raise FloatingPointError(
                f"the loss must be finite, but members {hopeless.nonzero()[:, 0].tolist()} of the "
                f"{head} had no finite loss in {len(self.history)} epochs, at half the learning "
                f"rate after each. Lower learning_rate_init, or look for extreme values in X and y."
            )
        given_up = (self.bad_in_a_row > MAX_BACK_OFFS) | (never_better & (self.bad_epochs > 0))
        if bool(given_up.any()):
            warnings.warn(
                f"{head}: members {given_up.nonzero()[:, 0].tolist()} had non-finite gradients in "
                f"{self.bad_epochs[given_up].tolist()} of {len(self.history)} epochs and got no further; their best "
                f"finite weights are kept. Lower learning_rate_init, or look for extreme values in X and y.",
                ConvergenceWarning,
                stacklevel=2,
            )
        elif self.validation is not None and bool(never_better.all()):
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
