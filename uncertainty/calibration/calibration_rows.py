"""Which rows calibrate: a random share of them, or the test parts of a cross-validation."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import KFold, StratifiedKFold, check_cv

from uncertainty.calibration.fit_rows import FitRows
from uncertainty.components.spec import check_integer, check_number
from uncertainty.estimators.validation_split import split_rows

Index = NDArray[np.intp]


def split_calibration_rows(n_rows: int, size: Any, seed: int, strata: NDArray[Any] | None) -> tuple[Index, Index]:
    """Draw the rows to fit on and those to calibrate on, both in increasing order.

    `size` is a share, rounded up, or a number of rows; each of the `strata` has its share.
    """
    if _is_integer(size):
        number = check_integer("calibration_size", size)
        if number >= n_rows:
            raise ValueError(
                f"calibration_size must be less than the number of rows, n_samples = {n_rows}, got {number}. "
                f"Leave rows to fit on, or pass a fitted model as FrozenEstimator(model)."
            )
        share = (number - 0.5) / n_rows  # rounded up that is the number
    else:
        share = check_number("calibration_size", size, low_open=True, high=1.0, high_open=True)
    codes = None if strata is None else np.unique(strata, return_inverse=True)[1]
    (fit,), (calibration,) = split_rows([np.random.default_rng(seed)], n_rows, share, codes)
    return fit, np.sort(calibration)


def cross_fitting_splits(cv: Any, rows: FitRows, seed: int, *, classifier: bool) -> list[tuple[Index, Index]]:
    """Return rows to fit on and rows to calibrate on, for each split of `cv`; those of weight zero are in neither.

    A number makes that many folds in random order, with the shares of the classes for a classifier, out of rows of
    positive weight. A splitter, or a list of pairs, is about all rows as the caller counts them.
    """
    if _is_integer(cv):
        used, folds = rows.used(), StratifiedKFold if classifier else KFold
        splitter = folds(check_integer("cv", cv, low=2), shuffle=True, random_state=seed)
        pairs = [(used[fit], used[held_out]) for fit, held_out in splitter.split(used, rows.y[used])]
    else:
        splits = check_cv(cv, rows.y, classifier=classifier).split(rows.X, rows.y, rows.groups)
        pairs = [(rows.used(np.asarray(fit)), rows.used(np.asarray(held_out))) for fit, held_out in splits]
    for fit, held_out in pairs:
        if len(np.intersect1d(fit, held_out)):
            raise ValueError("cv must not calibrate on rows that it fits on, got folds that overlap. Use a KFold.")
    pairs = [(fit, held_out) for fit, held_out in pairs if len(held_out)]
    if not pairs:
        raise ValueError("cv must hold out rows of positive weight to calibrate on, got none. Use a KFold.")
    return pairs


def cross_fitting_folds(cv: Any, rows: FitRows, seed: int) -> list[tuple[Index, Index]]:
    """Return the splits of `cv` for a regressor, which must hold out every row of positive weight once."""
    folds = cross_fitting_splits(cv, rows, seed, classifier=False)
    if not np.array_equal(np.sort(np.concatenate([held_out for _, held_out in folds])), rows.used()):
        raise ValueError("cv must hold out every row exactly once, as KFold does. Use method='split' for one share.")
    return folds


def _is_integer(value: Any) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)
