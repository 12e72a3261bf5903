"""The learning-rate range test: which rates train, and from which on training falls apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone, is_regressor

from uncertainty.components.moving_averages import exponential_average
from uncertainty.components.spec import check_integer, check_number
from uncertainty.diagnostics.examination import Examination
from uncertainty.diagnostics.preparation import (
    base_network,
    checked,
    marginal_nll,
    prepare,
    seed_from,
    train_quietly,
    with_plan,
)
from uncertainty.estimators.encoding import RawRows
from uncertainty.optim.schedules import Factor, Schedule

Array = NDArray[np.float64]

BATCHES_PER_POINT = 10
SMOOTHING = 0.8
# The base of cyclical rates is where the loss has made this share of its fall.
SHARE_OF_FALL = 0.1
# The suggested rate is this far below the one of the smallest loss, behind which the loss rises, or where this share of
# the fall is left: on a table that is learned perfectly the loss stays at its smallest for decades.
SAFETY, SHARE_LEFT = 3.0, 0.05
# A fall below so many nats, or so many standard deviations of the first points, is noise: the smoothed curve of pure
# noise has a third of its standard deviation.
SMALLEST_FALL, NOISE, N_FIRST = 0.02, 1.5, 10
NEXT = "look for another fault first, or take more rows"


class ExponentialSweep(Schedule):
    """A rate that grows by the same factor at every step, from the learning rate to `ratio` times it at the last."""

    def __init__(self, ratio: float) -> None:
        self.ratio = ratio

    def build(self, n_epochs: int, steps_per_epoch: int) -> Factor:
        ratio, last_step = check_number("ratio", self.ratio, low=1.0), max(n_epochs * steps_per_epoch - 1, 1)
        return lambda step: ratio ** (step / last_step)


@dataclass(frozen=True, eq=False, repr=False)
class LearningRateRange(Examination):
    """Outcome of a learning-rate range test.

    Attributes
    ----------
    learning_rates : (P,) rate at the end of each point of the sweep
    train_loss, validation_loss : (P,) mean NLL in nats over the batches of the point, and on held-out rows after it
    smoothed_train_loss : (P,)
    marginal_loss : float, the NLL of a network that knows nothing about y
    trains : bool, whether any rate lowers the loss by more than the noise of the first points
    suggested_rate : float; the estimator's own where none does
    cyclical_bounds : (lowest, highest) rate of a cyclical schedule
    learning_rate_init : float, the estimator's own
    diverged_at : float or None, the rate at which weights were no longer finite
    verdict : str
    """

    learning_rates: Array
    train_loss: Array
    validation_loss: Array
    smoothed_train_loss: Array
    marginal_loss: float
    suggested_rate: float
    cyclical_bounds: tuple[float, float]
    trains: bool
    learning_rate_init: float
    diverged_at: float | None
    verdict: str

    def plot(self, ax: Any = None) -> Any:
        """Draw the losses against the rate, with the suggestion and the bounds; return the axes."""
        from uncertainty.plotting import LearningRateDisplay

        ax = LearningRateDisplay.from_examination(self, ax=ax).ax_
        ax.set_title("Learning-rate range test")
        return ax


def learning_rate_range_test(
    estimator: Any,
    X: ArrayLike,
    y: ArrayLike,
    *,
    lowest: float = 1e-6,
    highest: float = 10.0,
    n_points: int = 100,
    random_state: Any = 0,
) -> LearningRateRange:
    """Train the estimator's base network once at an exponentially growing rate, and read from the loss what works.

    One run goes from `lowest` to `highest` in `n_points` points of at most 10 batches, with a share of the rows held
    out, the loop's back-off and the averaging of weights turned off, and everything else as the estimator has it. It
    ends where weights are no longer finite. The training loss L is smoothed over about ten points. The rules:

    - the highest cyclical bound is the rate of the smallest smoothed loss, behind which it rises or is ragged;
    - the lowest cyclical bound is the first rate at which L has made a tenth of its whole fall from the first points;
    - the suggested rate is a third of the highest bound, or the first rate at which L has made 95 % of its fall where
      that is lower, but not below the lowest bound.

    Parameters
    ----------
    estimator : any regressor or classifier of this package, fitted or not; it is not changed
    X, y : as in `fit`
    lowest, highest : float > 0, ends of the sweep
    n_points : int >= 10
    random_state : int, RandomState or Generator

    Returns
    -------
    LearningRateRange

    Notes
    -----
    The rate at which training falls apart is a little lower in a long run at a constant rate than in a sweep.

    References
    ----------
    Smith (2017), Cyclical learning rates for training neural networks, section 3.3.
    """
    low = check_number("lowest", lowest, low_open=True)
    ratio = check_number("highest", highest, low=low, low_open=True) / low
    n = check_integer("n_points", n_points, low=10)
    return sweep(base_network(estimator), checked(estimator, X, y), seed_from(random_state), low, ratio, n)


def sweep(
    network: Any,
    rows: RawRows,
    seed: int,
    lowest: float = 1e-6,
    ratio: float = 1e7,
    n_points: int = 100,
    batches_per_point: int = BATCHES_PER_POINT,
) -> LearningRateRange:
    """Make the range test of a base network on checked rows."""
    run = prepare(clone(network).set_params(early_stopping=True, averaging=None), rows, seed=seed)
    run = with_plan(
        run,
        batches_per_epoch=batches_per_point,
        learning_rate=lowest,
        schedule=ExponentialSweep(ratio),
        max_epochs=n_points,
        patience=None,
        backs_off=False,
    )
    history = train_quietly(run).history
    return _read(history, marginal_nll(run, regression=is_regressor(network)), network.learning_rate_init)


def _read(history: list[dict[str, float]], marginal: float, own: float) -> LearningRateRange:
    rates, train, validation = (
        np.array([record[key] for record in history]) for key in ("learning_rate", "train_loss", "validation_loss")
    )
    finite = np.isfinite(train) & np.isfinite(validation)
    n_points = len(rates) if finite.all() else max(int(np.argmin(finite)), 1)
    smooth = exponential_average(np.where(finite, train, marginal)[:n_points], SMOOTHING)
    n_first = min(N_FIRST, n_points // 3)  # they are too few to be smooth, and their rates too low to matter
    first, later = train[: max(n_first, 1)], smooth[n_first:]
    start, best = float(first.mean()), n_first + int(later.argmin())
    fallen = (smooth <= start - SHARE_OF_FALL * (start - smooth[best])) & (np.arange(n_points) >= n_first)
    nearly_best = (smooth <= smooth[best] + SHARE_LEFT * (start - smooth[best])) & (np.arange(n_points) >= n_first)
    bounds = float(rates[fallen.argmax()]), float(rates[best])
    suggested = max(min(bounds[1] / SAFETY, float(rates[nearly_best.argmax()])), bounds[0])
    trains = bool(start - smooth[best] > max(SMALLEST_FALL, NOISE * first.std()))
    return LearningRateRange(
        learning_rates=rates[:n_points],
        train_loss=train[:n_points],
        validation_loss=validation[:n_points],
        smoothed_train_loss=smooth,
        marginal_loss=marginal,
        suggested_rate=suggested if trains else float(own),
        cyclical_bounds=bounds,
        trains=trains,
        learning_rate_init=float(own),
        diverged_at=None if finite.all() else float(rates[n_points]) if n_points < len(rates) else float(rates[-1]),
        verdict=_verdict(suggested, bounds, own) if trains else f"no rate lowers the training loss for sure: {NEXT}",
    )


def _verdict(suggested: float, bounds: tuple[float, float], own: float) -> str:
    found = f"suggested learning rate {suggested:.1e}, cyclical bounds {bounds[0]:.1e} to {bounds[1]:.1e}"
    if own > bounds[1]:
        times = own / bounds[1]
        size = f"{times:.0f}" if times >= 10.0 else f"{times:.1f}"
        return f"{found}; the estimator's own {own:.1e} is {size} times the highest that works"
    if own < bounds[0]:
        return f"{found}; the estimator's own {own:.1e} hardly trains"
    return f"{found}; the estimator's own {own:.1e} lies between them"
