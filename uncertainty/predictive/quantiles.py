"""Exact quantiles of mixtures by bracketed root finding on their cumulative distribution."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

Array = NDArray[np.float64]

EPS = float(np.finfo(np.float64).eps)
# The error after a step is of the order of its cube, in units of the smallest scale.
LAST_STEP = 1e-6
# Each step halves the bracket or is at most half the step before: float64 has room for 2100 of either kind.
MAX_STEPS = 4200


def normal_mixture_quantile(
    weights: Array, means: Array, scales: Array, mass: Array, upper: NDArray[np.bool_]
) -> Array:
    """Return the points with probability `mass` below them, or above them where `upper`.

    The quantile of a mixture lies between the smallest and the largest quantile of its components, which brackets the
    root, and is the answer for one component. Upper tails are lower tails of the mirrored mixture, which keeps their
    relative accuracy. The error is about 1e-15 of the smallest scale, and one rounding of the answer.

    Parameters
    ----------
    weights, means, scales : [K, E], K components of E mixtures; weights sum to 1 over the first axis
    mass, upper : [Q], or [E, Q] for levels of their own

    Returns
    -------
    [E, Q]
    """
    sign = np.where(upper, -1.0, 1.0)
    target = ndtri(mass)
    mirrored = means[..., None] * sign  # [K, E, Q]
    component = mirrored + scales[..., None] * target
    low, high = component.min(axis=0), component.max(axis=0)  # [E, Q]
    if len(component) == 1:
        return low * sign

    def flat(values: Array, shape: tuple[int, ...]) -> Array:
        return np.broadcast_to(values, shape).reshape(*shape[:-2], -1)

    weights, means, scales = (flat(a, mirrored.shape) for a in (weights[..., None], mirrored, scales[..., None]))
    mass, target, low, high = (flat(a, component.shape[1:]) for a in (mass, target, low, high))
    return _solve(weights, means, scales, mass, target, low, high).reshape(component.shape[1:]) * sign


def _solve(weights: Array, means: Array, scales: Array, mass: Array, target: Array, low: Array, high: Array) -> Array:
    """Points between `low` and `high` [P] with `mass` below them; `target` is the normal quantile of `mass`.

    Halley's method on ndtri(cdf(x)) - target, which is a straight line for one component and not far from one for most
    mixtures, from the quantile of the normal distribution of the same moments. A step that leaves the bracket, or that
    is not at most half of the one before, is replaced by a bisection.
    """
    result, index = np.empty_like(low), np.arange(len(low))
    mean = (weights * means).sum(axis=0)
    std = np.sqrt((weights * (scales**2 + (means - mean) ** 2)).sum(axis=0))
    x, step = np.clip(mean + target * std, low, high), high - low
    finest = scales.min(axis=0)
    for _ in range(MAX_STEPS):
        cdf, halley = _halley_step(x, weights, means, scales, target)
        low, high = np.where(cdf < mass, x, low), np.where(cdf < mass, high, x)
        trusted = (x + halley >= low) & (x + halley <= high) & (np.abs(halley) <= 0.5 * np.abs(step))
        step = np.where(trusted, halley, 0.5 * (low + high) - x)
        x = x + step
        result[index] = x
        rounding = 2 * EPS * np.maximum(np.abs(x), finest)
        # A step is the last when it is tiny beside the smallest scale, or lost in the rounding of an x that resolves
        # this scale well: an x that does not may sit on a cliff, where a tiny step leads nowhere.
        last = np.where(100.0 * rounding < finest, np.maximum(LAST_STEP * finest, rounding), LAST_STEP * finest)
        going_on = np.abs(step) > np.where(trusted, last, rounding)
        if not going_on.any():
            break
        if not going_on.all():
            index = index[going_on]
            weights, means, scales, mass, target, low, high, x, step, finest = (
                np.compress(going_on, values, axis=-1)
                for values in (weights, means, scales, mass, target, low, high, x, step, finest)
            )
    return result


def _halley_step(x: Array, weights: Array, means: Array, scales: Array, target: Array) -> tuple[Array, Array]:
    """The cdf at x [P], and the way from there to the root; not finite where the cdf is 0, 1 or flat."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        z = (x - means) / scales
        cdf = (weights * ndtr(z)).sum(axis=0)
        density = weights * np.exp(-0.5 * z * z) / scales  # of each component, times sqrt(2 pi)
        total = density.sum(axis=0)
        bend = -(density * z / scales).sum(axis=0) / total  # second over first derivative of the cdf
        u = ndtri(cdf)
        newton = (target - u) * np.exp(-0.5 * u * u) / total
        # The second over the first derivative of u is bend + u du/dx.
        return cdf, newton / np.clip(1.0 + 0.5 * (newton * bend + (target - u) * u), 0.5, 2.0)
