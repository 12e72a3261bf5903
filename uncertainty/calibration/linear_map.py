"""Linear maps of log-probabilities: vector, matrix and Dirichlet scaling of class probabilities."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax
from sklearn.exceptions import ConvergenceWarning

Array = NDArray[np.float64]

MAX_ITERATIONS = 2000
# Half the factor of the squared distance from no change: rows that the model separates perfectly would otherwise send
# the map to infinity. Beside the likelihood of other rows it is nothing.
PULL = 1e-5


@dataclass(frozen=True)
class Penalties:
    """Off-diagonal and intercept regularisation (ODIR): what is added to the mean negative log-likelihood.

    `off_diagonal` times the mean of the squared weights off the diagonal, and `intercept` times the mean of the squared
    intercepts (Kull et al. 2019, section 3.3).
    """

    off_diagonal: float = 0.0
    intercept: float = 0.0


def fit_linear_map(
    log_proba: Array, codes: NDArray[np.intp], weight: Array, *, diagonal: bool, penalties: Penalties
) -> tuple[Array, Array]:
    """Return the matrix W [C, C] and the intercept b [C] of softmax(W log p + b) that minimise the penalised NLL.

    L-BFGS with the analytic gradient, from W = 1 and b = 0, which is no change at all. The problem is convex.

    Parameters
    ----------
    log_proba : [n, C], finite
    codes : [n] number of each row's class
    weight : [n]
    diagonal : bool
        Whether W has weights on its diagonal alone.
    """
    n_classes = log_proba.shape[1]
    observed = np.eye(n_classes)[codes]
    share = (weight / weight.sum())[:, None]
    free = np.eye(n_classes, dtype=bool) if diagonal else np.ones((n_classes, n_classes), dtype=bool)
    off = 1.0 - np.eye(n_classes)
    n_off = n_classes * (n_classes - 1)

    def unpack(parameters: Array) -> tuple[Array, Array]:
        matrix = np.zeros((n_classes, n_classes))
        matrix[free] = parameters[:-n_classes]
        return matrix, parameters[-n_classes:]

    def loss_and_gradient(parameters: Array) -> tuple[float, Array]:
        matrix, intercept = unpack(parameters)
        log_q = log_softmax(log_proba @ matrix.T + intercept, axis=1)
        error = share * (np.exp(log_q) - observed)  # [n, C]
        loss = -(share * observed * log_q).sum()
        change = parameters - start
        loss += 0.5 * PULL * float(change @ change)
        loss += penalties.off_diagonal * (off * matrix**2).sum() / n_off
        loss += penalties.intercept * (intercept**2).mean()
        by_matrix = error.T @ log_proba + 2.0 * penalties.off_diagonal / n_off * off * matrix
        by_intercept = error.sum(axis=0) + 2.0 * penalties.intercept / n_classes * intercept
        return float(loss), np.concatenate([by_matrix[free], by_intercept]) + PULL * change

    start = np.concatenate([np.eye(n_classes)[free], np.zeros(n_classes)])
    options = {"maxiter": MAX_ITERATIONS, "maxfun": 2 * MAX_ITERATIONS, "ftol": 1e-14, "gtol": 1e-9}
    found = minimize(loss_and_gradient, start, jac=True, method="L-BFGS-B", options=options)
    if found.nit >= MAX_ITERATIONS:
        warnings.warn(
            f"The calibration map was still improving after {MAX_ITERATIONS} steps. Use method='dirichlet', whose "
            f"penalties bound it, or a larger penalty.",
            ConvergenceWarning,
            stacklevel=4,
        )
    return unpack(found.x)
