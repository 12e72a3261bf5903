"""Moving averages: one rule, average <- average + step (x - average), and the step sizes that make each kind of it.

A running mean, an exponential average and its bias-corrected form differ in nothing but the step. Counts n start at 1:
they number the values, the newest included. Steps are plain arithmetic, so that a number, an array of numbers and a
tensor (a count that lives on a device, say) all work.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def cumulative_step(n: Any) -> Any:
    """Return 1 / n, the step at value number n of the mean of all values so far."""
    return 1.0 / n


def robbins_monro_step(n: Any, power: float = 1.0) -> Any:
    """Return n^-power, a step at value number n that forgets the past the sooner the smaller `power` is.

    With 1/2 < power <= 1 the steps add up to infinity and their squares do not, so the average of noisy values
    converges to their expectation wherever it starts; power 1 is `cumulative_step`. Robbins & Monro (1951), A
    stochastic approximation method.
    """
    return 1.0 / n**power


def exponential_step(beta: float) -> float:
    """Return 1 - beta, the step of the exponential average: value n - k has weight (1 - beta) beta^k."""
    return 1.0 - beta


def corrected_exponential_step(beta: float, n: Any) -> Any:
    """Return (1 - beta) / (1 - beta^n), the step at value number n of the bias-corrected exponential average.

    An exponential average that starts at 0 holds weights that add up to 1 - beta^n. Divided by that it is a weighted
    mean of the values, whatever n, and follows from the one before by this step, of which the first is 1. As beta tends
    to 1 the step tends to 1 / n. Kingma & Ba (2015), Adam, section 3.

    Parameters
    ----------
    beta : float in [0, 1)
    n : int, array or tensor of counts from 1
    """
    return (1.0 - beta) / (1.0 - beta**n)


def cumulative_then_exponential_step(step: float, n: int) -> float:
    """Return max(step, 1 / n): the mean of all values up to number 1 / step, then an exponential average.

    A short run is not held back by the value that the average started from, and a long one forgets.
    """
    return max(step, cumulative_step(n))


def effective_window(beta: float) -> float:
    """Return (1 + beta) / (1 - beta), the number of values whose plain mean is as noisy as an exponential average.

    The weights w_k = (1 - beta) beta^k of independent values of variance s^2 give the average the variance
    s^2 sum_k w_k^2 = s^2 (1 - beta)^2 / (1 - beta^2) = s^2 (1 - beta) / (1 + beta), that of a mean of n values is
    s^2 / n, and the two are equal at n = (1 + beta) / (1 - beta): 19 for 0.9, 1999 for 0.999. (The mean age of a value,
    sum_k k w_k = beta / (1 - beta), is about half of it, as in a window of n values.)
    """
    return (1.0 + beta) / (1.0 - beta)


def moving_average(values: ArrayLike, steps: Iterable[float], *, start: ArrayLike = 0.0) -> NDArray[np.float64]:
    """Return the average after each of `values` [T, ...], moved towards value t by the t-th of `steps`.

    `start` is the average before the first value, which matters unless the first step is 1. A value that is not finite
    is in every average after it.
    """
    values = np.asarray(values, dtype=np.float64)
    averages = np.empty_like(values)
    average = np.asarray(start, dtype=np.float64)
    for t, (value, step) in enumerate(zip(values, steps, strict=True)):
        averages[t] = average = average + step * (value - average)
    return averages


def cumulative_average(values: ArrayLike) -> NDArray[np.float64]:
    """Return the mean of the values [T, ...] up to each of them."""
    values = np.asarray(values, dtype=np.float64)
    return moving_average(values, (cumulative_step(n) for n in range(1, len(values) + 1)))


def exponential_average(values: ArrayLike, beta: float, *, bias_correction: bool = True) -> NDArray[np.float64]:
    """Return the exponential average after each of `values` [T, ...], a loss curve for one.

    Parameters
    ----------
    values : array [T, ...]
    beta : float in [0, 1)
        Share of the old average that is kept; the noise is that of a mean of `effective_window(beta)` values.
    bias_correction : bool, default True
        Weights add up to 1 from the first value on. Without, the average starts at 0 and is drawn towards it at first.

    Raises
    ------
    ValueError
        For a beta outside [0, 1).
    """
    if not 0.0 <= beta < 1.0:
        raise ValueError(f"beta must be at least 0 and less than 1, got {beta!r}.")
    values = np.asarray(values, dtype=np.float64)
    counts = range(1, len(values) + 1)
    steps = (corrected_exponential_step(beta, n) if bias_correction else exponential_step(beta) for n in counts)
    return moving_average(values, steps)
