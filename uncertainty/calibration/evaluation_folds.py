"""Folds of the calibration rows: what is learned from some of them is judged on the others."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from uncertainty.calibration.calibration_rows import Index

MAX_FOLDS = 5


def evaluation_folds(indices: list[Index], labels: NDArray[Any], seed: int) -> Index:
    """Return the number of the fold of each calibration prediction, those of all splits one after the other.

    Splits that share no rows are the folds, every fifth in the same one: rows that the user keeps together, or in
    order, stay so. Otherwise rows are dealt to five folds in random order, class by class; a row that is in several
    splits is in one fold.

    Parameters
    ----------
    indices : numbers of the rows of each split
    labels : (n,) of all rows as the user counts them
    """
    index = np.concatenate(indices)
    rows, row = np.unique(index, return_inverse=True)
    if len(indices) > 1 and len(rows) == len(index):
        return np.repeat(np.arange(len(indices)) % MAX_FOLDS, [len(split) for split in indices])
    order = np.lexsort((np.random.default_rng(seed).random(len(rows)), labels[rows]))
    fold = np.empty(len(rows), dtype=np.intp)
    fold[order] = np.arange(len(rows)) % MAX_FOLDS
    return fold[row]
