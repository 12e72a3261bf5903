"""What a layer of a network in training is: a forward step and a backward step, both written by hand.

A network in training is a list of layers that run forward through a batch and backward through its gradient. The
chain rule through a few products and elementwise functions is short, and an automatic one costs as much as the
arithmetic of a small network.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import torch
from torch import Tensor

from uncertainty.components.whole_vectors import padded_to_whole_vectors

# Single-precision numbers in the 64 bytes that allocated memory is aligned to.
ALIGNMENT = 16


@dataclass(frozen=True)
class Batch:
    """x [M, B, D], y [M, B, T], weight [M, B] or None, and what was drawn for each source in the network's `noise`.

    `n_train` is the number of rows that the batches of an epoch have together.
    """

    x: Tensor
    y: Tensor
    weight: Tensor | None
    noise: Sequence[Tensor]
    n_train: int


class Layer(ABC):
    """One step of the network on [M, B, ...].

    What a layer returns lies in its own scratch memory, holds until its next call, and may be overwritten by the layer
    that is given it; what it is given is the scratch of its neighbour, the network's x alone excepted.
    """

    @abstractmethod
    def forward(self, x: Tensor, batch: Batch, n_updates: int) -> Tensor:
        """Return the layer's output; `n_updates` counts the batches that running statistics have seen."""

    @abstractmethod
    def set_parameter_gradients(self, gradient: Tensor) -> None:
        """Write the gradients of the parameters, if there are any, given that of the last output."""

    @abstractmethod
    def input_gradient(self, gradient: Tensor) -> Tensor:
        """Return the gradient of the last input, given that of the output, after `set_parameter_gradients`."""


class Scratch:
    """Memory of one tensor that is needed at every step: allocated once, for the largest batch so far.

    Fresh memory is far from free: the allocator may hand every large block back to the system, which then has to
    clear it, page by page, at each step.

    Matrix products round by where in memory their operands begin. So that a member's numbers do not depend on which
    others are in its part of a stack, `first_member` says which member of the stack the part begins with, and that
    member begins where it would if all of them were here.
    """

    def __init__(self, like: Tensor, first_member: int = 0) -> None:
        self._memory = like.new_empty(0)
        self._first_member = first_member
        self._views: dict[tuple[int, ...], Tensor] = {}

    def __call__(self, *shape: int) -> Tensor:
        """Return an uninitialised tensor [m, ...] of the shape, in memory that is padded to whole vectors."""
        view = self._views.get(shape)
        return self._allocate(shape) if view is None else view

    def _allocate(self, shape: tuple[int, ...]) -> Tensor:
        size, start = prod(shape), self._first_member * prod(shape[1:]) % ALIGNMENT
        needed = ALIGNMENT + padded_to_whole_vectors(size)
        if needed > self._memory.numel():
            self._memory = torch.zeros(needed, dtype=self._memory.dtype, device=self._memory.device)
            self._views.clear()
        return self._views.setdefault(shape, self._memory[start : start + size].view(shape))
