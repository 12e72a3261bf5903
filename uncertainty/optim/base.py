"""What an optimizer is: from gradients to steps of descent, one row a member.

Its state is a handful of buffers with a row a member. Everything is elementwise along a row, so every member has its
own optimizer for free.
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
    """An optimizer with its options; `build(values, decay_mask)` makes the runtime object.

    What limits any step, whoever made it, is enforced by the training loop: `clip_norm` before it and `max_norm` after.
    """

    weight_decay: float
    clip_norm: float | None
    max_norm: float | None

    def build(self, values: Tensor, decay_mask: Tensor) -> Optimizer:
        raise NotImplementedError

    def checked_decay(self, decay_mask: Tensor) -> Tensor | None:
        """The decoupled decay [P] of each parameter, or None for none at all."""
        decay = check_number("weight_decay", self.weight_decay)
        return decay * decay_mask if decay > 0.0 else None

    def checked_clip_norm(self) -> float | None:
        """The largest gradient norm of one member, or None."""
        return None if self.clip_norm is None else check_number("clip_norm", self.clip_norm, low_open=True)

    def checked_max_norm(self) -> float | None:
        """The largest norm of the weights that come into one hidden unit, or None."""
        return None if self.max_norm is None else check_number("max_norm", self.max_norm, low_open=True)


class Optimizer(ABC):
    """Runtime optimizer: named buffers [M, P], or [M, 1], and the number of steps made, all restorable.

    The number of steps is a tensor beside the weights, so that nothing on a device waits for the host. `decay` [P] is
    decoupled from the gradient (Loshchilov & Hutter 2019): it shrinks the weights by rate * decay before each step.
    """

    def __init__(self, values: Tensor, buffers: tuple[str, ...], decay: Tensor | None = None) -> None:
        self.buffers = {name: torch.zeros_like(values) for name in buffers}
        self.steps = torch.zeros((), dtype=torch.float32, device=values.device)  # as fused kernels read it
        self.decay = decay

    def update_(self, values: Tensor, gradient: Tensor, rate: float | Tensor) -> None:
        """Make one step on `values` [M, P] in place, at the learning rate `rate`."""
        self.steps.add_(1.0)
        if self.decay is not None:
            values.sub_((values * self.decay).mul_(rate))
        self._update_(values, gradient, rate)

    @abstractmethod
    def _update_(self, values: Tensor, gradient: Tensor, rate: float | Tensor) -> None:
        """Make step number `steps`, leaving the gradient as it is.

        What changes from step to step is in tensors: the step may be recorded once and replayed.
        """

    @property
    def count(self) -> Tensor:
        """The number of the step as a scalar in double precision: 1 - beta^count of a beta near 1 needs the digits."""
        return self.steps.double()

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
