"""The one training loop: any stack, head and method."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from torch import Tensor

from uncertainty.components.mlp import MLP
from uncertainty.heads.base import Head
from uncertainty.optim.base import Optimizer
from uncertainty.optim.penalties import add_penalty_gradient_
from uncertainty.training.batches import BatchStream
from uncertainty.training.data import TrainingData
from uncertainty.training.early_stopping import BestSoFar, finite_or_infinite
from uncertainty.training.plan import EpochState, TrainingPlan
from uncertainty.training.stack import Stack
from uncertainty.training.threads import keep_to_members, limited_threads

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
    work = mlp.multiply_adds * len(values) * batches.largest_batch
    with limited_threads(work, n_jobs):
        run = _Run(mlp, head, values, statistics, data, batches, plan)
        run.stack.n_updates = n_updates
        if optimizer_state is not None:
            run.load_optimizer_state(optimizer_state)
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
    history: list[dict[str, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        device = self.values.device
        keep_to_members(len(self.values))
        self.stack = Stack(self.mlp, self.head, self.values, self.statistics)
        self.members = torch.arange(self.stack.n_members)
        self.validation = self.data.validation
        self.penalty_mask = self.mlp.layout.penalty_mask().to(self.values)
        self.clip_norm = self.plan.optimizer.checked_clip_norm()
        self.optimizer: Optimizer = self.plan.optimizer.build(self.stack.values, self.penalty_mask)
        self.factor = self.plan.schedule.build(self.plan.max_epochs, self.batches.n_batches)
        step = self.plan.adversarial_perturbation
        self.perturbation = None if step is None else step.to(self.values)
        self.n_steps = 0
        self.rate_scale = torch.ones(self.stack.n_members, 1, dtype=self.values.dtype, device=device)
        self.bad_epochs = torch.zeros(self.stack.n_members, dtype=torch.long)
        self.bad_in_a_row = torch.zeros(self.stack.n_members, dtype=torch.long)
        self.final_values, self.final_statistics = self.values.clone(), self.statistics.clone()
        self.final_epochs = torch.zeros(self.stack.n_members, dtype=torch.long)
        self._keep_good()
        start = torch.full((self.stack.n_members,), torch.inf)
        if self.validation is not None:
            start = self.stack.nll(self.validation)
        self.best = BestSoFar.start(self.stack, start)

    @property
    def n_training(self) -> int:
        return len(self.members)

    def train_epoch(self) -> None:
        """One pass over the rows; a member's non-finite steps are left out and counted, all on the device."""
        losses, shares = [], []
        self.bad_steps = torch.zeros(self.n_training, device=self.values.device)
        for batch in self.batches.epoch():
            if self.perturbation is None:
                losses.append(self.stack.compute_gradient(batch))
            else:
                losses.append(self.stack.compute_adversarial_gradient(batch, self.perturbation))
            shares.append(batch.x.shape[1] / self.data.n_train)
            self._step()
        weights = torch.tensor(shares, dtype=self.values.dtype, device=self.values.device)
        self.train_losses = (torch.stack(losses) * weights.unsqueeze(1)).sum(dim=0)  # [M]

    def _step(self) -> None:
        stack, plan = self.stack, self.plan
        add_penalty_gradient_(stack.gradient, stack.values, self.penalty_mask, alpha=plan.alpha, l1_ratio=plan.l1_ratio)
        norm = torch.linalg.vector_norm(stack.gradient, dim=1, keepdim=True)
        finite = torch.isfinite(norm)
        self.bad_steps += ~finite[:, 0]
        gradient = torch.where(finite, stack.gradient, 0.0)
        if self.clip_norm is not None:
            gradient.mul_((self.clip_norm / norm).clamp_max(1.0).nan_to_num(0.0))
        direction = self.optimizer.direction(gradient, stack.values)
        self.rate = plan.learning_rate * self.factor(self.n_steps)
        stack.values.addcmul_(direction, self.rate_scale, value=-self.rate)
        self.n_steps += 1

    def finish_epoch(self, epoch: int) -> bool:
        """Back off where steps failed, watch the loss, record, drop finished members; True when a hook says stop."""
        bad = self._back_off()
        monitored = self.train_losses
        validation_losses = None
        if self.validation is not None:
            validation_losses = self.stack.nll(self.validation)
            monitored = validation_losses
        losses = torch.where(bad, torch.inf, finite_or_infinite(monitored))
        self.best.update(epoch, self.members, losses, self.stack, tol=self.plan.tol)
        stop = self._record(epoch, validation_losses)
        going_on = self.bad_in_a_row[self.members] <= MAX_BACK_OFFS
        if self.plan.patience is not None:
            going_on &= self.best.patient(epoch, self.members, self.plan.patience)
        if not bool(going_on.all()):
            self._retire(going_on)
        return stop

    def _back_off(self) -> Tensor:
        """Members with a non-finite step return to their weights before the epoch, at half the learning rate."""
        unusable = ~torch.isfinite(self.stack.values).all(dim=1) | ~torch.isfinite(self.stack.statistics).all(dim=1)
        bad_here = (self.bad_steps > 0) | unusable
        bad = bad_here.cpu()
        if bool(bad.any()):
            self.stack.restore(bad_here, self.good_values, self.good_statistics)
            self.rate_scale[bad_here] *= 0.5
        self.bad_epochs[self.members] += bad
        self.bad_in_a_row[self.members] = torch.where(bad, self.bad_in_a_row[self.members] + 1, 0)
        self._keep_good()
        return bad

    def _keep_good(self) -> None:
        self.good_values, self.good_statistics = self.stack.values.clone(), self.stack.statistics.clone()

    def _record(self, epoch: int, validation_losses: Tensor | None) -> bool:
        validation = None if validation_losses is None else _finite_mean(validation_losses)
        record = {"epoch": epoch, "train_loss": _finite_mean(self.train_losses), "learning_rate": self.rate}
        if validation is not None:
            record["validation_loss"] = validation
        record["n_training"] = self.n_training
        self.history.append(record)
        state = EpochState(
            epoch=epoch,
            max_epochs=self.plan.max_epochs,
            train_loss=record["train_loss"],
            validation_loss=validation,
            learning_rate=self.rate,
            n_training=self.n_training,
            values=self.stack.values,
            statistics=self.stack.statistics,
        )
        wishes = [hook(state) for hook in self.plan.on_epoch_end]  # every hook sees every epoch
        return any(wishes)

    def _retire(self, going_on: Tensor) -> None:
        """Take finished members out of the stack, so that the others go on faster."""
        self._store_final()
        kept = going_on.nonzero()[:, 0].to(self.values.device)
        self.members = self.members[going_on]
        if self.n_training == 0:
            return
        keep_to_members(self.n_training)
        self.stack.select(kept)
        self.optimizer.select(kept)
        self.batches.select(kept)
        self.rate_scale = self.rate_scale[kept]
        self.validation = None if self.validation is None else self.validation.select(kept)
        self._keep_good()

    def _store_final(self) -> None:
        self.final_epochs[self.members] = len(self.history)
        self.final_values[self.members] = self.stack.values
        self.final_statistics[self.members] = self.stack.statistics

    def load_optimizer_state(self, state: dict[str, Any]) -> None:
        self.optimizer.n_steps = state["n_steps"]
        for name, buffer in self.optimizer.buffers.items():
            buffer.copy_(torch.from_numpy(np.array(state[name])))

    def result(self) -> TrainingResult:
        """Best weights where there are validation rows, the last ones otherwise; never a non-finite one."""
        if self.n_training:
            self._store_final()
        restore = self.data.validation is not None
        values = self.best.values if restore else self.final_values
        statistics = self.best.statistics if restore else self.final_statistics
        self._check_outcome()
        state = {name: buffer.cpu().numpy() for name, buffer in self.optimizer.buffers.items()}
        return TrainingResult(
            values=values.cpu().numpy(),
            statistics=statistics.cpu().numpy(),
            history=self.history,
            best_epochs=(self.best.epochs if restore else self.final_epochs).numpy(),
            best_losses=self.best.losses.numpy(),
            optimizer_state={**state, "n_steps": self.optimizer.n_steps},
            n_updates=self.stack.n_updates,
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
