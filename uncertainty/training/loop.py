"""The one training loop: any stack, head and method."""

from __future__ import annotations

import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import torch
from sklearn.exceptions import ConvergenceWarning
from torch import Tensor

from uncertainty.components.mlp import MLP
from uncertainty.heads.base import Head
from uncertainty.training.batches import BatchStream
from uncertainty.training.data import Rows, TrainingData
from uncertainty.training.early_stopping import BestSoFar, finite_or_infinite
from uncertainty.training.interruption import TrainingInterrupted, interrupts_deferred
from uncertainty.training.plan import EpochState, TrainingPlan
from uncertainty.training.result import TrainingResult
from uncertainty.training.stack import mean_nll
from uncertainty.training.threads import one_blas_thread, thread_limit, torch_threads, worthwhile_threads
from uncertainty.training.whole import WholeStack

# Epochs in a row with non-finite steps that a member may have before it is stopped; each halves its learning rate.
MAX_BACK_OFFS = 10


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
    TrainingInterrupted
        For a KeyboardInterrupt after the first epoch, with the result so far.
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
        try:
            run.train()
        except KeyboardInterrupt as interrupt:
            if not run.history:
                raise
            raise TrainingInterrupted(run.result()) from interrupt
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
        self.last_values, self.last_statistics = values.clone(), statistics.clone()
        self.last_epochs = torch.zeros(n_members, dtype=torch.long)
        start = self._validation_losses()
        self.best = BestSoFar.start(values, statistics, torch.full((n_members,), torch.inf) if start is None else start)

    @property
    def n_training(self) -> int:
        return len(self.members)

    def train(self) -> None:
        """Train until the last epoch, or until nobody goes on or someone stops it."""
        plan = self.plan
        for epoch in range(1, plan.max_epochs + 1):
            for watcher in plan.watchers:
                watcher.begin_epoch(epoch)
            in_warmup = self.stack.in_warmup
            train_losses, failed = self.stack.run_epoch()
            validation_losses = self._validation_losses()
            with interrupts_deferred():
                state = self._state(epoch, train_losses, validation_losses)
                stop = self._take_in(state, train_losses, validation_losses, failed, in_warmup)
            stop |= self._watchers_say_stop(state)
            if stop or self.n_training == 0 or (plan.time_budget is not None and plan.time_budget.is_spent()):
                break

    def _take_in(
        self,
        state: EpochState,
        train_losses: Tensor,
        validation_losses: Tensor | None,
        failed: Tensor,
        in_warmup: Tensor,
    ) -> bool:
        """Keep the weights, record, tell the hooks, drop finished members; whether a hook wishes to stop."""
        epoch = state.epoch
        monitored = finite_or_infinite(train_losses if validation_losses is None else validation_losses)
        monitored = torch.where(failed, torch.inf, monitored)
        self._watch(epoch, monitored, failed)
        self.best.postpone(epoch, self.members[in_warmup])
        if self.stack.averaging is not None and epoch < self.stack.averaging.first_epoch:
            self.best.postpone(epoch, self.members)
        self._record(state)
        wishes = [hook(state) for hook in self.plan.on_epoch_end]  # every hook sees every epoch
        if wishes and self.validation is None:
            self._keep_last()  # a hook may have put others in their place
        self.stack.follow(monitored)
        going_on = self.bad_in_a_row[self.members] <= (MAX_BACK_OFFS if self.plan.backs_off else 0)
        if self.plan.patience is not None:
            going_on &= self.best.patient(epoch, self.members, self.plan.patience)
        if not bool(going_on.all()):
            self._retire(going_on)
        return any(wishes)

    def _watchers_say_stop(self, state: EpochState) -> bool:
        if not self.plan.watchers:
            return False
        with torch_threads(self.stack.n_threads):  # they may predict, and nobody trains meanwhile
            wishes = [watcher.end_epoch(state) for watcher in self.plan.watchers]
        return any(wishes)

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

    def _state(self, epoch: int, train_losses: Tensor, validation_losses: Tensor | None) -> EpochState:
        values, statistics = self.stack.watched
        return EpochState(
            epoch=epoch,
            max_epochs=self.plan.max_epochs,
            train_loss=_finite_mean(train_losses),
            validation_loss=None if validation_losses is None else _finite_mean(validation_losses),
            learning_rate=self.stack.last_rate,
            n_training=self.n_training,
            values=values,
            statistics=statistics,
            restore=self.stack.restore,
            moment=self.moment,
        )

    def _record(self, state: EpochState) -> None:
        record = {"epoch": state.epoch, "train_loss": state.train_loss, "learning_rate": state.learning_rate}
        if state.validation_loss is not None:
            record["validation_loss"] = state.validation_loss
        self.last_epochs[self.members] = state.epoch
        if self.validation is None:
            self._keep_last()
        self.history.append({**record, "n_training": self.n_training})

    def _retire(self, going_on: Tensor) -> None:
        """Take finished members out of the stack."""
        self.members = self.members[going_on]
        if self.n_training:
            kept = going_on.nonzero()[:, 0].to(self.stack.values.device)
            self.stack.select(kept)
            self.validation = None if self.validation is None else self.validation.select(kept)

    def _keep_last(self) -> None:
        values, statistics = self.stack.watched
        if len(self.members) == len(self.last_values):
            self.last_values.copy_(values)
            self.last_statistics.copy_(statistics)
        else:
            self.last_values[self.members], self.last_statistics[self.members] = values, statistics

    @property
    def _kept(self) -> tuple[Tensor, Tensor, Tensor]:
        """Weights, statistics and their epochs: the best where there are validation rows, else the last ones."""
        if self.validation is None:
            return self.last_values, self.last_statistics, self.last_epochs
        return self.best.values, self.best.statistics, self.best.epochs

    def result(self) -> TrainingResult:
        """What is kept, never a non-finite weight; nothing of it is from an epoch that was not finished."""
        if self.plan.backs_off:
            self._check_outcome()
        return self._outcome(*self._kept, self.stack.optimizer_state())

    def moment(self) -> TrainingResult:
        """What would be kept if the members still training stayed as they are now."""
        values, statistics, epochs = (kept.clone() for kept in self._kept)
        if self.n_training:
            values[self.members], statistics[self.members] = self.stack.watched
        epochs[self.members] = len(self.history)
        return self._outcome(values, statistics, epochs, {})

    def _outcome(
        self, values: Tensor, statistics: Tensor, epochs: Tensor, optimizer_state: dict[str, Any]
    ) -> TrainingResult:
        ended_early = len(self.history) < self.plan.max_epochs
        return TrainingResult(
            values=values.cpu().numpy(),
            statistics=statistics.cpu().numpy(),
            history=list(self.history),
            best_epochs=epochs.numpy(),
            best_losses=self.best.losses.clone().numpy(),
            optimizer_state=optimizer_state,
            n_updates=self.stack.n_updates,
            n_epochs=self.stack.n_epochs,
            n_unfinished=self.n_training if ended_early else 0,
        )

    def _check_outcome(self) -> None:
        head = type(self.stack.head).__name__
        never_better = self.best.epochs == 0
        every_epoch_bad = self.bad_in_a_row == self.last_epochs
        hopeless = every_epoch_bad & ~torch.isfinite(self.best.losses) & (self.last_epochs > 1)
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
