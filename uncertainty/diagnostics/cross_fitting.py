"""Short trainings that are judged on rows they have not seen: one network a fold, side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import is_classifier

from uncertainty.diagnostics.preparation import mean_loss, prepare, row_losses, train_quietly, with_plan, with_watched
from uncertainty.estimators.encoding import RawRows
from uncertainty.estimators.method import Method

Array = NDArray[np.float64]
Index = NDArray[np.intp]

N_FOLDS = 5
# A row counts for no more than this, so that one bad prediction does not decide about all of them.
LARGEST_GAIN = 3.0
BATCHES_PER_EPOCH = 20


class _Folds(Method):
    """One network for each row of `train` [K, n], which it trains on."""

    def __init__(self, train: Index) -> None:
        self.train = train

    @property
    def n_networks(self) -> int:
        return len(self.train)

    def training_rows(self, seed: int | tuple[int, ...], members: range, train: Index) -> Index:
        return self.train


@dataclass(frozen=True, eq=False)
class CrossFit:
    """Outcome of a training of K networks, each tested on the rows that neither it nor its early stopping saw.

    `gain` is the mean NLL before training (that of a constant) less the one after it, in nats, and `gain_error` its
    standard error over rows; `watched_loss` is the mean of the smallest losses on the watched rows, `constant_loss`
    that before training.
    """

    gain: float
    gain_error: float
    watched_loss: float
    constant_loss: float
    history: list[dict[str, float]]

    @property
    def z(self) -> float:
        """The gain in standard errors."""
        return self.gain / self.gain_error if self.gain_error > 0.0 else 0.0


def cross_fit(
    network: Any, rows: RawRows, *, seed: int, n_epochs: int, patience: int | None, stop: Callable[[Any], bool]
) -> CrossFit:
    """Train a base network on three fifths of the rows, watch one and test on one, in five ways."""
    train, watched, tested = _folds(rows, seed, stratify=is_classifier(network))
    run = prepare(network.set_params(early_stopping=False), rows, seed=seed, method=_Folds(train))
    every_row = run.data.rows
    watched_rows = every_row.take(torch.from_numpy(watched).to(every_row.x.device))
    run = with_watched(run, watched_rows)
    hooks = (*run.plan.on_epoch_end, stop)
    run = with_plan(
        run, batches_per_epoch=BATCHES_PER_EPOCH, max_epochs=n_epochs, patience=patience, on_epoch_end=hooks
    )
    test = every_row.take(torch.from_numpy(tested).to(every_row.x.device))
    before = row_losses(run, run.values, run.statistics, test)
    constant = mean_loss(run, run.values, run.statistics, watched_rows)
    result = train_quietly(run)
    gains = (before - row_losses(run, result.values, result.statistics, test)).clip(-LARGEST_GAIN, LARGEST_GAIN).ravel()
    weight = np.ones_like(gains) if test.weight is None else test.weight.double().cpu().numpy().ravel()
    gain = float(np.average(gains, weights=weight))
    error = float(np.sqrt((weight**2 * (gains - gain) ** 2).sum()) / weight.sum())
    return CrossFit(gain, error, float(result.best_losses.mean()), constant, result.history)


def _folds(rows: RawRows, seed: int, *, stratify: bool) -> tuple[Index, Index, Index]:
    """Rows [K, n] to train on, to watch and to test on; every row but a few is tested on once."""
    order = np.random.default_rng(seed).permutation(len(rows))
    if stratify and rows.y.ndim == 1:
        order = order[np.argsort(np.unique(rows.y[order], return_inverse=True)[1], kind="stable")]
    n_folds = min(N_FOLDS, len(rows))
    size = len(rows) // n_folds
    folds = order[: size * n_folds].reshape(size, n_folds).T  # every K-th row of the order
    rest = order[size * n_folds :]
    numbers = np.arange(n_folds)
    train = np.stack([np.concatenate([folds[(k + j) % n_folds] for j in range(2, n_folds)] + [rest]) for k in numbers])
    return train, folds[(numbers + 1) % n_folds], folds
