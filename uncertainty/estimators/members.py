"""The fitted members: plain arrays and an architecture, and the way from rows to raw outputs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from uncertainty.components.mlp import MLP
from uncertainty.heads.base import Distribution, Head
from uncertainty.training.threads import limited_threads

# Rows are predicted in chunks whose hidden layers of all members fit in this many bytes.
CHUNK_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True)
class Members:
    """A stack of M members, each a function from standardised x to a distribution of standardised y.

    `values` [N, P] and `statistics` [N, Q] hold N trained networks. `masks` (one [S, H] or None a hidden layer) makes
    S members of one network; without masks the networks are the members. `n_updates` counts the batches that the
    running statistics have seen.
    """

    mlp: MLP
    head: Head
    values: NDArray[Any]
    statistics: NDArray[Any]
    masks: tuple[NDArray[np.float64] | None, ...] | None = None
    n_updates: int = 0

    def __len__(self) -> int:
        sizes = [len(mask) for mask in self.masks or () if mask is not None]
        return sizes[0] if sizes else len(self.values)

    def distributions(self, x: NDArray[np.float64], n_jobs: int | None = None) -> Iterator[Distribution]:
        """Yield the members' distributions [M, n, ...] of the rows x [N, D], chunk by chunk, in float64."""
        masks = None if self.masks is None else [None if m is None else torch.from_numpy(m) for m in self.masks]
        # A copy, not `from_numpy` as it stands: a model loaded from a memory map is read-only.
        values, statistics = (torch.from_numpy(np.array(a, dtype=np.float64)) for a in (self.values, self.statistics))
        folded = self.mlp.fold(values, statistics, masks)
        rows = self._chunk_rows()
        work = self.mlp.multiply_adds * len(self) * min(len(x), rows)
        for start in range(0, len(x), rows):
            chunk = torch.from_numpy(np.array(x[start : start + rows], dtype=np.float64))
            # Around each product, never around the yield: a caller that stops half-way (an error in what it does with
            # a chunk) would leave the process with gradients off and fewer threads.
            with limited_threads(work, n_jobs), torch.no_grad():
                raw = folded.forward(chunk.unsqueeze(0)).numpy()
            yield self.head.distribution(raw)

    def _chunk_rows(self) -> int:
        widest = max((*self.mlp.hidden_layer_sizes, self.mlp.n_raw))
        return max(CHUNK_BYTES // (8 * len(self) * (2 * widest + 6 * self.mlp.n_raw)), 1)
