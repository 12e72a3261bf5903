"""What a method is: how members come to be from trained networks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from uncertainty.components.mlp import MLP
from uncertainty.estimators.members import Members
from uncertainty.heads.base import Head
from uncertainty.training import TrainingPlan, TrainingResult


@dataclass(frozen=True)
class Start:
    """Where training begins: fresh weights for the networks numbered `members`, or those of an earlier fit.

    `mlp` is the architecture of the earlier fit, which has to be kept. `round` numbers the calls that continue one
    fit, so that each draws its own shuffles.
    """

    members: range
    mlp: MLP | None = None
    values: NDArray[Any] | None = None
    statistics: NDArray[Any] | None = None
    n_updates: int = 0
    n_epochs: int = 0
    optimizer_state: dict[str, Any] | None = None
    round: int = 0


class Method:
    """How many networks are trained, how their training differs from the base network's, and what the members are.

    As it stands it is the base network itself: one network, trained as its parameters say, is the one member.
    """

    supports_partial_fit = True
    resamples_rows = False  # whether `training_rows` may leave rows out
    n_runs = 1  # length of training with max_iter="auto", in runs of one network

    @property
    def n_networks(self) -> int:
        """Networks trained side by side, M."""
        return 1

    def check(self, mlp: MLP) -> None:
        """Refuse an architecture that the method cannot work with."""

    def adapt(self, plan: TrainingPlan, input_range: NDArray[np.float64]) -> TrainingPlan:
        """Return the plan with the method's own changes; `input_range` [D] is in units of the network's inputs."""
        return plan

    def training_rows(self, seed: int | tuple[int, ...], members: range, train: NDArray[np.intp]) -> NDArray[np.intp]:
        """Return the rows [M, n] that each member trains on, out of those that are not held out."""
        return train

    def start(self, fitted: Members | None) -> Start:
        """Return where training begins: afresh, or with `warm_start` from the networks of the last fit."""
        return Start(range(self.n_networks)) if fitted is None else continue_from(fitted)

    def join(self, fitted: Members | None, new: Members) -> Members:
        """Return the members after a warm start: the new ones, unless a method adds them to the `fitted` ones."""
        return new

    def members(self, mlp: MLP, head: Head, result: TrainingResult, seed: int) -> Members:
        """Return the members that the trained networks give: each network is one, unless a method says otherwise."""
        return Members(
            mlp, head, result.values, result.statistics, n_updates=result.n_updates, n_epochs=result.n_epochs
        )

    def members_of_the_moment(self, mlp: MLP, head: Head, result: TrainingResult, seed: int) -> Members:
        """Return the members as they would be if training were over, from the outcome so far."""
        return self.members(mlp, head, result, seed)

    def check_outcome(self, result: TrainingResult) -> None:
        """Warn of what training has not given."""


def continue_from(fitted: Members) -> Start:
    """Start from the trained networks of `fitted`, whatever members were made of them."""
    return Start(
        range(len(fitted.values)),
        fitted.mlp,
        fitted.values,
        fitted.statistics,
        n_updates=fitted.n_updates,
        n_epochs=fitted.n_epochs,
    )
