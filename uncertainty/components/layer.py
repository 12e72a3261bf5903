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


@dataclass(frozen=True)
class Batch:
    """x [M, B, D], y [M, B, T], weight [M, B] or None, and one dropout mask [M, B, H] or None a hidden layer."""

    x: Tensor
    y: Tensor
    weight: Tensor | None
    masks: Sequence[Tensor | None]


class Layer(ABC):
    """One step of the network on [M, B, ...]. What `forward` returns belongs to the layer until its next call."""

    @abstractmethod
    def forward(self, x: Tensor, batch: Batch, n_updates: int) -> Tensor:
        """Return the layer's output; may overwrite `x` when that is the output of another layer.

        `n_updates` counts the batches that running statistics have seen.
        """

    @abstractmethod
    def backward(self, gradient: Tensor, *, to_input: bool) -> Tensor:
        """Set the gradients of the parameters, given that of the last output; return that of its input.

        May overwrite `gradient`. Without `to_input` nobody asks for the gradient of the input, and `gradient` may be
        handed back instead.
        """


class Scratch:
    """Memory of one tensor that a layer needs at every step: allocated once, for the largest batch so far.

    Fresh memory is far from free: the allocator may hand every large block back to the system, which then has to
    clear it, page by page, at each step.
    """

    def __init__(self, like: Tensor) -> None:
        self._memory = like.new_empty(0)
        self._views: dict[tuple[int, ...], Tensor] = {}

    def __call__(self, *shape: int) -> Tensor:
        """Return an uninitialised tensor of the shape, at the start of memory that is padded to whole vectors."""
        view = self._views.get(shape)
        return self._allocate(shape) if view is None else view

    def _allocate(self, shape: tuple[int, ...]) -> Tensor:
        size = padded_to_whole_vectors(prod(shape))
        if size > self._memory.numel():
            self._memory = torch.zeros(size, dtype=self._memory.dtype, device=self._memory.device)
            self._views.clear()
        return self._views.setdefault(shape, self._memory[: prod(shape)].view(shape))
