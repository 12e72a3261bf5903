"""The whole stack in training, shared out among threads as parts."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import groupby, pairwise
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from uncertainty.components.mlp import MLP
from uncertainty.heads.base import Head
from uncertainty.optim.base import Optimizer
from uncertainty.training.batches import BatchStream
from uncertainty.training.captured_step import GraphRecorder
from uncertainty.training.part import Outcome, Part, StepRule
from uncertainty.training.plan import TrainingPlan
from uncertainty.training.stack import Stack
from uncertainty.training.threads import training_threads
from uncertainty.training.weight_average import WeightAverage


class Standing(NamedTuple):
    """Where a member stands: the multiples of the learning rate it trains at, and what its good epochs add up to.

    `back_off` halves at each failure, and `scheduled` is what a schedule that follows the losses asks for. `n_steps`
    are steps of the optimizer (since the warm-up), `n_updates` batches that the running statistics have seen,
    `n_epochs` the good epochs themselves, by which the head's warm-up is counted, and `n_averaged` weights in the
    average.
    """

    back_off: float
    scheduled: float
    n_steps: int
    n_updates: int
    n_epochs: int
    n_averaged: int


# What a fit that goes on from another one has to know of each member beside its buffers.
COUNTS = ("n_steps", "n_updates", "n_epochs", "n_averaged")


class WholeStack:
    """All members that still train, `values` [M, P] and `statistics` [M, Q], which change in place.

    The members are divided into groups, one a thread, and a group into parts: runs of members that stand alike. Where
    weights are averaged, `values` and `statistics` as they are given are the average so far.
    """

    def __init__(
        self,
        mlp: MLP,
        head: Head,
        values: Tensor,
        statistics: Tensor,
        batches: BatchStream,
        plan: TrainingPlan,
        *,
        optimizer_state: dict[str, Any] | None,
        n_updates: int,
        n_epochs: int,
        n_threads: int,
        pool: ThreadPoolExecutor,
    ) -> None:
        self.mlp = mlp
        self.head = head
        self.values = values
        self.statistics = statistics
        self.batches = batches
        self.rule = _step_rule(mlp, values, batches, plan)
        self.optimizer: Optimizer = plan.optimizer.build(values, self.rule.penalized)
        self.averaging = None if plan.averaging is None else plan.averaging.build(plan.max_epochs)
        self.averages = None if self.averaging is None else (values.clone(), statistics.clone())
        self.standings = [Standing(1.0, 1.0, 0, n_updates, n_epochs, 0)] * len(values)
        if optimizer_state is not None:
            self._load(optimizer_state)
        self.rate_control = plan.schedule.control(len(values))
        self.n_steps = 0
        self.n_threads = n_threads
        self.pool = pool
        self._recorder = GraphRecorder() if values.is_cuda else None
        self._share_out()

    @property
    def n_updates(self) -> int:
        """Batches that the running statistics have seen, of the members that have seen most."""
        return max(standing.n_updates for standing in self.standings)

    @property
    def n_epochs(self) -> int:
        """Good epochs of the members that have had most."""
        return max(standing.n_epochs for standing in self.standings)

    @property
    def in_warmup(self) -> Tensor:
        """Whether each member is still in the head's warm-up, [M]."""
        return torch.tensor([standing.n_epochs < self.head.n_warmup_epochs for standing in self.standings])

    @property
    def watched(self) -> tuple[Tensor, Tensor]:
        """The values and statistics that are watched, kept and predicted with: the averages where there are any."""
        return self.averages or (self.values, self.statistics)

    def restore(self, values: Tensor, statistics: Tensor) -> None:
        """Put these values [M, P] and statistics [M, Q] in the place of those in training, and of their averages."""
        for live in ((self.values, self.statistics), self.watched):
            live[0].copy_(values)
            live[1].copy_(statistics)

    def optimizer_state(self) -> dict[str, Any]:
        """Return the optimizer's buffers as arrays on the CPU, and the counts of each member's `Standing`.

        Where weights are averaged, what they are themselves comes with it.
        """
        tensors = dict(self.optimizer.buffers)
        if self.averages is not None:
            tensors.update(values=self.values, statistics=self.statistics)
        state: dict[str, Any] = {name: tensor.cpu().numpy() for name, tensor in tensors.items()}
        return state | {name: [getattr(standing, name) for standing in self.standings] for name in COUNTS}

    def _load(self, state: dict[str, Any]) -> None:
        """Go on from what `optimizer_state` returned; another optimizer than the one it is of begins afresh."""
        counts = {name: state[name] for name in COUNTS}
        if state.keys() - {"values", "statistics", *COUNTS} == self.optimizer.buffers.keys():
            self.optimizer.load(state)
        else:
            counts["n_steps"] = [0] * len(self.standings)
        if "values" in state:
            self.values.copy_(torch.from_numpy(np.array(state["values"])))
            self.statistics.copy_(torch.from_numpy(np.array(state["statistics"])))
        of_members = zip(self.standings, *counts.values(), strict=True)
        self.standings = [old._replace(**dict(zip(COUNTS, own, strict=True))) for old, *own in of_members]

    def run_epoch(self) -> Outcome:
        """Train for one epoch; members that failed are back where they were, and go on at half the learning rate.

        `last_rate` is then the mean rate of its last step, as scheduled: without the back-off of members that failed.
        """

        def run(group: list[Part]) -> list[Outcome]:
            return [part.run_epoch(self.n_steps) for part in group]

        by_group = map(run, self._groups) if len(self._groups) == 1 else self.pool.map(run, self._groups)
        try:
            outcomes = [outcome for group in by_group for outcome in group]
        except BaseException:  # Ctrl-C comes to this thread alone
            self.batches.abandon()
            raise
        failed = torch.cat([outcome.failed for outcome in outcomes]).cpu()
        scheduled = sum(standing.scheduled for standing in self.standings) / len(self.standings)
        self.last_rate = self.rule.rate(self.n_steps + self.batches.n_batches - 1) * scheduled
        self._count(failed.tolist())
        return Outcome(torch.cat([outcome.losses for outcome in outcomes]), failed)

    def _count(self, failed: list[bool]) -> None:
        steps, were_in_warmup = self.batches.n_batches, self.in_warmup
        self.n_steps += steps
        averaged = 0 if self.averaging is None else self.averaging.n_averaged(self.n_steps // steps, steps)
        self.standings = [
            standing._replace(back_off=0.5 * standing.back_off)
            if bad
            else standing._replace(
                n_steps=standing.n_steps + steps,
                n_updates=standing.n_updates + steps * self.rule.updates_per_step,
                n_epochs=standing.n_epochs + 1,
                n_averaged=standing.n_averaged + averaged,
            )
            for standing, bad in zip(self.standings, failed, strict=True)
        ]
        warmed_up = were_in_warmup & ~self.in_warmup
        if bool(warmed_up.any()):
            self._begin_anew(warmed_up)
        if any(failed) or bool(warmed_up.any()):
            self._share_out()

    def _begin_anew(self, warmed_up: Tensor) -> None:
        """Give the members that leave the warm-up a new optimizer, rate and average: a second training starts.

        Averages of squared gradients that were zero throughout would let the first steps be several times too long, a
        loss that no longer fell in the warm-up says nothing about the rate of what starts now, and an average of
        weights would mix those of two objectives.
        """
        fresh = self.rule.plan.optimizer.build(self.values, self.rule.penalized).buffers
        rows = warmed_up.to(self.values.device)
        for name, buffer in self.optimizer.buffers.items():
            buffer[rows] = fresh[name][rows]
        self.standings = [
            standing._replace(n_steps=0, n_averaged=0, scheduled=1.0) if anew else standing
            for standing, anew in zip(self.standings, warmed_up.tolist(), strict=True)
        ]
        if self.rate_control is not None:
            self.rate_control.restart(warmed_up)

    def follow(self, losses: Tensor) -> None:
        """Let the schedule see the losses [M] of the last epoch, infinite where it failed, and go on at its rates."""
        if self.rate_control is None:
            return
        before = self.standings
        multiples = self.rate_control.update(losses).tolist()
        self.standings = [s._replace(scheduled=multiple) for s, multiple in zip(before, multiples, strict=True)]
        if self.standings != before:
            self._share_out()

    def select(self, members: Tensor) -> None:
        """Keep some members only, so that the others go on faster."""
        self.values, self.statistics = self.values[members], self.statistics[members]
        if self.averages is not None:
            self.averages = self.averages[0][members], self.averages[1][members]
        self.standings = [self.standings[m] for m in members.tolist()]
        self.optimizer.select(members)
        self.batches.select(members)
        if self.rate_control is not None:
            self.rate_control.select(members.cpu())
        self._share_out()

    def _share_out(self) -> None:
        self._groups: list[list[Part]] = []  # the old parts go before the new ones come: they hold as much memory
        n_members = len(self.values)
        work = self.mlp.multiply_adds * n_members * self.batches.batch_size
        n_groups = min(training_threads(work, self.n_threads), n_members)
        bounds = [n_members * i // n_groups for i in range(n_groups + 1)]
        self._groups = [self._parts(start, stop) for start, stop in pairwise(bounds)]

    def _parts(self, start: int, stop: int) -> list[Part]:
        runs = [list(run) for _, run in groupby(range(start, stop), key=self.standings.__getitem__)]
        return [self._part(slice(run[0], run[-1] + 1)) for run in runs]

    def _part(self, rows: slice) -> Part:
        standing = self.standings[rows.start]
        stack = Stack(
            self.mlp,
            self.head.in_warmup() if standing.n_epochs < self.head.n_warmup_epochs else self.head,
            self.values[rows],
            self.statistics[rows],
            n_updates=standing.n_updates,
            first_member=rows.start,
        )
        optimizer, batches = self.optimizer.part(rows, standing.n_steps), self.batches.part(rows)
        average = None
        if self.averaging is not None and self.averages is not None:
            tensors, averages = (stack.values, stack.statistics), tuple(a[rows] for a in self.averages)
            average = WeightAverage(self.averaging, tensors, averages, standing.n_averaged)
        rate_scale = standing.back_off * standing.scheduled
        return Part(stack, optimizer, batches, self.rule, rate_scale, average, self._recorder)


def _step_rule(mlp: MLP, values: Tensor, batches: BatchStream, plan: TrainingPlan) -> StepRule:
    perturbation = plan.adversarial_perturbation
    return StepRule(
        plan,
        mlp.layout.penalty_mask().to(values),
        plan.optimizer.checked_clip_norm(),
        plan.optimizer.checked_max_norm(),
        None if perturbation is None else perturbation.to(values),
        plan.schedule.build(plan.max_epochs, batches.n_batches),
    )
