"""What the parts of a hidden layer behind its linear map have in common: normalization, activation and dropout.

A component says which parameters and random numbers it needs, and comes in two forms: a `Layer` in training, and a
`Step` of the prediction form. It is a small frozen object of plain values, since fitted estimators hold it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from uncertainty.components.layer import Layer
from uncertainty.components.noise import Noise


@dataclass(frozen=True)
class Place:
    """Where a layer of a stack in training lives.

    `parameters`, `gradients` and `statistics` are its own, by name, [M, ...]; `noise` is the number of its source of
    random numbers, if it has one; `like` is any tensor of the stack; `first_member` is where in a larger stack these
    members begin.
    """

    parameters: Mapping[str, Tensor]
    gradients: Mapping[str, Tensor]
    statistics: Mapping[str, Tensor]
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
        """Map h [M, N, D], or [1, N, D] when shared by all members; `h` may be overwritten."""


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
    def step(self, parameters: Mapping[str, Tensor], statistics: Mapping[str, Tensor]) -> Step | None:
        """Return the prediction form of the members whose arrays these are, or None if nothing is to be done."""
