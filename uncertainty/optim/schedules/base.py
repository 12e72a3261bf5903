"""What a schedule is: a function from the step to a factor of the learning rate, and perhaps an eye on the losses."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

from torch import Tensor

from uncertainty.components.spec import Spec

Factor = Callable[[int], float]


class RateControl(ABC):
    """The state of a schedule that looks at the losses: a multiple of the learning rate for each member in training."""

    @abstractmethod
    def update(self, losses: Tensor) -> Tensor:
        """Take in the losses [m] after an epoch, infinite where it failed; return the multiples [m] from here on.

        What a member is answered depends on its own losses alone.
        """

    @abstractmethod
    def restart(self, members: Tensor) -> None:
        """Begin anew, at a multiple of 1, for the members that the mask [m] selects."""

    @abstractmethod
    def select(self, members: Tensor) -> None:
        """Keep some members only: rows [m'] of the losses so far."""


class Schedule(Spec):
    """A schedule with its options.

    The learning rate of a step is `learning_rate_init` times the factor that `build` gives for it, times the multiple
    that `control`, where there is one, gives for the epoch.
    """

    def build(self, n_epochs: int, steps_per_epoch: int) -> Factor:
        """Return the function step -> factor, with steps (batches) counted from 0."""
        raise NotImplementedError

    def control(self, n_members: int) -> RateControl | None:
        """Return the state that follows the losses of so many members, or None if the losses change nothing."""
        return None
