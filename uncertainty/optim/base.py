"""What an optimizer is: from gradients to steps of descent, one row a member.

Its state is a handful of buffers shaped like the weights. Everything is elementwise along a row, so every member has
its own optimizer for free.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
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
    """Runtime optimizer: named buffers [M, P] and the number of steps made, all restorable.

    The number of steps is a tensor beside the weights, so that nothing on a device waits for the host.
    """

    def __init__(self, values: Tensor, buffers: tuple[str, ...]) -> None:
        self.buffers = {name: torch.zeros_like(values) for name in buffers}
        self.steps = torch.zeros((), dtype=torch.float32, device=values.device)  # as fused kernels read it

    def update_(self, values: Tensor, gradient: Tensor, rate: float | Tensor) -> None:
        """Make one step on `values` [M, P] in place, at the learning rate `rate`."""
        self.steps.add_(1.0)
        self._update_(values, gradient, rate)

    @abstractmethod
    def _update_(self, values: Tensor, gradient: Tensor, rate: float | Tensor) -> None:
        """Make step number `steps`."""

    def load(self, buffers: Mapping[str, NDArray[Any]]) -> None:
        """Go on from these buffers."""
        for name, buffer in self.buffers.items():
            buffer.copy_(torch.from_numpy(np.array(buffers[name])))

    def part(self, rows: slice, n_steps: int) -> Optimizer:
        """Return the optimizer of some consecutive members after so many steps; its buffers are views of these."""
        part = copy.copy(self)
        part.buffers = {name: buffer[rows] for name, buffer in self.buffers.items()}
        part.steps = torch.full_like(self.steps, n_steps)
        return part

    def select(self, rows: Tensor) -> None:
        """Keep the members `rows` only."""
        self.buffers = {name: buffer[rows] for name, buffer in self.buffers.items()}


def decay_(values: Tensor, decay: Tensor | None, rate: float | Tensor) -> None:
    """Shrink `values` by rate * decay, decoupled from the gradient (Loshchilov & Hutter 2019)."""
    if decay is not None:
        values.sub_((values * decay).mul_(rate))


def check_fraction(argument: str, value: float) -> float:
    """Return `value` after checking that it lies in [0, 1)."""
    number = check_number(argument, value)
    if number >= 1.0:
        raise ValueError(f"{argument} must be in [0, 1), got {value!r}.")
    return number
