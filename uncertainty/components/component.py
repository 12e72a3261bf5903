"""What the parts of a hidden layer behind its linear map have in common: normalization, activation and dropout.

A component says which parameters and random numbers it needs, and comes in two forms: a `Layer` in training, and a
`Step` of the prediction form. It is a small frozen object of plain values, since fitted estimators hold it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from torch import Tensor

from uncertainty.components.layer import Layer
from uncertainty.components.noise import Noise

Arrays = Mapping[str, Tensor]


@dataclass(frozen=True)
class Place:
    """Where a component of a stack in training lives.

    `parameters`, `gradients` and `statistics` are its own, by name, [M, ...]; `noise` is the number of its source of
    random numbers, if it has one; `like` is any tensor of the stack; `first_member` is where in a larger stack these
    members begin.
    """

    parameters: Arrays
    gradients: Arrays
    statistics: Arrays
    noise: int | None
    like: Tensor
    first_member: int


class Step(ABC):
    """One step of the prediction form: nothing random, nothing to update.

    `n_members` is 1 where all members share what the step gives; `width` is the length of its last axis where that
    is memory of its own, 0 where the step works in place.
    """

    n_members: int = 1
    width: int = 0

    @abstractmethod
    def forward(self, h: Tensor) -> Tensor:
        """Map h [M, N, D], or [1, N, D] when shared by all members.

        The step of a component may overwrite h, which the linear map before it has made for all members that the
        component's parameters are of. A linear map leaves it alone.
        """


class Component(ABC):
    """A part of a hidden layer of some `width`, on [M, N, width]."""

    def parameters(self, width: int) -> dict[str, tuple[tuple[int, ...], float]]:
        """Name -> shape and initial value of each learned parameter of one member; none is penalized."""
        return {}

    def statistics(self, width: int) -> dict[str, tuple[tuple[int, ...], float]]:
        """Name -> shape and initial value of each running statistic of one member."""
        return {}

    def noise(self, width: int) -> Noise | None:
        """The random numbers needed in training, if any."""
        return None

    @abstractmethod
    def layer(self, place: Place) -> Layer:
        """Return the training form."""

    @abstractmethod
    def step(self, parameters: Arrays, statistics: Arrays) -> Step | None:
        """Return the prediction form of the members whose arrays these are, or None if nothing is to be done."""


def arrays_of(name: str, own: Iterable[str], arrays: Arrays) -> dict[str, Tensor]:
    """The arrays of the component `name`, by its `own` names for them, out of those of a whole network."""
    return {key: arrays[f"{name}.{key}"] for key in own}
