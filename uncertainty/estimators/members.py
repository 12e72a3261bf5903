"""The fitted members: plain arrays and an architecture, and the way from rows to what is asked of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from uncertainty.components.folded import FoldedMLP
from uncertainty.components.mlp import MLP
from uncertainty.components.noise import KeptEntries
from uncertainty.heads.base import Distribution, Head
from uncertainty.training.threads import thread_limit, torch_threads

Array = NDArray[np.float64]

# Rows are predicted in chunks whose arrays of all members together take about so many bytes: much less, and the calls
# cost more than the arithmetic; more, and every array is fresh memory that the system has to clear, page by page.
CHUNK_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True)
class Members:
    """A stack of M members, each a function from standardised x to a distribution of standardised y.

    `values` [N, P] and `statistics` [N, Q] hold N trained networks. `masks`, by name as `MLP.draw_masks` draws them,
    [S, ...] each, make S members of one network; without masks the networks are the members. `n_updates` counts the
    batches that the running statistics have seen, and `n_epochs` the epochs that the networks have been trained for.
    """

    mlp: MLP
    head: Head
    values: NDArray[Any]
    statistics: NDArray[Any]
    masks: dict[str, KeptEntries] | None = None
    n_updates: int = 0
    n_epochs: int = 0

    def __len__(self) -> int:
        return len(next(iter(self.masks.values())).kept) if self.masks else len(self.values)

    def dropout_rates(self) -> Array:
        """Return the dropout rates [N, L] of each network's L hidden layers: learned ones with concrete dropout."""
        return self.mlp.dropout_rates(torch.from_numpy(np.array(self.values))).numpy()

    def evaluate(
        self,
        x: Array,
        standardise: Callable[[Array], Array],
        answers: Callable[[Distribution], list[NDArray[Any]]],
        *,
        axis: int = 0,
        n_jobs: int | None = None,
    ) -> list[NDArray[Any]]:
        """Return the arrays that `answers` makes of the distributions [M, n, ...] of the rows x [N, D], in float64.

        It sees one chunk of rows at a time, which lie along `axis` of what it returns; besides the answers no more
        than a chunk a thread is held. Threads share out the chunks, whose size does not depend on them, and within a
        chunk everything runs on one thread: no bit depends on their number.
        """
        folded = self.folded()
        n_chunks = -(-len(x) // self._chunk_rows(folded))
        chunks = [slice(len(x) * i // n_chunks, len(x) * (i + 1) // n_chunks) for i in range(n_chunks)]

        def answers_of(rows: slice) -> list[NDArray[Any]]:
            with torch.inference_mode():
                raw = folded.forward(torch.from_numpy(np.array(standardise(x[rows]))).unsqueeze(0))
            return answers(self.head.distribution(raw.numpy()))

        if n_chunks > 1:
            # glibc keeps freed memory for the next chunk once it has seen a block of this size come and go. It would
            # hand it back otherwise, to have every page cleared again: up to half of the time.
            np.empty(CHUNK_BYTES, dtype=np.uint8)
        n_threads = min(thread_limit(n_jobs), n_chunks)
        with torch_threads(1):
            return _gather(answers_of, chunks, len(x), axis, n_threads)

    def folded(self) -> FoldedMLP:
        """The members in prediction form, in float64."""
        # Copies, not `from_numpy` as they stand: a model loaded from a memory map is read-only.
        masks = {name: entries.mask() for name, entries in (self.masks or {}).items()}
        values, statistics = (torch.from_numpy(np.array(a, dtype=np.float64)) for a in (self.values, self.statistics))
        return self.mlp.fold(values, statistics, masks)

    def _chunk_rows(self, folded: FoldedMLP) -> int:
        # A layer and its input; the raw outputs, and what is made of them on the way to the answers.
        numbers_per_row = 2 * max(folded.widest, self.mlp.n_inputs) + 6 * len(self) * self.mlp.n_raw
        return max(CHUNK_BYTES // (8 * numbers_per_row), 1)


def _gather(
    answers_of: Callable[[slice], list[NDArray[Any]]], chunks: list[slice], n_rows: int, axis: int, n_threads: int
) -> list[NDArray[Any]]:
    """Put the answers of each chunk where its rows belong. This thread is one of those that share out the chunks."""
    gathered: list[NDArray[Any]] = []
    pending, lock = deque(chunks), Lock()

    def take_chunks() -> None:
        while True:
            with lock:
                if not pending:
                    return
                rows = pending.popleft()
            answers = answers_of(rows)
            with lock:
                if not gathered:
                    gathered.extend(np.empty((*a.shape[:axis], n_rows, *a.shape[axis + 1 :]), a.dtype) for a in answers)
            for whole, answer in zip(gathered, answers, strict=True):
                whole[(slice(None),) * axis + (rows,)] = answer

    if n_threads == 1:
        take_chunks()
        return gathered
    with ThreadPoolExecutor(n_threads - 1) as pool:
        others = [pool.submit(take_chunks) for _ in range(n_threads - 1)]
        try:
            take_chunks()
        finally:
            pending.clear()  # after an error nobody needs the others
        for other in others:
            other.result()
    return gathered
