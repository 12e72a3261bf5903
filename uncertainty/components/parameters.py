"""Where each weight lives: named views of one member-major buffer."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import torch
from torch import Tensor

# Rows are padded so that every member starts on a SIMD boundary: with ragged rows the vectorised tail of one member
# would hold the head of the next, and "5 members = the first 5 of 10" would hold to rounding only.
PADDING = 16


@dataclass(frozen=True)
class Block:
    """One named parameter: its shape without the member axis, its place in a row, and to how many of its numbers, from
    the first on, penalties apply."""

    name: str
    shape: tuple[int, ...]
    offset: int
    n_penalized: int

    @property
    def size(self) -> int:
        return prod(self.shape)


class ParameterLayout:
    """The order of the parameters of one member within a row of a buffer [M, size]."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self._used = 0

    def add(self, name: str, shape: tuple[int, ...], *, n_penalized: int = 0) -> None:
        """Append a parameter; L1, L2 and weight decay apply to the first `n_penalized` of its numbers."""
        self.blocks.append(Block(name, shape, self._used, n_penalized))
        self._used += prod(shape)

    @property
    def size(self) -> int:
        """Length of a row, padding included."""
        return -(-self._used // PADDING) * PADDING

    def views(self, buffer: Tensor) -> dict[str, Tensor]:
        """Name -> [M, *shape], sharing memory with `buffer` [M, size]."""
        n_members = buffer.shape[0]
        return {b.name: buffer[:, b.offset : b.offset + b.size].view(n_members, *b.shape) for b in self.blocks}

    def penalty_mask(self) -> Tensor:
        """[size] ones where penalties apply, zeros elsewhere (biases, normalization, padding)."""
        mask = torch.zeros(self.size)
        for block in self.blocks:
            mask[block.offset : block.offset + block.n_penalized] = 1.0
        return mask
