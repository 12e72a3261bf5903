"""What the loop trains on: tensors shared by all members and, for each member, which rows are its own."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from uncertainty.components.layer import Scratch


@dataclass(frozen=True)
class Rows:
    """Standardised inputs x [N, D], encoded targets y [N, T], row weights [N] of mean 1 or None when all are equal."""

    x: Tensor
    y: Tensor
    weight: Tensor | None = None

    def __len__(self) -> int:
        return self.x.shape[0]

    def take(self, index: Tensor, scratch: tuple[Scratch, Scratch, Scratch] | None = None) -> Rows:
        """The rows of each member: index [M, n] gives x [M, n, D], y [M, n, T] and weight [M, n].

        With `scratch` the result lies in its memory, and holds until it is used again.
        """
        flat = index.reshape(-1)

        def gather(a: Tensor, number: int) -> Tensor:
            shape = (*index.shape, *a.shape[1:])
            if scratch is None:
                return a.index_select(0, flat).view(shape)
            out = scratch[number](*shape)
            torch.index_select(a, 0, flat, out=out.view(len(flat), *a.shape[1:]))
            return out

        return Rows(gather(self.x, 0), gather(self.y, 1), None if self.weight is None else gather(self.weight, 2))

    def share(self, n_members: int) -> Rows:
        """All rows for every member, without a copy: x [M, N, D] and so on."""

        def expand(a: Tensor) -> Tensor:
            return a.unsqueeze(0).expand(n_members, *a.shape)

        return Rows(expand(self.x), expand(self.y), None if self.weight is None else expand(self.weight))

    def select(self, members: Tensor) -> Rows:
        """Keep some members of rows that carry a member axis."""
        return Rows(self.x[members], self.y[members], None if self.weight is None else self.weight[members])


@dataclass(frozen=True)
class TrainingData:
    """Training rows of each member, index [M, n], into shared `rows`, and validation rows with a member axis."""

    rows: Rows
    train_index: Tensor
    validation: Rows | None = None

    @property
    def n_members(self) -> int:
        return self.train_index.shape[0]

    @property
    def n_train(self) -> int:
        return self.train_index.shape[1]


def batch_starts(n_rows: int, batch_size: int) -> list[int]:
    """Bounds [0, ..., n_rows] of the batches; a last batch of one row is folded into the one before.

    One row has no variance, so batch normalization would turn it into zeros.
    """
    bounds = [*range(0, n_rows, batch_size), n_rows]
    if len(bounds) > 2 and bounds[-1] - bounds[-2] == 1:
        del bounds[-2]
    return bounds
