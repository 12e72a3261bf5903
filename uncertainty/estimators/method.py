"""What a method is: how members come to be from trained networks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from uncertainty.components.mlp import MLP
from uncertainty.estimators.members import Members
from uncertainty.heads.base import Head
from uncertainty.training.loop import TrainingResult
from uncertainty.training.plan import TrainingPlan


@dataclass(frozen=True)
class Start:
    """Where training begins: fresh weights for the networks numbered `members`, or those of an earlier fit.

    `round` numbers the calls that continue one fit, so that each draws its own shuffles.
    """

    members: range
    values: NDArray[Any] | None = None
    statistics: NDArray[Any] | None = None
    optimizer_state: dict[str, Any] | None = None
    round: int = 0


class Method(ABC):
    """How many networks are trained, how their training differs from the base network's, and what the members are."""

    supports_partial_fit = True
    watches_validation = True  # whether `early_stopping` of the base network applies

    @property
    def n_networks(self) -> int:
        """Networks trained side by side, M."""
        return 1

    def check(self, mlp: MLP) -> None:  # noqa: B027  # most methods work with every architecture
        """Refuse an architecture that the method cannot work with."""

    def adapt(self, plan: TrainingPlan, input_range: NDArray[np.float64]) -> TrainingPlan:
        """Return the plan with the method's own changes; `input_range` [D] is in units of the network's inputs."""
        return plan

    def training_rows(self, seed: int, members: range, train: NDArray[np.intp]) -> NDArray[np.intp]:
        """Return the rows [M, n] that each member trains on, out of those that are not held out."""
        return train

    def start(self, fitted: Members | None) -> Start:
        """Return where training begins: afresh, or with `warm_start` from the networks of the last fit."""
        if fitted is None or len(fitted.values) != self.n_networks:
            return Start(range(self.n_networks))
        return Start(range(self.n_networks), fitted.values, fitted.statistics)

    def join(self, fitted: Members | None, new: Members) -> Members:
        """Return the members after a warm start: the new ones, unless a method adds them to the `fitted` ones."""
        return new

    @abstractmethod
    def members(self, mlp: MLP, head: Head, result: TrainingResult, seed: int) -> Members:
        """Return the members that the trained networks give."""
