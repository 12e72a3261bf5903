"""Which rows train and which test: the standard splits, the gap splits, stratified splits and a shift of the inputs."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from .datasets import GAP_SOURCES, Task, locate

N_UCI_SPLITS = 20
N_STRATIFIED_SPLITS = 10
UCI_SEED = 1

Split = tuple[NDArray[np.int64], NDArray[np.int64]]


def uci_splits(n_rows: int, n_splits: int = N_UCI_SPLITS) -> list[Split]:
    """Return the first of the 20 random 90/10 splits on which the published UCI results were measured.

    Parameters
    ----------
    n_rows : int
        Rows of the table; the splits depend on nothing else.
    n_splits : int
        How many of the 20.

    Returns
    -------
    list of (train, test)
        Row numbers.

    References
    ----------
    Hernandez-Lobato and Adams, "Probabilistic backpropagation for scalable learning of Bayesian neural networks",
    2015: the protocol and its seed.
    """
    _check_n_splits(n_splits, N_UCI_SPLITS)
    generator = np.random.RandomState(UCI_SEED)  # the published splits come from this old generator
    cut = round(0.9 * n_rows)
    orders = [generator.choice(range(n_rows), n_rows, replace=False) for _ in range(n_splits)]
    return [(order[:cut], order[cut:]) for order in orders]


def gap_splits(name: str, n_rows: int) -> list[Split]:
    """Return one split for each feature of a UCI set: the middle third of its values tests, the outer thirds train.

    The rows come from a file: where values are tied, their order decides, and with it the published results.

    References
    ----------
    Foong et al., "'In-between' uncertainty in Bayesian neural networks", 2019; the rows are those of Antoran et al.,
    "Depth uncertainty in neural networks", 2020.
    """
    with np.load(locate(GAP_SOURCES[name])) as parts:
        tests = [parts[f"test_{feature}"].astype(np.int64) for feature in range(len(parts.files))]
    return [(np.setdiff1d(np.arange(n_rows), test), test) for test in tests]


def stratified_splits(y: NDArray[Any], n_splits: int = N_STRATIFIED_SPLITS) -> list[Split]:
    """Return 80/20 splits that keep the shares of the classes; split number s is made with seed s.

    Parameters
    ----------
    y : array of shape (n_rows,)
        Class labels.
    n_splits : int
        How many of the 10.

    Returns
    -------
    list of (train, test)
        Row numbers.
    """
    _check_n_splits(n_splits, N_STRATIFIED_SPLITS)
    rows = np.arange(len(y))
    return [tuple(train_test_split(rows, test_size=0.2, stratify=y, random_state=split)) for split in range(n_splits)]


def shift_split(X: NDArray[np.float64]) -> Split:
    """Return the rows in the low two thirds of the first principal component of the standardised inputs, and the rest.

    The component points to where its largest weight is positive.
    """
    spread = X.std(axis=0)
    standardised = (X - X.mean(axis=0)) / np.where(spread > 0.0, spread, 1.0)
    direction = np.linalg.svd(standardised, full_matrices=False)[2][0]
    direction = direction * np.sign(direction[np.argmax(np.abs(direction))])
    order = np.argsort(standardised @ direction, kind="stable")
    cut = round(2 * len(X) / 3)
    return order[:cut], order[cut:]


def make_splits(task: Task, y: NDArray[Any], n_splits: int) -> list[Split]:
    """Return the task's standard splits of a data set with targets `y`."""
    return uci_splits(len(y), n_splits) if task == "regression" else stratified_splits(y, n_splits)


def _check_n_splits(n_splits: int, n_available: int) -> None:
    if not 1 <= n_splits <= n_available:
        raise ValueError(f"n_splits must be between 1 and {n_available}, got {n_splits}.")
