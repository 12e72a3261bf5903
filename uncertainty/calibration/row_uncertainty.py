"""One number a row by which a wrapped model says how unsure it is, by the name of the kind."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import entr, ndtr

Array = NDArray[np.float64]

CLASSIFIER_KINDS = ("max_probability", "total", "aleatoric", "epistemic")
REGRESSOR_KINDS = ("error_probability", "total", "aleatoric", "epistemic")
# kind -> field of predict_uncertainty
ENTROPIES = {"aleatoric": "aleatoric_entropy", "epistemic": "mutual_information"}
VARIANCES = {"aleatoric": "aleatoric_variance", "epistemic": "epistemic_variance"}


def classifier_uncertainty(model: Any, X: Any, kind: str) -> Array:
    """Return (n,) of one minus the largest probability, or of an entropy in nats."""
    if kind == "max_probability":
        return 1.0 - np.asarray(model.predict_proba(X), dtype=np.float64).max(axis=1)
    if kind == "total":
        return np.asarray(entr(np.asarray(model.predict_proba(X), dtype=np.float64)).sum(axis=1))
    return _part(model, X, ENTROPIES[kind], kind, "'max_probability' or 'total'")


def regressor_uncertainty(model: Any, X: Any, kind: str, tolerance: float) -> Array:
    """Return (n,) of a standard deviation in units of y, or the predicted probability of an error above `tolerance`.

    The probability is that of `predict_dist`, around the mean; without it that of a normal distribution.
    """
    if kind == "error_probability" and hasattr(model, "predict_dist"):
        distribution, prediction = model.predict_dist(X), np.asarray(model.predict(X))
        return np.asarray(distribution.cdf(prediction - tolerance) + distribution.sf(prediction + tolerance))
    if kind in VARIANCES:
        return np.sqrt(_part(model, X, VARIANCES[kind], kind, "'total'"))
    try:
        std = np.asarray(model.predict(X, return_std=True)[1], dtype=np.float64)
    except TypeError as error:
        if "return_std" not in str(error):
            raise
        raise TypeError(
            f"estimator must have predict(X, return_std=True), or uncertainty must be 'aleatoric' or 'epistemic' with "
            f"predict_uncertainty, got {type(model).__name__}. Wrap a model that says how unsure it is."
        ) from error
    if kind == "total":
        return std
    with np.errstate(divide="ignore"):
        return np.asarray(2.0 * ndtr(-tolerance / std))


def _part(model: Any, X: Any, field: str, kind: str, instead: str) -> Array:
    if not hasattr(model, "predict_uncertainty"):
        raise TypeError(
            f"uncertainty must be {instead} for {type(model).__name__}, which has no predict_uncertainty, got {kind!r}."
        )
    return np.asarray(model.predict_uncertainty(X)[field], dtype=np.float64)
