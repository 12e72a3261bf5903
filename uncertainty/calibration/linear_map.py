"""Linear maps of log-probabilities: vector, matrix and Dirichlet scaling of class probabilities."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax
from sklearn.exceptions import ConvergenceWarning

Array = NDArray[np.float64]

MAX_ITERATIONS = 2000
# Of the weight that all classes share, about 1: rows without a single error would otherwise send it to infinity, and
# with it the cost of the first error to come. 0.25 leaves ten times too certain a model (a weight of 0.1) within reach.
SCALE_OF_COMMON_WEIGHT = 0.25
SCALE_OF_WEIGHTS = {"vector": 0.1, "matrix": 0.1, "dirichlet": 0.05}
SCALE_OF_INTERCEPT = 0.3


def fit_linear_map(
    log_proba: Array, codes: NDArray[np.intp], n_rows: Array, method: str, prior_scale: float = 1.0
) -> tuple[Array, Array]:
    """Return the matrix W [C, C] and the intercept b [C] of softmax(W log p + b) of largest posterior density.

    W log p = t log p + D z. Normal priors hold the common weight t near 1, and D and b, by their scales times
    `prior_scale`, near 0. They are added to the log-likelihood of all rows, so that what they hold back fades as rows
    come in. The problem is strictly convex: L-BFGS with the analytic gradient, in units of the standard deviations.

    For a diagonal D, z is log p. For a full one its mean over the classes is divided by C: the log-probabilities of
    classes that are out of the question are all about as large, and as they stand a sum of them, and with it what a
    prior allows, would grow with the number of classes.

    Parameters
    ----------
    log_proba : [n, C], finite
    codes : [n] number of each row's class
    n_rows : [n] how many rows each row counts as
    method : one of `SCALE_OF_WEIGHTS`; D is diagonal for "vector"
    """
    n_classes = log_proba.shape[1]
    identity = np.eye(n_classes)
    observed, total = identity[codes], n_rows.sum()
    share = (n_rows / total)[:, None]
    scale = prior_scale * SCALE_OF_WEIGHTS[method] * (identity if method == "vector" else np.ones_like(identity))
    scale_of_intercept = prior_scale * SCALE_OF_INTERCEPT
    # z = shape log p, symmetric.
    shape = identity if method == "vector" else identity - (1.0 - 1.0 / n_classes) / n_classes

    def unpack(standard: Array) -> tuple[Array, Array]:
        common = 1.0 + SCALE_OF_COMMON_WEIGHT * standard[0]
        own = scale * standard[1:-n_classes].reshape(n_classes, n_classes)
        return common * identity + own @ shape, scale_of_intercept * standard[-n_classes:]

    def loss_and_gradient(standard: Array) -> tuple[float, Array]:
        matrix, intercept = unpack(standard)
        log_q = log_softmax(log_proba @ matrix.T + intercept, axis=1)
        by_logits = share * (np.exp(log_q) - observed)  # [n, C]
        by_matrix = by_logits.T @ log_proba
        by_common = SCALE_OF_COMMON_WEIGHT * np.trace(by_matrix)
        by_intercept = scale_of_intercept * by_logits.sum(axis=0)
        gradient = np.concatenate([[by_common], (scale * (by_matrix @ shape)).ravel(), by_intercept])
        # Over the number of rows, so that its size and the tolerances do not depend on it.
        loss = -(share * observed * log_q).sum() + 0.5 * (standard @ standard) / total
        return float(loss), gradient + standard / total

    start = np.zeros(1 + n_classes * n_classes + n_classes)
    options = {"maxiter": MAX_ITERATIONS, "maxfun": 2 * MAX_ITERATIONS, "ftol": 1e-14, "gtol": 1e-9}
    found = minimize(loss_and_gradient, start, jac=True, method="L-BFGS-B", options=options)
    if found.nit >= MAX_ITERATIONS:
        warnings.warn(
            f"The calibration map was still improving after {MAX_ITERATIONS} steps. Use a smaller prior_scale, which "
            f"bounds it.",
            ConvergenceWarning,
            stacklevel=4,
        )
    return unpack(found.x)


def counted_rows(weight: Array) -> Array:
    """Return how many rows each row counts as beside a prior, [n].

    Whole weights are numbers of equal rows. Others are relative: scaling all of them changes nothing, and they add up
    to Kish's effective number of rows, (sum w)^2 / sum w^2, which is n where all are equal.
    """
    if np.array_equal(weight, np.round(weight)):
        return weight
    relative = weight / weight.max()
    return np.asarray(relative * (relative.sum() / (relative**2).sum()))
