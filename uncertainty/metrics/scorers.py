"""Scorers for `scoring=` in GridSearchCV and cross_val_score: larger is better, so every loss comes negated.

There is no scorer for coverage: maximising it selects the widest intervals. A Pipeline or a search that ends in the
model is scored like the model; weights reach a scorer that is called, but scikit-learn's searches pass them none.
"""

from collections.abc import Callable
from typing import Any

import numpy.typing as npt

from .classification import brier_score, log_loss
from .continuous import crps_score, negative_log_likelihood
from .inner_estimator import reach
from .intervals import interval_score


def neg_log_likelihood_scorer(
    estimator: Any, X: Any, y: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None
) -> float:
    """Return minus the mean negative log-likelihood of the predictions, in nats per row; larger is better.

    ``-negative_log_likelihood(y, estimator.predict_dist(X))``, for regressors and classifiers; for classifiers without
    `predict_dist` ``-log_loss(y, estimator.predict_proba(X), labels=estimator.classes_)``, which is the same number.

    Parameters
    ----------
    estimator : fitted estimator with `predict_dist` or `predict_proba`
    X : array-like of shape (n, D)
        Inputs.
    y : array-like of shape (n,) or (n, T)
        Observations or class labels.
    sample_weight : array-like of shape (n,), default=None
        Non-negative weight of each row.

    Returns
    -------
    float

    Raises
    ------
    TypeError
        If the estimator has neither method.
    ValueError
        If `y` holds a class that the estimator has not seen.

    References
    ----------
    Gneiting and Raftery (2007), Strictly proper scoring rules, prediction, and estimation, JASA 102, section 4.1.

    Examples
    --------
    >>> from scipy.stats import norm
    >>> from uncertainty.metrics import neg_log_likelihood_scorer
    >>> class StandardNormal:
    ...     def predict_dist(self, X):
    ...         return norm()
    >>> round(neg_log_likelihood_scorer(StandardNormal(), [[1.0], [2.0]], [0.0, 1.0]), 4)
    -1.1689
    """
    model, X = reach(estimator, X, "predict_dist")
    if not hasattr(model, "predict_dist") and hasattr(model, "predict_proba"):
        return -log_loss(y, model.predict_proba(X), labels=model.classes_, sample_weight=sample_weight)
    return -negative_log_likelihood(y, _method(model, "predict_dist")(X), sample_weight=sample_weight)


def neg_crps_scorer(estimator: Any, X: Any, y: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None) -> float:
    """Return minus the mean continuous ranked probability score, in units of y; larger is better.

    ``-crps_score(y, estimator.predict_dist(X))``, for regressors.

    Parameters
    ----------
    estimator : fitted regressor with `predict_dist`
    X : array-like of shape (n, D)
        Inputs.
    y : array-like of shape (n,) or (n, T)
        Observations.
    sample_weight : array-like of shape (n,), default=None
        Non-negative weight of each row.

    Returns
    -------
    float

    Raises
    ------
    TypeError
        If the estimator has no `predict_dist`, or its result no `crps`.

    References
    ----------
    Gneiting and Raftery (2007), Strictly proper scoring rules, prediction, and estimation, JASA 102, eqs. 20 and 21.

    Examples
    --------
    >>> from uncertainty.metrics import neg_crps_scorer
    >>> class PointForecast:
    ...     def crps(self, y):
    ...         return abs(y - 3.0)
    >>> class Constant:
    ...     def predict_dist(self, X):
    ...         return PointForecast()
    >>> neg_crps_scorer(Constant(), [[1.0], [2.0]], [2.0, 5.0])
    -1.5
    """
    model, X = reach(estimator, X, "predict_dist")
    dist = _method(model, "predict_dist")(X)
    return -crps_score(y, dist, sample_weight=sample_weight)


def neg_interval_score_scorer(
    estimator: Any, X: Any, y: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None
) -> float:
    """Return minus the mean interval score of the 90 % prediction intervals, in units of y; larger is better.

    ``-interval_score(y, estimator.predict_interval(X, coverage=0.9), 0.9)``, for regressors.

    Parameters
    ----------
    estimator : fitted regressor with `predict_interval`
    X : array-like of shape (n, D)
        Inputs.
    y : array-like of shape (n,) or (n, T)
        Observations.
    sample_weight : array-like of shape (n,), default=None
        Non-negative weight of each row.

    Returns
    -------
    float

    Raises
    ------
    TypeError
        If the estimator has no `predict_interval`.

    References
    ----------
    Gneiting and Raftery (2007), Strictly proper scoring rules, prediction, and estimation, JASA 102, eq. 43.

    Examples
    --------
    >>> from uncertainty.metrics import neg_interval_score_scorer
    >>> class Constant:
    ...     def predict_interval(self, X, coverage=0.9):
    ...         return [[0.0, 2.0] for _ in X]
    >>> round(neg_interval_score_scorer(Constant(), [[1.0], [2.0]], [1.0, 3.0]), 4)
    -12.0
    """
    model, X = reach(estimator, X, "predict_interval")
    interval = _method(model, "predict_interval")(X, coverage=0.9)
    return -interval_score(y, interval, 0.9, sample_weight=sample_weight)


def neg_brier_scorer(estimator: Any, X: Any, y: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None) -> float:
    """Return minus the mean Brier score (sum over classes), between -2 and 0; larger is better.

    ``-brier_score(y, estimator.predict_proba(X), labels=estimator.classes_)``, for any scikit-learn classifier.

    Parameters
    ----------
    estimator : fitted classifier with `predict_proba` and `classes_`
    X : array-like of shape (n, D)
        Inputs.
    y : array-like of shape (n,)
        Class labels.
    sample_weight : array-like of shape (n,), default=None
        Non-negative weight of each row.

    Returns
    -------
    float

    Raises
    ------
    TypeError
        If the estimator has no `predict_proba`.
    ValueError
        If `y` holds a class that the estimator has not seen.

    References
    ----------
    Brier (1950), Verification of forecasts expressed in terms of probability, Monthly Weather Review 78.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from uncertainty.metrics import neg_brier_scorer
    >>> X, y = [[-2.0], [-1.0], [1.0], [2.0]], ["no", "no", "yes", "yes"]
    >>> round(neg_brier_scorer(LogisticRegression().fit(X, y), X, y), 2)
    -0.09
    """
    proba = _method(estimator, "predict_proba")(X)
    return -brier_score(y, proba, labels=estimator.classes_, sample_weight=sample_weight)


def _method(estimator: Any, name: str) -> Callable[..., Any]:
    if not hasattr(estimator, name):
        raise TypeError(
            f"estimator must have a method {name}, got {type(estimator).__name__}. Choose a scorer that fits its task."
        )
    method: Callable[..., Any] = getattr(estimator, name)
    return method
