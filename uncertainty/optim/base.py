"""What an optimizer is: from gradients to a direction of descent, one row a member.

The loop applies values -= rate * direction, so an optimizer never touches the weights, and its state is a handful of
buffers shaped like them. Everything is elementwise along a row, so every member has its own optimizer for free.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor

from uncertainty.components.spec import Spec, check_number


class OptimizerSpec(Spec):
    """An optimizer with its options; `build(values, decay_mask)` makes the runtime object."""

    clip_norm: float | None

    def build(self, values: Tensor, decay_mask: Tensor) -> Optimizer:
        raise NotImplementedError

    def checked_clip_norm(self) -> float | None:
        """The largest gradient norm of one member, or None."""
        return None if self.clip_norm is None else check_number("clip_norm", self.clip_norm, low_open=True)


class Optimizer(ABC):
    """Runtime optimizer: named buffers [M, P] and a step count, both restorable."""

    def __init__(self, values: Tensor, buffers: tuple[str, ...]) -> None:
        self.buffers = {name: torch.zeros_like(values) for name in buffers}
        self.n_steps = 0

    @abstractmethod
    def direction(self, gradient: Tensor, values: Tensor) -> Tensor:
        """Return the direction [M, P] to subtract, times the learning rate, from `values`; updates the state."""

    def select(self, rows: Tensor) -> None:
        """Keep the members `rows` only."""
        self.buffers = {name: buffer[rows] for name, buffer in self.buffers.items()}


def check_fraction(argument: str, value: float) -> float:
    """Return `value` after checking that it lies in [0, 1)."""
    number = check_number(argument, value)
    if number >= 1.0:
        raise ValueError(f"{argument} must be in [0, 1), got {value!r}.")
    return number
