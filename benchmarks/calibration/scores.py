"""Scores of the intervals or sets of one level on test rows, and the counts that coverage by group is made of."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from uncertainty import metrics

from ..datasets import Task

N_BINS = 3  # of each feature

Scores = dict[str, float]
Counts = dict[str, list[float]]


def interval_scores(y: NDArray[Any], intervals: NDArray[Any], coverage: float) -> Scores:
    """Return coverage, mean width and mean interval score, the latter two in units of y."""
    return {
        "coverage": float(metrics.coverage_score(y, intervals)),
        "width": float(metrics.mean_width(intervals)),
        "interval_score": float(metrics.interval_score(y, intervals, coverage=coverage)),
    }


def set_scores(y: NDArray[Any], sets: NDArray[Any], classes: NDArray[Any]) -> Scores:
    """Return coverage, mean number of classes, and the share of empty sets."""
    return {
        "coverage": float(metrics.set_coverage_score(y, sets, labels=classes)),
        "set_size": float(metrics.mean_set_size(sets)),
        "empty": float(np.mean(~sets.any(axis=1))),
    }


def undefined_scores(task: Task) -> Scores:
    """Return NaN for every score: of a variant that does not exist for the data."""
    names = ("width", "interval_score") if task == "regression" else ("set_size", "empty")
    return dict.fromkeys(("coverage", *names), math.nan)


def feature_groups(X: NDArray[Any], X_all: NDArray[Any]) -> NDArray[np.bool_]:
    """Return which rows are in which group (n, G): the low, middle and high third of every feature.

    The thirds are those of `X_all`, the same in every split. A feature of few values has groups of other sizes.
    """
    edges = np.quantile(X_all, np.arange(1, N_BINS) / N_BINS, axis=0)
    bins = (X[:, :, None] > edges.T).sum(axis=2)
    return (bins[:, :, None] == np.arange(N_BINS)).reshape(len(X), -1)


def class_groups(y: NDArray[Any], classes: NDArray[Any]) -> NDArray[np.bool_]:
    """Return which rows are of which class (n, C)."""
    return np.asarray(y)[:, None] == classes


def group_counts(covered: NDArray[np.bool_], groups: NDArray[np.bool_]) -> Counts:
    """Return how many rows each group has and how many of them are covered; counts of several splits can be added."""
    return {
        "covered": (groups & covered[:, None]).sum(axis=0).tolist(),
        "count": groups.sum(axis=0).tolist(),
    }
