"""Proper scores of predicted class probabilities: Brier score and logarithmic loss."""

import numpy as np
import numpy.typing as npt

from .checks import weighted_mean
from .class_labels import check_classification


def brier_score(
    y_true: npt.ArrayLike,
    y_proba: npt.ArrayLike,
    *,
    labels: npt.ArrayLike | None = None,
    sample_weight: npt.ArrayLike | None = None,
) -> float:
    """Return the mean Brier score of predicted class probabilities, between 0 and 2; smaller is better.

    ``mean_i sum_c (p_ic - 1{y_i = c})^2``: Brier's own definition, a sum over all classes. With two classes it is
    twice the shorter form ``mean_i (p_i - y_i)^2`` that some libraries report; it is the same here for one column of
    probabilities as for two.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        Class labels, numbers or strings.
    y_proba : array-like of shape (n, C) or (n,)
        Predicted probabilities, rows with sum 1; one dimension means the probability of the second of two classes.
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
        If shapes differ, the probabilities are no distribution, or labels and columns do not match.

    References
    ----------
    Brier (1950), Verification of forecasts expressed in terms of probability, Monthly Weather Review 78. Gneiting and
    Raftery (2007), JASA 102, section 3.1, example 1.

    Examples
    --------
    >>> from uncertainty.metrics import brier_score
    >>> round(brier_score(["no", "yes"], [[0.9, 0.1], [0.4, 0.6]]), 4)
    0.17
    """
    column, proba = check_classification(y_true, y_proba, labels)
    error = proba.copy()
    error[np.arange(len(column)), column] -= 1.0
    return weighted_mean((error**2).sum(axis=1), sample_weight)


def log_loss(
    y_true: npt.ArrayLike,
    y_proba: npt.ArrayLike,
    *,
    labels: npt.ArrayLike | None = None,
    sample_weight: npt.ArrayLike | None = None,
) -> float:
    """Return the mean negative logarithm of the probability given to the true class, in nats; smaller is better.

    ``mean_i -log max(p_i[y_i], eps)`` with eps = 2.2e-16, the spacing of float64 at 1, whatever the dtype of the
    input: a true class with probability zero costs 36.04 instead of infinity.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        Class labels, numbers or strings.
    y_proba : array-like of shape (n, C) or (n,)
        Predicted probabilities, rows with sum 1; one dimension means the probability of the second of two classes.
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
        If shapes differ, the probabilities are no distribution, or labels and columns do not match.

    References
    ----------
    Gneiting and Raftery (2007), Strictly proper scoring rules, prediction, and estimation, JASA 102, section 3.1,
    example 3.

    Examples
    --------
    >>> from uncertainty.metrics import log_loss
    >>> round(log_loss(["no", "yes"], [[0.9, 0.1], [0.4, 0.6]]), 4)
    0.3081
    """
    column, proba = check_classification(y_true, y_proba, labels)
    of_true_class = np.maximum(proba[np.arange(len(column)), column], np.finfo(np.float64).eps)
    return weighted_mean(-np.log(of_true_class), sample_weight)
