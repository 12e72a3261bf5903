"""Mini-batches of a stack: per-member shuffles, with rows gathered and dropout masks drawn in blocks of batches."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from uncertainty.components.layer import Batch, Scratch
from uncertainty.components.mlp import MLP
from uncertainty.training.data import Rows, TrainingData, batch_starts

# One gather for many batches is faster than a gather a batch. The bound is per member, so that the blocks, and with
# them the random numbers, do not depend on how many members there are.
BLOCK_BYTES_PER_MEMBER = 4 * 1024 * 1024


class BatchStream:
    """Endless epochs of batches for the members that are still training."""

    def __init__(
        self,
        data: TrainingData,
        mlp: MLP,
        batch_size: int,
        *,
        shuffle: Sequence[np.random.Generator],
        dropout: Sequence[np.random.Generator],
    ) -> None:
        self.rows = data.rows
        self.index = data.train_index
        self.mlp = mlp
        self.bounds = batch_starts(data.n_train, batch_size)
        self.shuffle = list(shuffle)
        self.dropout = list(dropout)
        self._set_scratch(first_member=0)

    def _set_scratch(self, first_member: int) -> None:
        """Memory for a block of rows and its masks. Only one block of a stream is in use at a time."""
        x = self.rows.x
        self._gathered = Scratch(x, first_member), Scratch(x, first_member), Scratch(x, first_member)
        self._masks = [Scratch(x.new_empty(0, device="cpu"), first_member) for _ in self.mlp.hidden_layer_sizes]

    @property
    def n_batches(self) -> int:
        return len(self.bounds) - 1

    @property
    def n_rows(self) -> int:
        """Rows that a member trains on."""
        return self.bounds[-1]

    @property
    def batch_size(self) -> int:
        """Rows of every batch but the last, which may have fewer, or one more."""
        return self.bounds[1]

    def select(self, members: Tensor) -> None:
        """Keep some members only."""
        kept = members.tolist()
        self.index = self.index[members]
        self.shuffle = [self.shuffle[m] for m in kept]
        self.dropout = [self.dropout[m] for m in kept]

    def part(self, members: slice) -> BatchStream:
        """Return the batches of some consecutive members, which go on drawing from the same generators."""
        part = copy.copy(self)
        part.index, part.shuffle, part.dropout = self.index[members], self.shuffle[members], self.dropout[members]
        part._set_scratch(members.start)
        return part

    def shortened(self, n_batches: int) -> BatchStream:
        """Return the stream with at most so many batches an epoch, of rows drawn anew from all of them each time."""
        short = copy.copy(self)
        short.bounds = self.bounds[: n_batches + 1]
        return short

    def epoch(self) -> Iterator[Batch]:
        """Yield the batches of one epoch in a fresh order for each member; each holds until the next is asked for."""
        index = self._shuffled()
        for first, last in self._blocks():
            bounds = self.bounds[first : last + 1]
            block = self.rows.take(index[:, bounds[0] : bounds[-1]], self._gathered)
            masks = self._draw_masks(bounds[-1] - bounds[0])
            yield from _split(block, masks, [stop - start for start, stop in pairwise(bounds)])

    def _draw_masks(self, n_rows: int) -> list[Tensor | None]:
        x = self.rows.x
        masks = self.mlp.draw_masks(self.dropout, (n_rows,), dtype=x.dtype, scratch=self._masks)
        return [None if mask is None else mask.to(x.device) for mask in masks]

    def _shuffled(self) -> Tensor:
        if self.batch_size == self.index.shape[1]:
            return self.index  # the order within a full batch changes nothing
        rows = self.index.cpu().numpy()
        shuffled = np.empty_like(rows)
        for generator, row, out in zip(self.shuffle, rows, shuffled, strict=True):
            out[:] = generator.permutation(row)
        return torch.from_numpy(shuffled).to(self.index.device)

    def _blocks(self) -> Iterator[tuple[int, int]]:
        """Ranges of batch numbers whose gathered rows and masks fit the block size."""
        masked = [w for w, rate in zip(self.mlp.hidden_layer_sizes, self.mlp.dropout_rates, strict=True) if rate > 0.0]
        numbers = self.rows.x.shape[1] + self.rows.y.shape[1] + 1 + sum(masked)
        rows_per_block = max(BLOCK_BYTES_PER_MEMBER // (self.rows.x.element_size() * numbers), 1)
        batches_per_block = max(rows_per_block // max(self.bounds[1], 1), 1)
        for first in range(0, self.n_batches, batches_per_block):
            yield first, min(first + batches_per_block, self.n_batches)


def _split(block: Rows, masks: list[Tensor | None], sizes: list[int]) -> Iterator[Batch]:
    """The batches of the given sizes in a block of gathered rows: views, all made by one call a tensor."""

    def split(a: Tensor | None) -> Sequence[Tensor | None]:
        return [None] * len(sizes) if a is None else a.split(sizes, dim=1)

    of_batch = zip(*(split(mask) for mask in masks), strict=True) if masks else [()] * len(sizes)
    for x, y, weight, batch_masks in zip(split(block.x), split(block.y), split(block.weight), of_batch, strict=True):
        assert x is not None
        assert y is not None
        yield Batch(x, y, weight, batch_masks)
