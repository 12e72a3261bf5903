"""Means over splits, paired differences between methods, and ranks over data sets."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import f as f_distribution
from scipy.stats import rankdata, studentized_range
from scipy.stats import t as student_t


@dataclass(frozen=True)
class Estimate:
    """A mean over splits and its standard error; NaN where one split gives none."""

    mean: float
    standard_error: float


def estimate_mean(values: Sequence[float]) -> Estimate:
    """Return the mean of the values and its standard error (NaN for a single value)."""
    if len(values) < 2:
        return Estimate(float(np.mean(values)), math.nan)
    return Estimate(float(np.mean(values)), float(np.std(values, ddof=1) / np.sqrt(len(values))))


@dataclass(frozen=True)
class PairedDifference:
    """Mean over the splits of first minus second, its corrected standard error, and the p-value of no difference."""

    mean: float
    standard_error: float
    p_value: float


def paired_difference(first: Sequence[float], second: Sequence[float], test_to_train: float = 0.0) -> PairedDifference:
    """Compare two methods on the same splits by the corrected resampled t test.

    The variance of the mean of J differences is taken to be ``1 / J + test_to_train`` times their sample variance,
    because splits of one table share training rows, so that their differences are not independent.

    Parameters
    ----------
    first, second : sequences of J numbers
        A score of either method, split by split.
    test_to_train : float
        Number of test rows over number of training rows; 0 for independent repetitions, which makes it the ordinary
        paired t test.

    Returns
    -------
    PairedDifference
        With a single split the standard error is NaN and the p-value 1; differences that are all the same number have
        the p-value 0, or 1 where that number is 0.

    References
    ----------
    Nadeau & Bengio (2003), Inference for the generalization error, Machine Learning 52, section 4.2.
    """
    values = np.asarray(first, dtype=float) - np.asarray(second, dtype=float)
    n_splits, mean = len(values), float(values.mean())
    if n_splits < 2:
        return PairedDifference(mean, math.nan, 1.0)
    error = math.sqrt((1.0 / n_splits + test_to_train) * float(values.var(ddof=1)))
    if mean == 0.0:
        return PairedDifference(mean, error, 1.0)
    p_value = float(2.0 * student_t.sf(abs(mean) / error, n_splits - 1)) if error > 0.0 else 0.0
    return PairedDifference(mean, error, p_value)


def paired_p_value(differences: Sequence[float], n_train: int, n_test: int) -> float:
    """Return the two-sided p-value of `paired_difference` for differences already taken; 1 for a single split."""
    return paired_difference(differences, np.zeros(len(differences)).tolist(), n_test / n_train).p_value


@dataclass(frozen=True)
class RankComparison:
    """Average ranks over data sets, 1 for the best, and how far two must lie apart to differ at the 5 % level.

    `p_value` is of the hypothesis that all methods are equally good (Friedman's test).
    """

    ranks: dict[str, float]  # method -> average rank, best first
    datasets: tuple[str, ...]
    p_value: float
    critical_difference: float


def compare_ranks(scores: Mapping[str, Mapping[str, float]]) -> RankComparison:
    """Rank methods by a lower-is-better score on each data set and average the ranks.

    Parameters
    ----------
    scores : data set -> method -> mean score
        The methods compared are those with a finite score on every data set; ties share the mean of their ranks.

    Returns
    -------
    RankComparison
        With fewer than two methods or data sets nothing can be told apart: p-value 1, critical difference infinite.

    References
    ----------
    Demsar (2006), Statistical comparisons of classifiers over multiple data sets, JMLR 7, section 3.2.2.
    """
    datasets = tuple(scores)
    methods = [
        method
        for method in dict.fromkeys(name for row in scores.values() for name in row)
        if all(math.isfinite(row.get(method, math.nan)) for row in scores.values())
    ]
    if not methods:
        return RankComparison({}, datasets, 1.0, math.inf)
    ranks = np.array([rankdata([scores[dataset][method] for method in methods]) for dataset in datasets])
    average = dict(sorted(zip(methods, ranks.mean(axis=0).tolist(), strict=True), key=lambda item: item[1]))
    if min(ranks.shape) < 2:
        return RankComparison(average, datasets, 1.0, math.inf)
    return RankComparison(average, datasets, friedman_p_value(ranks), critical_difference(*ranks.shape[::-1]))


def friedman_p_value(ranks: np.ndarray) -> float:
    """Return the p-value of Friedman's test in the form of Iman and Davenport, from ranks [data sets, methods].

    ``chi2 = 12 N / (k (k + 1)) (sum_j R_j^2 - k (k + 1)^2 / 4)`` and ``F = (N - 1) chi2 / (N (k - 1) - chi2)`` with
    ``k - 1`` and ``(k - 1) (N - 1)`` degrees of freedom.
    """
    n_datasets, k = ranks.shape
    average = ranks.mean(axis=0)
    chi2 = 12.0 * n_datasets / (k * (k + 1)) * float(np.sum((average - (k + 1) / 2.0) ** 2))
    rest = n_datasets * (k - 1) - chi2
    if rest <= 1e-12 * n_datasets:  # the same order on every data set
        return 0.0
    return float(f_distribution.sf((n_datasets - 1) * chi2 / rest, k - 1, (k - 1) * (n_datasets - 1)))


def critical_difference(n_methods: int, n_datasets: int, level: float = 0.05) -> float:
    """Return the difference of average ranks from which on Nemenyi's test tells two methods apart.

    ``q sqrt(k (k + 1) / (6 N))`` with q the quantile of the studentized range, infinite degrees of freedom, over
    sqrt(2).
    """
    q = float(studentized_range.ppf(1.0 - level, n_methods, np.inf)) / math.sqrt(2.0)
    return q * math.sqrt(n_methods * (n_methods + 1) / (6.0 * n_datasets))
