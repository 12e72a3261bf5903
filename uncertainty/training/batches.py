"""Mini-batches of a stack: per-member shuffles, with rows gathered and dropout masks drawn in blocks of batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from uncertainty.components.mlp import MLP
from uncertainty.training.data import TrainingData, batch_starts

# One gather for many batches is faster than a gather a batch. The bound is per member, so that the blocks, and with
# them the random numbers, do not depend on how many members there are.
BLOCK_BYTES_PER_MEMBER = 4 * 1024 * 1024


@dataclass(frozen=True)
class Batch:
    """x [M, B, D], y [M, B, T], weight [M, B] or None, and one dropout mask [M, B, H] or None a hidden layer."""

    x: Tensor
    y: Tensor
    weight: Tensor | None
    masks: list[Tensor | None]


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

    @property
    def n_batches(self) -> int:
        return len(self.bounds) - 1

    @property
    def largest_batch(self) -> int:
        """Rows of the largest batch."""
        return max(stop - start for start, stop in pairwise(self.bounds))

    def select(self, members: Tensor) -> None:
        """Keep some members only."""
        kept = members.tolist()
        self.index = self.index[members]
        self.shuffle = [self.shuffle[m] for m in kept]
        self.dropout = [self.dropout[m] for m in kept]

    def epoch(self) -> Iterator[Batch]:
        """Yield the batches of one epoch in a fresh order for each member."""
        index = self._shuffled()
        for first, last in self._blocks():
            start, stop = self.bounds[first], self.bounds[last]
            block = self.rows.take(index[:, start:stop])
            masks = [
                None if mask is None else mask.to(block.x.device)
                for mask in self.mlp.draw_masks(self.dropout, (stop - start,), dtype=block.x.dtype)
            ]
            for i in range(first, last):
                rows = slice(self.bounds[i] - start, self.bounds[i + 1] - start)
                weight = None if block.weight is None else block.weight[:, rows]
                of_batch = [None if mask is None else mask[:, rows] for mask in masks]
                yield Batch(block.x[:, rows], block.y[:, rows], weight, of_batch)

    def _shuffled(self) -> Tensor:
        if self.n_batches == 1:
            return self.index  # the order within a full batch changes nothing
        n = self.index.shape[1]
        order = np.stack([generator.permutation(n) for generator in self.shuffle])
        return self.index.gather(1, torch.from_numpy(order).to(self.index.device))

    def _blocks(self) -> Iterator[tuple[int, int]]:
        """Ranges of batch numbers whose gathered rows and masks fit the block size."""
        masked = [w for w, rate in zip(self.mlp.hidden_layer_sizes, self.mlp.dropout_rates, strict=True) if rate > 0.0]
        numbers = self.rows.x.shape[1] + self.rows.y.shape[1] + 1 + sum(masked)
        rows_per_block = max(BLOCK_BYTES_PER_MEMBER // (self.rows.x.element_size() * numbers), 1)
        batches_per_block = max(rows_per_block // max(self.bounds[1], 1), 1)
        for first in range(0, self.n_batches, batches_per_block):
            yield first, min(first + batches_per_block, self.n_batches)
