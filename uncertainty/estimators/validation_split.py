"""Which rows each member trains on and which it watches."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

import numpy as np
from numpy.typing import NDArray

Index = NDArray[np.intp]


def split_rows(
    generators: Sequence[np.random.Generator], n_rows: int, fraction: float, strata: NDArray[np.intp] | None
) -> tuple[Index, Index]:
    """Draw for each member its own training rows [M, n_train] and validation rows [M, n_validation].

    ceil(fraction * n_rows) rows are held out, and at least one is left to train on. With `strata` (class codes) each
    class is held out in proportion.
    """
    n_validation = min(max(ceil(fraction * n_rows), 1), n_rows - 1)
    train = np.empty((len(generators), n_rows - n_validation), dtype=np.intp)
    validation = np.empty((len(generators), n_validation), dtype=np.intp)
    for m, generator in enumerate(generators):
        order = generator.permutation(n_rows)
        if strata is not None:
            order = order[np.argsort(strata[order], kind="stable")]
        # Every (n_rows / n_validation)-th row of the order from a random start: a simple random sample without
        # strata, a proportional one when the order is sorted by class.
        start = generator.random()
        held_out = np.zeros(n_rows, dtype=bool)
        held_out[((np.arange(n_validation) + start) * n_rows / n_validation).astype(np.intp)] = True
        validation[m], train[m] = order[held_out], np.sort(order[~held_out])
    return train, validation


def bootstrap_rows(generators: Sequence[np.random.Generator], train: Index) -> Index:
    """Resample each member's training rows [M, n] with replacement."""
    n = train.shape[1]
    return np.stack([rows[g.integers(n, size=n)] for rows, g in zip(train, generators, strict=True)])


def in_bag_counts(n_rows: int, train: Index, held_out: Index) -> NDArray[np.uint16]:
    """Count how often [M, N] each member uses each row: it trains on `train` [M, n], and is chosen by `held_out`."""
    counts = [np.bincount(np.concatenate(used), minlength=n_rows) for used in zip(train, held_out, strict=True)]
    return np.stack(counts).astype(np.uint16)
