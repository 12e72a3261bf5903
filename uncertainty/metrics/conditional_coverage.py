"""Coverage where it may fail: by group, by bin of a feature, and in the worst slab of the feature space.

Coverage over all rows can be right because too much here makes up for too little there. Each function takes prediction
intervals, or boolean prediction sets of a classification.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from .bins import bins_of_rows, check_n_bins, grouped_sum
from .checks import FloatArray, IntArray, check_choice, check_level, check_sample_weight, finite_array
from .intervals import binomial_interval, covered_by_interval
from .prediction_sets import covered_by_set


@dataclass(frozen=True, eq=False)
class CoverageTable:
    """Coverage of each of G groups of rows, with the confidence interval of its binomial noise.

    Attributes
    ----------
    group : ndarray of shape (G,), or (G, 2) for bins
        Name of each group in sorted order; for bins the smallest and the largest value of the feature in each.
    coverage : ndarray of shape (G,)
        Weighted share of the rows of the group that are covered.
    lower, upper : ndarray of shape (G,)
        Confidence limits of the coverage, as in `coverage_confidence_interval`.
    weight : ndarray of shape (G,)
        Share of the total weight in each group; sums to 1.
    count : ndarray of shape (G,)
        Number of rows with positive weight in each group.

    Examples
    --------
    >>> from uncertainty.metrics import coverage_by_group
    >>> table = coverage_by_group([1.0, 5.0, 2.0], [[0.0, 2.0]] * 3, ["a", "a", "b"])
    >>> table.coverage
    array([0.5, 1. ])
    """

    group: npt.NDArray[Any]
    coverage: FloatArray
    lower: FloatArray
    upper: FloatArray
    weight: FloatArray
    count: IntArray


def coverage_by_group(
    y_true: npt.ArrayLike,
    prediction: npt.ArrayLike,
    groups: npt.ArrayLike,
    *,
    confidence: float = 0.95,
    labels: npt.ArrayLike | None = None,
    sample_weight: npt.ArrayLike | None = None,
) -> CoverageTable:
    """Return the coverage in each group of rows, with its confidence interval.

    With many groups some limits miss the nominal coverage by chance: about one in 20 at `confidence` 0.95.

    Parameters
    ----------
    y_true : array-like of shape (n,) or (n, T)
        Observations, or class labels for prediction sets.
    prediction : array-like of shape (n, 2) or (n, T, 2), or booleans (n, C)
        Prediction intervals, or prediction sets of a classification. Several targets are averaged.
    groups : array-like of shape (n,)
        Group of each row, numbers or strings.
    confidence : float, default=0.95
        Level of the confidence limits, strictly between 0 and 1.
    labels : array-like of shape (C,), default=None
        The class of each column of prediction sets (`estimator.classes_`).
    sample_weight : array-like of shape (n,), default=None
        Non-negative weight of each row. As in `coverage_confidence_interval` the limits take weights as importance.

    Returns
    -------
    CoverageTable
        One entry for each group that has weight.

    Raises
    ------
    ValueError
        If shapes do not match, an interval or set is not valid, or `confidence` is outside (0, 1).

    References
    ----------
    Vovk (2012), Conditional validity of inductive conformal predictors, ACML, section 2.

    Examples
    --------
    >>> from uncertainty.metrics import coverage_by_group
    >>> coverage_by_group([1.0, 5.0, 2.0], [[0.0, 2.0]] * 3, ["a", "a", "b"]).group
    array(['a', 'b'], dtype='<U1')
    """
    covered, weight, used = _covered_rows(y_true, prediction, labels, sample_weight)
    names = np.asarray(groups)
    if names.shape != used.shape:
        raise ValueError(f"groups must have shape ({len(used)},), got {names.shape}. Pass one group per row.")
    group, index = np.unique(names[used], return_inverse=True)
    return _table(group, index, covered, weight, confidence)


def coverage_by_bin(
    y_true: npt.ArrayLike,
    prediction: npt.ArrayLike,
    feature: npt.ArrayLike,
    *,
    n_bins: int = 10,
    strategy: Literal["uniform", "quantile"] = "quantile",
    confidence: float = 0.95,
    labels: npt.ArrayLike | None = None,
    sample_weight: npt.ArrayLike | None = None,
) -> CoverageTable:
    """Return the coverage in each bin of a feature, with its confidence interval.

    The feature can be a column of X, the prediction itself, or the width of the interval.

    Parameters
    ----------
    y_true : array-like of shape (n,) or (n, T)
        Observations, or class labels for prediction sets.
    prediction : array-like of shape (n, 2) or (n, T, 2), or booleans (n, C)
        Prediction intervals, or prediction sets of a classification. Several targets are averaged.
    feature : array-like of shape (n,)
        Number of each row to bin by.
    n_bins : int, default=10
        Number of bins; those without rows are left out.
    strategy : {"uniform", "quantile"}, default="quantile"
        Bins of equal width between the smallest and the largest value, or of equal weight.
    confidence, labels, sample_weight
        As in `coverage_by_group`.

    Returns
    -------
    CoverageTable
        One entry for each bin with rows; `group` holds the smallest and the largest value in it.

    Raises
    ------
    ValueError
        As in `coverage_by_group`, or if an option is unknown.

    References
    ----------
    Romano, Barber, Sabatti and Candès (2020), With malice toward none: assessing uncertainty via equalized coverage,
    Harvard Data Science Review 2.2.

    Examples
    --------
    >>> from uncertainty.metrics import coverage_by_bin
    >>> table = coverage_by_bin([1.0, 5.0, 2.0, 1.0], [[0.0, 2.0]] * 4, [0.1, 0.2, 0.3, 0.4], n_bins=2)
    >>> table.group
    array([[0.1, 0.2],
           [0.3, 0.4]])
    >>> table.coverage
    array([0.5, 1. ])
    """
    check_choice(strategy, "strategy", ("uniform", "quantile"))
    n_bins = check_n_bins(n_bins, default=10)
    covered, weight, used = _covered_rows(y_true, prediction, labels, sample_weight)
    values = finite_array(feature, "feature")
    if values.shape != used.shape:
        raise ValueError(f"feature must have shape ({len(used)},), got {values.shape}. Pass one number per row.")
    values = values[used]
    _, index = np.unique(bins_of_rows(values, weight, strategy, n_bins), return_inverse=True)
    ends = np.array([[values[index == b].min(), values[index == b].max()] for b in range(index.max() + 1)])
    return _table(ends, index, covered, weight, confidence)


def worst_slab_coverage(
    y_true: npt.ArrayLike,
    prediction: npt.ArrayLike,
    X: npt.ArrayLike,
    *,
    min_share: float = 0.1,
    n_directions: int = 1000,
    random_state: int = 0,
    labels: npt.ArrayLike | None = None,
    sample_weight: npt.ArrayLike | None = None,
) -> float:
    """Return the lowest coverage in any slab ``a <= v'x <= b`` of the feature space that holds enough rows.

    Over random directions v, of standardised columns, every slab with at least `min_share` of the weight is tried
    (Dinkelbach's method on prefix sums: exact for each direction). The smallest of many noisy shares is low even where
    coverage is the same everywhere: compare it with that of predictions known to be good, or of shuffled rows of X.

    Parameters
    ----------
    y_true : array-like of shape (n,) or (n, T)
        Observations, or class labels for prediction sets.
    prediction : array-like of shape (n, 2) or (n, T, 2), or booleans (n, C)
        Prediction intervals, or prediction sets of a classification. Several targets are averaged.
    X : array-like of shape (n, D)
        Features, numbers only.
    min_share : float, default=0.1
        Smallest share of the weight in a slab, strictly between 0 and 1.
    n_directions : int, default=1000
        Number of random directions; one is enough for one feature.
    random_state : int, default=0
        Seed of the directions.
    labels, sample_weight
        As in `coverage_by_group`.

    Returns
    -------
    float
        A share between 0 and 1.

    Raises
    ------
    ValueError
        If shapes do not match, a value is not finite, or `min_share` is outside (0, 1).

    References
    ----------
    Cauchois, Gupta and Duchi (2021), Knowing what you know: valid and validated confidence sets in multiclass and
    multilabel prediction, JMLR 22, section 4. Dinkelbach (1967), On nonlinear fractional programming, Management
    Science 13.

    Examples
    --------
    >>> from uncertainty.metrics import worst_slab_coverage
    >>> X, interval = [[0.0], [1.0], [2.0], [3.0]], [[0.0, 1.0], [0.0, 2.0], [1.0, 2.0], [4.0, 5.0]]
    >>> worst_slab_coverage([0.0, 1.0, 2.0, 3.0], interval, X, min_share=0.5)
    0.5
    """
    share = check_level(min_share, "min_share")
    if isinstance(n_directions, bool) or not isinstance(n_directions, (int, np.integer)) or n_directions < 1:
        raise ValueError(f"n_directions must be an integer of at least 1, got {n_directions!r}. The default is 1000.")
    covered, weight, used = _covered_rows(y_true, prediction, labels, sample_weight)
    features = finite_array(X, "X")
    if features.ndim != 2 or len(features) != len(used):
        raise ValueError(f"X must have shape ({len(used)}, D), got {features.shape}. Pass one row per observation.")
    # Equal rows of X are in or out of a slab together: projected once, they cannot be told apart by rounding.
    points, index = np.unique(features[used], axis=0, return_inverse=True)
    mass, hits = grouped_sum(index, weight), grouped_sum(index, weight * covered)
    mean = np.average(points, axis=0, weights=mass)
    scale = np.sqrt(np.average((points - mean) ** 2, axis=0, weights=mass))
    points = (points - mean) / np.where(scale > 0, scale, 1.0)
    directions = np.random.default_rng(random_state).standard_normal((n_directions, points.shape[1]))
    return min(_worst_segment(points @ v, mass, hits, share) for v in directions)


def _worst_segment(position: FloatArray, mass: FloatArray, hits: FloatArray, share: float) -> float:
    """Return the smallest hits / mass of all ranges of `position` that hold at least `share` of the mass.

    Dinkelbach: for a given ratio r the range with the smallest hits - r mass is found by one pass over prefix sums; its
    own ratio is the next r, until no range is below.
    """
    _, index = np.unique(position, return_inverse=True)
    M = np.concatenate([[0.0], np.cumsum(grouped_sum(index, mass))])
    H = np.concatenate([[0.0], np.cumsum(grouped_sum(index, hits))])
    least = (share - 1e-9) * M[-1]  # the small term settles exact borders
    last = np.searchsorted(M, M - least, side="right") - 1  # the last start whose range up to each end is heavy enough
    ends = np.flatnonzero(last >= 0)
    ratio = H[-1] / M[-1]
    while True:
        balance = H - ratio * M
        highest = np.maximum.accumulate(balance)
        end = ends[np.argmin(balance[ends] - highest[last[ends]])]
        start = np.argmax(balance[: last[end] + 1])
        found = (H[end] - H[start]) / (M[end] - M[start])
        if found >= ratio - 1e-13:
            return float(np.clip(min(found, ratio), 0.0, 1.0))
        ratio = found


def _covered_rows(
    y_true: npt.ArrayLike, prediction: npt.ArrayLike, labels: npt.ArrayLike | None, sample_weight: npt.ArrayLike | None
) -> tuple[FloatArray, FloatArray, npt.NDArray[np.bool_]]:
    """Return the covered share and the weight of the rows in use, and which rows those are."""
    if np.asarray(prediction).dtype == np.bool_:
        covered = covered_by_set(y_true, prediction, labels)
    else:
        covered = covered_by_interval(y_true, prediction)
    weight = check_sample_weight(sample_weight, len(covered))
    used = weight > 0
    per_row = covered.mean(axis=1) if covered.ndim == 2 else covered
    return per_row[used], weight[used], used


def _table(
    group: npt.NDArray[Any], index: IntArray, covered: FloatArray, weight: FloatArray, confidence: float
) -> CoverageTable:
    check_level(confidence, "confidence")
    mass = grouped_sum(index, weight)
    limits = [binomial_interval(covered[index == g], weight[index == g], confidence) for g in range(len(mass))]
    lower, upper = np.array(limits).T
    coverage = np.clip(grouped_sum(index, weight * covered) / mass, 0.0, 1.0)
    return CoverageTable(group, coverage, lower, upper, mass / mass.sum(), np.bincount(index))
