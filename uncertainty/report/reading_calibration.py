"""In words: the shape of a PIT histogram, a reliability diagram, and whether the uncertain rows are the wrong ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from uncertainty.metrics.intervals import clopper_pearson
from uncertainty.report.numbers import percent, short
from uncertainty.report.rejection import Rejection
from uncertainty.report.reliability import ReliabilityBins

Array = NDArray[np.float64]

# With fewer rows a histogram of ten bins has no shape.
FEWEST_FOR_PIT = 20
TAILS = 0.1  # probability of both tails together


def pit_reading(pit: Array) -> str:
    """Return whether the predictive distributions are biased, too narrow or too wide, as far as PIT values (n,) tell.

    Bias is judged by the mean of the values, which is 1/2 with standard error ``1 / sqrt(12 n)`` for calibrated
    distributions; width by the share in the outer twentieths, whose binomial limits should hold 10 %.
    """
    n = len(pit)
    if n < FEWEST_FOR_PIT:
        return f"{n} {'row is' if n == 1 else 'rows are'} too few to see a shape in this histogram."
    outside = float(((pit < TAILS / 2) | (pit > 1 - TAILS / 2)).sum())
    lower, upper = (float(limit[0]) for limit in clopper_pearson(np.array([outside]), np.array([n - outside]), 0.95))
    share = f"{percent(outside / n)} of the rows lie in the outer tenth of their distribution"
    limits = f"(95 % limits {percent(lower)} to {percent(upper)})"
    if lower > TAILS:
        width = f"{share} {limits}: the distributions are too narrow in the tails."
    elif upper < TAILS:
        width = f"Only {share} {limits}: the distributions are too wide in the tails."
    else:
        width = f"{share} {limits}: the tails are as heavy as they should be, as far as these rows can tell."
    return f"{_bias(pit)} {width}"


def reliability_reading(bins: ReliabilityBins) -> str:
    """Return which bins of confidence are contradicted by the rows, allowing for the number of bins, and how."""
    n_bins, right = len(bins.count), bins.count * bins.accuracy
    lower, upper = clopper_pearson(right, bins.count - right, 1.0 - 0.05 / n_bins)
    over, under = upper < bins.confidence, lower > bins.confidence
    if not (over | under).any():
        return "In no bin do the rows contradict the confidence, once the number of bins is allowed for."
    gap = np.where(over | under, bins.count * np.abs(bins.confidence - bins.accuracy), 0.0)
    worst = int(gap.argmax())
    sides = (("too sure", over), ("not sure enough", under))
    told = [f"{side} in {int(which.sum())}" for side, which in sides if which.any()]
    return (
        f"Of {n_bins} {'bin' if n_bins == 1 else 'bins'} the model is {' and '.join(told)}. The gap that concerns most "
        f"rows: predictions made with {percent(float(bins.confidence[worst]))} confidence came true in "
        f"{percent(float(bins.accuracy[worst]))} of {int(bins.count[worst]):,} rows."
    )


def rejection_reading(rejection: Rejection) -> str:
    """Return whether rows with more uncertainty have larger errors, and what handing on the worst fifth gains."""
    if rejection.rank_correlation is None:
        return "The errors, or the uncertainties, are the same in all rows: there is no order to judge."
    correlation = f"rank correlation {short(rejection.rank_correlation, 2)}"
    if rejection.rank_correlation < rejection.noise:
        return (
            f"These rows do not show that uncertain predictions are the wrong ones ({correlation}; up to "
            f"{short(rejection.noise, 2)} comes by chance): do not select rows by this uncertainty."
        )
    what, all_rows, kept = rejection.risk_name, rejection.risk_of_all, rejection.risk_of_kept
    if kept >= all_rows:
        return (
            f"Uncertain predictions tend to be the wrong ones ({correlation}), but without the most uncertain fifth "
            f"the {what} of the rest is no lower ({_risk(rejection, kept)} against {_risk(rejection, all_rows)})."
        )
    return (
        f"Uncertain predictions tend to be the wrong ones ({correlation}): without the most uncertain fifth the {what} "
        f"falls from {_risk(rejection, all_rows)} to {_risk(rejection, kept)}, {percent(1.0 - kept / all_rows)} less."
    )


def _bias(pit: Array) -> str:
    n, mean = len(pit), float(pit.mean())
    error = 1.96 / np.sqrt(12.0 * n)
    if mean - error > 0.5:
        return f"Observations tend to lie above their predictions (mean PIT {mean:.2f}, not 0.50)."
    if mean + error < 0.5:
        return f"Observations tend to lie below their predictions (mean PIT {mean:.2f}, not 0.50)."
    return f"No bias shows (mean PIT {mean:.2f})."


def _risk(rejection: Rejection, value: float) -> str:
    return percent(value, 1) if rejection.is_share else short(value)
