"""Coverage and size of prediction sets of a classification: boolean matrices with a column for each class."""

import numpy as np
import numpy.typing as npt

from .checks import FloatArray, weighted_mean
from .class_labels import columns_of_labels


def set_coverage_score(
    y_true: npt.ArrayLike,
    y_set: npt.ArrayLike,
    *,
    labels: npt.ArrayLike | None = None,
    sample_weight: npt.ArrayLike | None = None,
) -> float:
    """Return the share of rows whose true class is in the prediction set, between 0 and 1.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        Class labels, numbers or strings.
    y_set : array-like of shape (n, C), of booleans
        Whether each class is in the set of each row, such as the result of `predict_set`.
    labels : array-like of shape (C,), default=None
        The class of each column in column order (`estimator.classes_`); None takes the sorted labels of `y_true`,
        which must then hold every class.
    sample_weight : array-like of shape (n,), default=None
        Non-negative weight of each row.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If shapes differ, the sets are not boolean, or labels and columns do not match.

    References
    ----------
    Sadinle, Lei and Wasserman (2019), Least ambiguous set-valued classifiers with bounded error levels, JASA 114.

    Examples
    --------
    >>> from uncertainty.metrics import set_coverage_score
    >>> set_coverage_score(["no", "yes"], [[True, False], [True, False]])
    0.5
    """
    return weighted_mean(covered_by_set(y_true, y_set, labels), sample_weight)


def mean_set_size(y_set: npt.ArrayLike, *, sample_weight: npt.ArrayLike | None = None) -> float:
    """Return the mean number of classes in prediction sets, between 0 and C; smaller is more informative.

    Parameters
    ----------
    y_set : array-like of shape (n, C), of booleans
        Whether each class is in the set of each row, such as the result of `predict_set`.
    sample_weight : array-like of shape (n,), default=None
        Non-negative weight of each row.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If the sets are not a boolean matrix.

    References
    ----------
    Sadinle, Lei and Wasserman (2019), Least ambiguous set-valued classifiers with bounded error levels, JASA 114.

    Examples
    --------
    >>> from uncertainty.metrics import mean_set_size
    >>> mean_set_size([[True, True], [True, False]])
    1.5
    """
    return weighted_mean(_check_set(y_set).sum(axis=1).astype(np.float64), sample_weight)


def covered_by_set(y_true: npt.ArrayLike, y_set: npt.ArrayLike, labels: npt.ArrayLike | None) -> FloatArray:
    """Return 1.0 where the true class is in the set and 0.0 elsewhere, (n,)."""
    y, sets = np.asarray(y_true), _check_set(y_set)
    if y.shape != (len(sets),):
        raise ValueError(f"y_true must have shape ({len(sets)},) and hold labels, got {y.shape}. Pass one label a row.")
    return sets[np.arange(len(y)), columns_of_labels(y, labels, sets.shape[1])].astype(np.float64)


def _check_set(y_set: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    sets = np.asarray(y_set)
    if sets.dtype != np.bool_ or sets.ndim != 2 or sets.size == 0:
        raise ValueError(
            f"y_set must be a boolean matrix of shape (n, C), got {sets.dtype} of shape {sets.shape}. "
            "Pass the result of predict_set for one coverage level."
        )
    return sets
