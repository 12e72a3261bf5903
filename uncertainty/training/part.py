"""One epoch of some members of a stack: its steps, and the way back where they fail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from uncertainty.components.layer import Batch
from uncertainty.optim.base import Optimizer
from uncertainty.optim.penalties import add_penalty_gradient_, limit_norms_, stay_in_orthant_
from uncertainty.optim.schedules import Factor
from uncertainty.training.batches import BatchStream
from uncertainty.training.captured_step import CapturedStep, GraphRecorder
from uncertainty.training.plan import TrainingPlan
from uncertainty.training.stack import Stack
from uncertainty.training.threads import denormals_flushed
from uncertainty.training.weight_average import WeightAverage


class Outcome(NamedTuple):
    """What an epoch gave each member of a part, both [m]: the loss, and whether a step of it was not finite."""

    losses: Tensor
    failed: Tensor


@dataclass(frozen=True)
class StepRule:
    """What turns a gradient into a step, the same for all members; `penalized` [P] selects the weights."""

    plan: TrainingPlan
    penalized: Tensor
    clip_norm: float | None
    max_norm: float | None
    perturbation: Tensor | None
    factor: Factor

    @property
    def updates_per_step(self) -> int:
        """Batches that running statistics see in a step."""
        return 1 if self.perturbation is None else 2

    def rate(self, step: int) -> float:
        """The learning rate at step number `step`, counted from 0."""
        return self.plan.learning_rate * self.factor(step)


class Part:
    """Consecutive members of a stack that train on one thread and at one multiple `rate_scale` of the learning rate.

    An epoch is a transaction. Whatever is not finite spreads through a member's weights and buffers and stays there,
    so looking at them once an epoch finds every bad step, and a member that had one returns to where the epoch began.
    """

    def __init__(
        self,
        stack: Stack,
        optimizer: Optimizer,
        batches: BatchStream,
        rule: StepRule,
        rate_scale: float,
        average: WeightAverage | None,
        recorder: GraphRecorder | None,
    ) -> None:
        self.stack = stack
        self.optimizer = optimizer
        self.batches = batches
        self.rule = rule
        self.rate_scale = rate_scale
        self.average = average
        averages = () if average is None else average.averages
        self._state = [stack.values, stack.statistics, *optimizer.buffers.values(), *averages]
        self._kept = [torch.empty_like(a) for a in self._state]
        self._hidden_weights = stack.mlp.hidden_weights(stack.values)
        self._total_loss = stack.values.new_zeros(stack.n_members)
        self._captured = None if recorder is None else CapturedStep(recorder, batches.batch_size)
        self._has_seen_every_batch_size = False

    def run_epoch(self, first_step: int) -> Outcome:
        """Train for one epoch from step number `first_step`, and take back what failed."""
        with torch.inference_mode(), denormals_flushed(), np.errstate(all="ignore"):
            for now, kept in zip(self._state, self._kept, strict=True):
                kept.copy_(now)
            self._total_loss.zero_()
            for number, batch in enumerate(self.batches.epoch(), start=first_step):
                self._make_step(batch, self.rule.rate(number) * self.rate_scale)
                self.stack.n_updates += self.rule.updates_per_step
                if self.average is not None:
                    self.average.after_step()
            if self.average is not None:
                self.average.after_epoch(1 + first_step // self.batches.n_batches)
            self._has_seen_every_batch_size = True
            return Outcome(self._total_loss / self.batches.total_weight, self._take_back_failures())

    def _make_step(self, batch: Batch, rate: float) -> None:
        if self._captured is None:
            self._step(batch, rate)
        else:
            settled = self._has_seen_every_batch_size and self.stack.is_settled
            self._captured(self._step, batch, rate, settled=settled)

    def _step(self, batch: Batch, rate: float | Tensor) -> None:
        """One step on one batch; all that it changes from call to call is in tensors."""
        stack, rule, plan = self.stack, self.rule, self.rule.plan
        if rule.perturbation is None:
            self._total_loss.add_(stack.compute_gradient(batch))
        else:
            self._total_loss.add_(stack.compute_adversarial_gradient(batch, rule.perturbation))
        gradient = stack.gradient
        values, penalized = stack.values, rule.penalized
        orthant = add_penalty_gradient_(gradient, values, penalized, alpha=plan.alpha, l1_ratio=plan.l1_ratio)
        if rule.clip_norm is not None:
            clip_(gradient, rule.clip_norm)
        self.optimizer.update_(values, gradient, rate)
        if orthant is not None:
            stay_in_orthant_(values, orthant, penalized)
        if rule.max_norm is not None:
            for weight in self._hidden_weights:
                limit_norms_(weight, rule.max_norm)

    def _take_back_failures(self) -> Tensor:
        failed = ~torch.stack([torch.isfinite(a).all(dim=1) for a in self._state]).all(dim=0)
        if self.rule.plan.backs_off and bool(failed.any()):
            for now, kept in zip(self._state, self._kept, strict=True):
                now[failed] = kept[failed]
        return failed


def clip_(gradient: Tensor, largest_norm: float) -> None:
    """Shorten each member's gradient [M, P] to the norm; one whose norm overflows becomes NaN, and so a failure."""
    norm = torch.linalg.vector_norm(gradient, dim=1, keepdim=True)
    factor = (largest_norm / norm).clamp_max(1.0)
    gradient.mul_(torch.where(torch.isfinite(norm), factor, torch.nan))
