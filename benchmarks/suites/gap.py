"""Whether a method knows that it does not know: its epistemic spread inside a gap of the training rows and outside."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ..runner import Fitted, split_uncertainty

HELD_OUT = 0.1

SCORES = (
    ("epistemic_std_gap", "epist. std gap"),
    ("epistemic_std_outside", "epist. std outside"),
    ("epistemic_ratio", "ratio"),
)

Array = NDArray[np.float64]


def gap_scores(fitted: Fitted) -> dict[str, float]:
    """Return the epistemic spread on the rows in the gap, on rows outside that were not trained on, and their ratio.

    The gap splits test inside the gap alone. So that there are other rows the model has not seen, it is fitted once
    more, with 10 % of the training rows held out.
    """
    problem = fitted.problem
    if split_uncertainty(fitted.estimator, problem.X_test[:1]) is None:
        return spread_scores(None, None)
    order = np.random.default_rng(fitted.seed).permutation(len(problem.y_train))
    outside, rest = np.split(order, [math.ceil(HELD_OUT * len(order))])
    estimator = fitted.make_fresh().fit(problem.X_train[rest], problem.y_train[rest])
    return spread_scores(
        split_uncertainty(estimator, problem.X_test).epistemic_variance,
        split_uncertainty(estimator, problem.X_train[outside]).epistemic_variance,
    )


def spread_scores(variance_gap: Array | None, variance_outside: Array | None) -> dict[str, float]:
    """Return the mean epistemic standard deviation of either kind of row, in units of the target, and their ratio.

    All are NaN for a method that has no epistemic variance; so is the ratio where it is 0 outside (a single network).
    """
    if variance_gap is None or variance_outside is None:
        return dict.fromkeys((name for name, _ in SCORES), math.nan)
    gap, outside = float(np.sqrt(variance_gap).mean()), float(np.sqrt(variance_outside).mean())
    return {
        "epistemic_std_gap": gap,
        "epistemic_std_outside": outside,
        "epistemic_ratio": gap / outside if outside > 0.0 else math.nan,
    }
