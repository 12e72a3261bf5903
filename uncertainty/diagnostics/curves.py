"""Learning curves: training and validation loss against epochs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import is_classifier, is_regressor

from uncertainty.components.moving_averages import exponential_average
from uncertainty.diagnostics.examination import Examination
from uncertainty.diagnostics.preparation import (
    base_network,
    checked,
    is_fitted,
    marginal_nll,
    mean_loss,
    prepare,
    seed_from,
    split,
    train_quietly,
    with_plan,
)

Array = NDArray[np.float64]

# Differences of losses in nats below this are nothing to act on.
NOTICEABLE = 0.02


@dataclass(frozen=True, eq=False, repr=False)
class LearningCurves(Examination):
    """Loss of each epoch, a mean over the members still in training, in nats per unit of standardised y.

    Attributes
    ----------
    epochs : (E,) counted from 1
    train_loss, validation_loss : (E,) the first is a mean over the epoch, in training form; the second is after it
    smoothed_train_loss, smoothed_validation_loss : (E,) bias-corrected exponential averages
    learning_rate : (E,) at the end of the epoch
    best_epoch : int, of the smallest smoothed validation loss
    marginal_loss : float, NLL of a constant prediction: on the held-out rows, or on all where those are not known
    verdict : str
    """

    epochs: NDArray[np.intp]
    train_loss: Array
    validation_loss: Array
    smoothed_train_loss: Array
    smoothed_validation_loss: Array
    learning_rate: Array
    best_epoch: int
    marginal_loss: float
    verdict: str

    def plot(self, ax: Any = None) -> Any:
        """Draw both losses, raw and smoothed, against epochs; return the axes."""
        from uncertainty.plotting import TrainingCurveDisplay

        ax = TrainingCurveDisplay.from_examination(self, ax=ax).ax_
        ax.set_title("Learning curves")
        return ax


def learning_curves(
    estimator: Any, X: ArrayLike, y: ArrayLike, *, beta: float = 0.9, random_state: Any = 0
) -> LearningCurves:
    """Return training and validation loss against epochs, with smoothed curves and what they say.

    A fitted estimator that watched held-out rows is taken at its own history. Otherwise a copy is trained: on all rows
    but the share `validation_fraction`, which it watches; with early stopping where the estimator has it. The
    smoothed curve is a_t = (1 - beta) sum_s beta^(t - s) L_s / (1 - beta^t).

    Parameters
    ----------
    estimator : any regressor or classifier of this package, fitted or not; it is not changed
    X, y : as in `fit`
    beta : float in [0, 1), smoothing; the average reaches back about (1 + beta) / (1 - beta) epochs
    random_state : int, RandomState or Generator; not used for the history of a fitted estimator

    Returns
    -------
    LearningCurves
    """
    network, rows, seed = base_network(estimator), checked(estimator, X, y), seed_from(random_state)
    train, held_out = split(rows, network.validation_fraction, seed, stratify=is_classifier(estimator))
    run = prepare(base_network(estimator), train, seed=seed, method=estimator._method(), watched=held_out)
    if is_fitted(estimator) and hasattr(estimator, "validation_curve_"):
        return curves_from(estimator.history_, marginal_nll(run, regression=is_regressor(estimator)), beta=beta)
    assert run.data.validation is not None
    constant = mean_loss(run, run.values, run.statistics, run.data.validation)
    run = with_plan(run, patience=run.plan.patience if network.early_stopping else None)
    return curves_from(train_quietly(run).history, constant, beta=beta)


def curves_from(history: list[dict[str, float]], marginal: float, *, beta: float = 0.9) -> LearningCurves:
    """Return the curves of a history with validation losses."""
    train, validation, rates = (
        np.array([record[key] for record in history]) for key in ("train_loss", "validation_loss", "learning_rate")
    )
    smooth_train, smooth_validation = exponential_average(train, beta), exponential_average(validation, beta)
    best = int(np.nanargmin(smooth_validation)) + 1
    return LearningCurves(
        np.arange(1, len(history) + 1),
        train,
        validation,
        smooth_train,
        smooth_validation,
        rates,
        best,
        marginal,
        _verdict(smooth_train, smooth_validation, best, marginal),
    )


def _verdict(train: Array, validation: Array, best: int, marginal: float) -> str:
    at_best = validation[best - 1]
    gap = at_best - train[best - 1]
    if at_best > marginal - NOTICEABLE:
        return f"the validation loss never gets below the marginal of y ({marginal:.2f} nats): nothing is learned"
    reached = f"validation loss {at_best:.2f} at epoch {best} of {len(train)} (marginal {marginal:.2f} nats)"
    if validation[-1] > at_best + NOTICEABLE and train[-1] < train[best - 1] - NOTICEABLE:
        return (
            f"{reached}, rising afterwards while the training loss falls: it overfits; keep early stopping, regularize"
        )
    if best == len(train):
        return f"{reached}, still falling at the end: raise max_iter or the learning rate"
    if gap > 0.25 * (marginal - at_best):
        return f"{reached}, {gap:.2f} above the training loss: more data or regularization would help"
    return f"{reached}, close to the training loss: a larger network or longer training may still gain"
