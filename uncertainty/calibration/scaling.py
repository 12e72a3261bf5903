"""One learned factor for the width of predictive distributions, which leaves their means where they are."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from uncertainty.heads.normal_mixture import NormalMixture
from uncertainty.predictive import ContinuousPredictive

Array = NDArray[np.float64]

# Factors of the standard deviation that are considered.
FACTORS = (1e-3, 1e3)


def scale_about_the_mean(predictive: ContinuousPredictive, factor: Array) -> ContinuousPredictive:
    """Return the predictive of mean + factor (y - mean) for each row, with a factor [T] for each target.

    Shape and mean stay; aleatoric, epistemic and total variance are all multiplied by factor^2.
    """
    members = predictive.members
    centre = members.mean().mean(axis=0)[None, ..., None]  # [1, n, T, 1]
    return _around(predictive, centre, factor)


def scale_noise(predictive: ContinuousPredictive, factor: Array) -> ContinuousPredictive:
    """Return the predictive whose members are each scaled about their own mean, with a factor [T] for each target.

    A normal member N(m, s^2) becomes N(m, factor^2 s^2): its density to the power 1 / T, made to integrate to 1, at the
    temperature T = factor^2. The members' means stay, and with them the mean and the epistemic variance; aleatoric
    variance is multiplied by T.
    """
    return _around(predictive, predictive.members.mean()[..., None], factor)


def _around(predictive: ContinuousPredictive, centre: Array, factor: Array) -> ContinuousPredictive:
    m, by_target = predictive.members, factor[:, None]
    means = centre + (m.means - centre) * by_target
    return ContinuousPredictive(
        NormalMixture(m.weights, means, m.scales * by_target), single_target=predictive.single_target
    )


def best_factor(score: Callable[[float], float], residuals: Array) -> float:
    """Return the factor of least `score`, smaller being better; exactly 1 where none is better than that.

    `residuals` [n] are errors in units of the predicted standard deviations: their size is about the factor sought,
    around which a coarse grid finds the lowest valley, and Brent's method its floor.
    """
    typical = np.sqrt(np.mean(residuals**2)), np.median(np.abs(residuals)) / 0.6745, 1.0
    low, high = np.clip((min(typical) / 4.0, max(typical) * 4.0), *FACTORS)
    grid = np.linspace(np.log(low), np.log(high), int(np.ceil(np.log2(high / low))) + 2)
    scores = [score(float(np.exp(value))) for value in grid]
    best = int(np.argmin(scores))
    valley = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    found = minimize_scalar(
        lambda value: score(float(np.exp(value))), bounds=valley, method="bounded", options={"xatol": 1e-7}
    )
    factor, least = float(np.exp(found.x)), float(found.fun)
    if scores[best] < least:
        factor, least = float(np.exp(grid[best])), scores[best]
    return factor if least < score(1.0) else 1.0
