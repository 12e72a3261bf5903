"""Which rows to act on so that the error rate among them stays below a target, with a guarantee."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr, betaincinv

Array = NDArray[np.float64]

# The first test allows up to so many losses, as long as it needs no more than this share of the rows.
MAX_FIRST_LOSSES = 16
MAX_FIRST_SHARE = 0.2
# The part of delta kept for a second search.
SECOND_PART = 0.1


@dataclass(frozen=True)
class RiskCoverageCurve:
    """The calibration rows kept and the losses among them, for every threshold that tells rows apart.

    Attributes
    ----------
    threshold : (P,) ascending; rows of an uncertainty below it are kept, as with `threshold_` of the estimator; in
        `metrics.RiskCoverageCurve` they are those up to it
    coverage : (P,) share of the rows kept
    risk : (P,) share of losses among them
    risk_bound : (P,) upper Clopper-Pearson limit of the probability of a loss, for this threshold alone
    """

    threshold: Array
    coverage: Array
    risk: Array
    risk_bound: Array


@dataclass(frozen=True)
class SelectiveThreshold:
    """Rows of an uncertainty below `value` are accepted: -inf for none, inf for all.

    `coverage` is the share of calibration rows accepted, `risk_bound` the upper confidence limit of their risk: 1 where
    no row is.
    """

    value: float
    coverage: float
    risk_bound: float


def risk_coverage_curve(uncertainty: Array, loss: NDArray[np.bool_], delta: float) -> RiskCoverageCurve:
    """Return the curve of n rows of the given uncertainty (n,) and loss (n,), with limits of confidence 1 - delta."""
    order = np.argsort(uncertainty, kind="stable")
    ordered = np.append(uncertainty[order], np.inf)
    last = np.flatnonzero(np.diff(ordered) > 0.0)  # of each group of equal rows
    kept, losses = last + 1, np.cumsum(loss[order], dtype=np.int64)[last]
    return RiskCoverageCurve(ordered[kept], kept / len(loss), losses / kept, clopper_pearson_upper(losses, kept, delta))


def clopper_pearson_upper(losses: NDArray[np.int64], n_rows: NDArray[np.int64], delta: float) -> Array:
    """Return the largest risk under which so few losses in n rows still have probability `delta`.

    References
    ----------
    Clopper & Pearson (1934), The use of confidence or fiducial limits illustrated in the case of the binomial.
    """
    below = losses < n_rows
    return np.where(below, betaincinv(losses + 1.0, np.where(below, n_rows - losses, 1.0), 1.0 - delta), 1.0)


def fewest_rows(n_losses: int, target_risk: float, delta: float) -> int:
    """Return the number of rows from which `n_losses` losses show that the risk is below the target."""
    low, high = n_losses, n_losses + 1
    while bdtr(n_losses, high, target_risk) > delta:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if bdtr(n_losses, middle, target_risk) <= delta else (middle, high)
    return high


def first_rank(n_rows: int, target_risk: float, delta: float) -> int:
    """Return the number of rows in the first test; it depends on no row, as the guarantee requires.

    It is large, because the fewer losses a test allows the more often chance ends the search there, but not so large
    that a model which can only be trusted on few rows has no chance.
    """
    ranks = [fewest_rows(n_losses, target_risk, delta) for n_losses in range(MAX_FIRST_LOSSES + 1)]
    return max([rank for rank in ranks if rank <= MAX_FIRST_SHARE * n_rows], default=ranks[0])


def search_starts(n_rows: int, target_risk: float, delta: float) -> list[tuple[int, float]]:
    """Return with how many rows searches start, and the part of delta that each brings; no row has a say in it."""
    first = first_rank(n_rows, target_risk, (1.0 - SECOND_PART) * delta)
    if first >= n_rows // 2:
        return [(first_rank(n_rows, target_risk, delta), delta)]
    return [(first, (1.0 - SECOND_PART) * delta), (n_rows // 2, SECOND_PART * delta)]


def selective_threshold(
    uncertainty: Array, loss: NDArray[np.bool_], target_risk: float, delta: float, generator: np.random.Generator
) -> SelectiveThreshold:
    """Return the largest threshold found under which P(loss | accepted) <= target_risk, with confidence 1 - delta.

    Fixed-sequence testing (Angelopoulos et al. 2021, section 2.2) over all thresholds at once, from a first one up to
    the first that fails. That k rows below a threshold have risk above the target is rejected when so few losses have
    binomial probability at most delta, which is exact: rows below a given threshold are independent draws of what
    it accepts. A union over a grid of m thresholds (Geifman & El-Yaniv 2017, algorithm 1, m = log2 n) would leave each
    test delta / m; here each has 0.9 delta or more. The rest is for a second search from half of the rows on, so that
    an unlucky start does not end all where rows are easy; it has the whole of delta if the first gets there (fallback
    procedure, Wiens 2003).

    Why it holds for any continuous risk R(t) = P(loss | u < t). Let a search start with the r smallest, below
    T = u_(r+1). If R(T) > target, given T these r are independent with risk R(T), and the test rejects with
    probability at most the part of delta that this search brings. Otherwise the first false rejection is at the next
    threshold a above T where R exceeds the target; R(a) = target, and so is R(b) at the end b of the range of too
    large risk before it, if there is one; hence so is the risk between b and a. Which a it is, and the parts brought by
    searches that start between b and a, depend only on the numbers of rows below these crossings, and given those
    all rows below a have a risk equal to the target: the test rejects with probability at most these parts. Every part
    counts once, so they add up to delta.

    Equal uncertainties are put in random order, which makes R continuous. After the first test only thresholds between
    unequal ones are tested: if the next of these above a has too large a risk, so have the rows between, which makes a
    rejection less likely.

    Parameters
    ----------
    uncertainty : (n,) without NaN
    loss : (n,) whether acting on the row would have been an error
    target_risk, delta : in (0, 1)
    generator : for the order of rows of equal uncertainty

    References
    ----------
    Angelopoulos, Bates, Candes, Jordan & Lei (2021), Learn then test: calibrating predictive algorithms to achieve
    risk control. Geifman & El-Yaniv (2017), Selective classification for deep neural networks. Wiens (2003), A fixed
    sequence Bonferroni procedure for testing multiple endpoints.
    """
    n_rows = len(loss)
    order = np.lexsort((generator.random(n_rows), uncertainty))
    ordered = np.append(uncertainty[order], np.inf)
    kept, losses = np.arange(1, n_rows + 1), np.cumsum(loss[order], dtype=np.int64)
    probability = bdtr(losses, kept, target_risk)
    between = ordered[1:] > ordered[:-1]  # not amid equal rows
    starts = search_starts(n_rows, target_risk, delta)
    best, carried = 0, 0.0
    for (start, part), (end, _) in zip(starts, [*starts[1:], (n_rows + 1, 0.0)], strict=True):
        tests = slice(start - 1, end - 1)
        skipped = ~between[tests]
        skipped[:1] = False
        passes = np.logical_and.accumulate((probability[tests] <= carried + part) | skipped)
        found = np.flatnonzero(passes & between[tests])
        best = start + int(found[-1]) if len(found) else best
        carried = carried + part if passes.all() else 0.0
    if best == 0:
        return SelectiveThreshold(-np.inf, 0.0, 1.0)
    bound = clopper_pearson_upper(losses[best - 1 : best], kept[best - 1 : best], delta)
    return SelectiveThreshold(float(ordered[best]), best / n_rows, float(bound[0]))
