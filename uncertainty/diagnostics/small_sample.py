"""Whether the network can memorise a few rows, which anything that trains at all can."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import is_classifier, is_regressor

from uncertainty.components.spec import check_integer
from uncertainty.diagnostics.axes import COLOURS, axes_for
from uncertainty.diagnostics.examination import Examination
from uncertainty.diagnostics.preparation import (
    base_network,
    checked,
    marginal_nll,
    prepare,
    sample,
    seed_from,
    take,
    train_quietly,
    unregularized,
    with_plan,
)
from uncertainty.estimators.encoding import RawRows
from uncertainty.training import EpochState


@dataclass(frozen=True, eq=False, repr=False)
class SmallSampleFit(Examination):
    """How well a network memorises a few rows.

    Attributes
    ----------
    n_rows : int
    learning_rate : float, at which it trained
    loss_curve : (E,) training NLL of each epoch, in nats
    marginal_loss : float, the NLL of these rows under their own marginal
    target_loss : float, that counts as memorised
    memorised : bool
    verdict : str
    """

    n_rows: int
    learning_rate: float
    loss_curve: NDArray[np.float64]
    marginal_loss: float
    target_loss: float
    memorised: bool
    verdict: str

    @property
    def best_loss(self) -> float:
        """Smallest training NLL, in nats."""
        return float(self.loss_curve.min())

    def plot(self, ax: Any = None) -> Any:
        """Draw the training loss against epochs; return the axes."""
        ax = axes_for(ax)
        epochs = np.arange(1, len(self.loss_curve) + 1)
        ax.plot(epochs, self.loss_curve, color=COLOURS["blue"], label=f"training loss of {self.n_rows} rows")
        ax.axhline(self.marginal_loss, color=COLOURS["grey"], ls=":", label="marginal of y")
        ax.axhline(self.target_loss, color=COLOURS["green"], ls="--", label="memorised")
        height = self.marginal_loss - min(self.target_loss, self.best_loss)
        ax.set(ylim=(self.marginal_loss - 1.1 * height, self.marginal_loss + 0.5 * height))
        ax.set(xlabel="epoch", ylabel="NLL [nats]", title="Overfitting a small sample")
        ax.legend(fontsize="small")
        return ax


def overfit_small_sample(
    estimator: Any,
    X: ArrayLike,
    y: ArrayLike,
    *,
    n_rows: int = 20,
    n_epochs: int = 1000,
    learning_rate: float | None = None,
    random_state: Any = 0,
) -> SmallSampleFit:
    """Train the base network on a few rows, with nothing that holds it back, until it knows them by heart.

    Full batches, a constant rate, no early stopping, dropout, penalties or augmentation. It has memorised the rows
    when the training NLL is one nat a target below their marginal (residuals of about a quarter of the spread of y),
    or for classes a tenth of it. Rows with equal X count once: no function tells them apart.

    Parameters
    ----------
    estimator : any regressor or classifier of this package, fitted or not; it is not changed
    X, y : as in `fit`
    n_rows : int >= 2; for a classifier the classes take turns
    n_epochs : int, at most so many; it ends as soon as the rows are memorised
    learning_rate : float or None, by default the estimator's own
    random_state : int, RandomState or Generator

    Returns
    -------
    SmallSampleFit
    """
    n, epochs = check_integer("n_rows", n_rows, low=2), check_integer("n_epochs", n_epochs)
    network = base_network(estimator, **({} if learning_rate is None else {"learning_rate_init": learning_rate}))
    return memorise(network, checked(estimator, X, y), seed_from(random_state), n, epochs)


def memorise(
    network: Any,
    rows: RawRows,
    seed: int,
    n_rows: int = 20,
    n_epochs: int = 1000,
    give_up: Callable[[EpochState], bool] = lambda state: False,
) -> SmallSampleFit:
    """Overfit a few of the checked rows with a base network, until it has memorised them or `give_up` says so."""
    distinct = np.sort(np.unique(rows.x, axis=0, return_index=True)[1])
    few = sample(take(rows, distinct), n_rows, seed, stratify=is_classifier(network))
    run = prepare(unregularized(network, batch_size="full"), few, seed=seed)
    marginal = marginal_nll(run, regression=is_regressor(network))
    target = marginal - run.data.rows.y.shape[1] if is_regressor(network) else 0.1 * marginal
    hooks = (*run.plan.on_epoch_end, lambda state: state.train_loss < target, give_up)
    run = with_plan(run, max_epochs=n_epochs, patience=None, backs_off=False, on_epoch_end=hooks)
    curve = np.array([record["train_loss"] for record in train_quietly(run).history])
    rate, memorised = float(network.learning_rate_init), bool(curve.min() < target)
    verdict = _verdict(len(few), curve, marginal, rate, memorised)
    return SmallSampleFit(len(few), rate, curve, marginal, target, memorised, verdict)


def _verdict(n_rows: int, curve: NDArray[np.float64], marginal: float, rate: float, memorised: bool) -> str:
    losses = f"training NLL {marginal:.2f} to {curve.min():.2f} nats in {len(curve)} epochs at rate {rate:.1e}"
    if memorised:
        return f"the network memorises {n_rows} rows ({losses})"
    if not np.isfinite(curve[-1]) or curve[-1] > marginal + 0.5:
        return f"training falls apart on {n_rows} rows ({losses}): the learning rate is too high"
    return f"the network does not memorise {n_rows} rows ({losses}): too small, a wrong learning rate, or broken"
