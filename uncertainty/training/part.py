"""One epoch of some members of a stack: steps, the back-off where they fail, and the loss on held-out rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from uncertainty.components.layer import Batch
from uncertainty.optim.base import Optimizer
from uncertainty.optim.penalties import add_penalty_gradient_
from uncertainty.optim.schedules import Factor
from uncertainty.training.batches import BatchStream
from uncertainty.training.captured_step import CapturedStep, Step
from uncertainty.training.data import Rows
from uncertainty.training.plan import TrainingPlan
from uncertainty.training.stack import Stack


class Outcome(NamedTuple):
    """What an epoch gave each member of a part, all [m]: losses, and whether a step of it was not finite."""

    train_losses: Tensor
    validation_losses: Tensor | None
    failed: Tensor


@dataclass(frozen=True)
class StepRule:
    """What turns a gradient into a step, the same for all members; `penalized` [P] selects the weights."""

    plan: TrainingPlan
    penalized: Tensor
    clip_norm: float | None
    perturbation: Tensor | None
    factor: Factor

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
        validation: Rows | None,
        rule: StepRule,
        rate_scale: float,
    ) -> None:
        self.stack = stack
        self.optimizer = optimizer
        self.batches = batches
        self.validation = validation
        self.rule = rule
        self.rate_scale = rate_scale
        self._state = [stack.values, stack.statistics, *optimizer.buffers.values()]
        self._kept = [torch.empty_like(a) for a in self._state]
        self._total_loss = stack.values.new_zeros(stack.n_members)
        self._make_step = self._captured(self._step) if stack.values.is_cuda else self._step

    def run_epoch(self, first_step: int) -> Outcome:
        """Train for one epoch from step number `first_step`, take back what failed, and watch the held-out rows."""
        with torch.inference_mode():
            self._keep()
            train_losses = self._train(first_step)
            failed = self._take_back_failures()
            return Outcome(train_losses, None if self.validation is None else self.watch(), failed)

    def watch(self) -> Tensor:
        """Return the loss [m] on the held-out rows."""
        assert self.validation is not None
        return self.stack.nll(self.validation)

    def _train(self, first_step: int) -> Tensor:
        self._total_loss.zero_()
        for number, batch in enumerate(self.batches.epoch(), start=first_step):
            self._make_step(batch, self.rule.rate(number) * self.rate_scale)
            self.stack.n_updates += 1 if self.rule.perturbation is None else 2
        return self._total_loss / self.batches.n_rows  # [m]

    def _step(self, batch: Batch, rate: float | Tensor) -> None:
        """One step on one batch; all that it changes from call to call is in tensors."""
        stack, rule, plan = self.stack, self.rule, self.rule.plan
        if rule.perturbation is None:
            self._total_loss.add_(stack.compute_gradient(batch))
        else:
            self._total_loss.add_(stack.compute_adversarial_gradient(batch, rule.perturbation))
        gradient = stack.gradient
        add_penalty_gradient_(gradient, stack.values, rule.penalized, alpha=plan.alpha, l1_ratio=plan.l1_ratio)
        if rule.clip_norm is not None:
            norm = torch.linalg.vector_norm(gradient, dim=1, keepdim=True)
            gradient.mul_((rule.clip_norm / norm).clamp_max(1.0))
        self.optimizer.update_(stack.values, gradient, rate)

    def _captured(self, step: Step) -> Step:
        stack = self.stack
        return CapturedStep(step, self.batches.batch_size, lambda: stack.mlp.is_settled(stack.n_updates))

    def _keep(self) -> None:
        for now, kept in zip(self._state, self._kept, strict=True):
            kept.copy_(now)

    def _take_back_failures(self) -> Tensor:
        failed = ~torch.stack([torch.isfinite(a).all(dim=1) for a in self._state]).all(dim=0)
        if bool(failed.any()):
            for now, kept in zip(self._state, self._kept, strict=True):
                now[failed] = kept[failed]
        return failed
