"""Which rows calibrate: a random share of them, or every row in turn."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import KFold, check_cv

from uncertainty.components.spec import check_integer, check_number
from uncertainty.estimators.validation_split import split_rows

Index = NDArray[np.intp]


def split_calibration_rows(n_rows: int, size: Any, seed: int, groups: Index | None) -> tuple[Index, Index]:
    """Draw the rows to fit on and those to calibrate on.

    `size` is a share, rounded up, or a number of rows; with `groups` (codes) each has its share.
    """
    if isinstance(size, (int, np.integer)) and not isinstance(size, bool):
        number = check_integer("calibration_size", size)
        if number >= n_rows:
            raise ValueError(
                f"calibration_size must be less than the number of rows, n_samples = {n_rows}, got {number}. "
                f"Leave rows to fit on, or pass a fitted model as FrozenEstimator(model)."
            )
        share = (number - 0.5) / n_rows  # rounded up that is the number
    else:
        share = check_number("calibration_size", size, low_open=True, high=1.0, high_open=True)
    fit, calibration = split_rows([np.random.default_rng(seed)], n_rows, share, groups)
    return fit[0], calibration[0]


def cross_fitting_folds(cv: Any, X: Any, y: NDArray[Any], seed: int) -> list[tuple[Index, Index]]:
    """Return rows to fit on and rows to calibrate on, K times; every row calibrates once.

    `cv` is a number of folds, drawn at random, a splitter, or a list of pairs.
    """
    if isinstance(cv, (int, np.integer)) and not isinstance(cv, bool):
        cv = KFold(check_integer("cv", cv, low=2), shuffle=True, random_state=seed)
    folds = [(np.asarray(fit), np.asarray(held_out)) for fit, held_out in check_cv(cv).split(X, y)]
    for fit, held_out in folds:
        if len(np.intersect1d(fit, held_out)):
            raise ValueError("cv must not calibrate on rows that it fits on, got folds that overlap. Use a KFold.")
    if not np.array_equal(np.sort(np.concatenate([held_out for _, held_out in folds])), np.arange(len(y))):
        raise ValueError("cv must hold out every row exactly once, as KFold does. Use method='split' for one share.")
    return folds
