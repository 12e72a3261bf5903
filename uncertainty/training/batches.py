"""Mini-batches of a stack: per-member shuffles, with rows gathered and random numbers drawn in blocks of batches."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import prod
from threading import Event

import numpy as np
import torch
from torch import Tensor

from uncertainty.components.layer import Batch, Scratch
from uncertainty.components.mlp import MLP
from uncertainty.training.augmentation import Augmenter
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
        augmenter: Augmenter | None = None,
    ) -> None:
        self.rows = data.rows
        self.index = data.train_index
        self.mlp = mlp
        self.bounds = batch_starts(data.n_train, batch_size)
        self.shuffle = list(shuffle)
        self.dropout = list(dropout)
        self.augmenter = augmenter
        self._abandoned = Event()  # one for all parts
        self._set_scratch(first_member=0)

    def _set_scratch(self, first_member: int) -> None:
        """Memory for a block of rows and its random numbers. Only one block of a stream is in use at a time."""
        x = self.rows.x
        self._gathered = Scratch(x, first_member), Scratch(x, first_member), Scratch(x, first_member)
        self._drawn = [Scratch(x.new_empty(0, device="cpu"), first_member) for _ in self.mlp.noise]

    @property
    def n_batches(self) -> int:
        return len(self.bounds) - 1

    @property
    def n_rows(self) -> int:
        """Rows that a member trains on."""
        return self.bounds[-1]

    @property
    def total_weight(self) -> Tensor | int:
        """Sum [M] of the weights of the rows of an epoch, for each member; of a shortened one, its expectation."""
        weight = self.rows.weight
        return self.n_rows if weight is None else self.n_rows * weight[self.index].mean(dim=1)

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
        if self.augmenter is not None:
            self.augmenter.select(kept)

    def part(self, members: slice) -> BatchStream:
        """Return the batches of some consecutive members, which go on drawing from the same generators."""
        part = copy.copy(self)
        part.index, part.shuffle, part.dropout = self.index[members], self.shuffle[members], self.dropout[members]
        part.augmenter = None if self.augmenter is None else self.augmenter.part(members)
        part._set_scratch(members.start)
        return part

    def shortened(self, n_batches: int) -> BatchStream:
        """Return the stream with at most so many batches an epoch, of rows drawn anew from all of them each time."""
        short = copy.copy(self)
        short.bounds = self.bounds[: n_batches + 1]
        return short

    def abandon(self) -> None:
        """Let the epoch in progress end with the blocks in use, in all parts: an interrupt waits for their threads."""
        self._abandoned.set()

    def epoch(self) -> Iterator[Batch]:
        """Yield the batches of one epoch in a fresh order for each member; each holds until the next is asked for."""
        index = self._shuffled()
        for first, last in self._blocks():
            if self._abandoned.is_set():
                return
            bounds = self.bounds[first : last + 1]
            block = self.rows.take(index[:, bounds[0] : bounds[-1]], self._gathered)
            if self.augmenter is not None:
                block = self.augmenter.augment(block)
            noise = self._draw_noise(bounds)
            sizes = [stop - start for start, stop in pairwise(bounds)]
            for batch, of_batch in zip(_split(block, sizes), noise, strict=True):
                yield Batch(*batch, of_batch, self.n_rows)

    def _draw_noise(self, bounds: Sequence[int]) -> list[tuple[Tensor, ...]]:
        """The network's random numbers for each batch between the bounds."""
        n_batches, x, sources = len(bounds) - 1, self.rows.x, self.mlp.noise
        if not sources:
            return [()] * n_batches
        sizes = [stop - start for start, stop in pairwise(bounds)]
        n_rows = bounds[-1] - bounds[0]
        drawn = self.mlp.draw_noise(self.dropout, n_rows, n_batches, dtype=x.dtype, scratch=self._drawn)
        split = [
            numbers.to(x.device).split(sizes if source.per_row else [1] * n_batches, dim=1)
            for numbers, source in zip(drawn, sources.values(), strict=True)
        ]
        return list(zip(*split, strict=True))

    def _shuffled(self) -> Tensor:
        if self.batch_size == self.index.shape[1]:
            return self.index  # the order within a full batch changes nothing
        rows = self.index.cpu().numpy()
        shuffled = np.empty_like(rows)
        for generator, row, out in zip(self.shuffle, rows, shuffled, strict=True):
            out[:] = generator.permutation(row)
        return torch.from_numpy(shuffled).to(self.index.device)

    def _blocks(self) -> Iterator[tuple[int, int]]:
        """Ranges of batch numbers whose gathered rows and random numbers fit the block size."""
        batch_size, sources = self.bounds[1], self.mlp.noise.values()
        gathered = (self.rows.x.shape[1] + self.rows.y.shape[1] + 1) * batch_size
        drawn = sum(prod(source.shape) * (batch_size if source.per_row else 1) for source in sources)
        bytes_per_batch = self.rows.x.element_size() * (gathered + drawn)
        batches_per_block = max(BLOCK_BYTES_PER_MEMBER // bytes_per_batch, 1)
        for first in range(0, self.n_batches, batches_per_block):
            yield first, min(first + batches_per_block, self.n_batches)


def _split(block: Rows, sizes: list[int]) -> Iterator[tuple[Tensor, Tensor, Tensor | None]]:
    """x, y and weight of batches of the given sizes in a block of gathered rows: views, made by one call a tensor."""
    x, y = block.x.split(sizes, dim=1), block.y.split(sizes, dim=1)
    weight = [None] * len(sizes) if block.weight is None else block.weight.split(sizes, dim=1)
    yield from zip(x, y, weight, strict=True)
