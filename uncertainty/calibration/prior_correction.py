"""Class probabilities for another prior than the one a classifier was trained with."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def prior_correction(proba: ArrayLike, *, trained_prior: ArrayLike, prior: ArrayLike) -> Array:
    """Return the probabilities that Bayes' rule gives when the classes are as frequent as `prior` says.

    A classifier trained with `class_weight`, or on rows sampled by class, predicts as if the classes had the
    frequencies of the weighted rows. What it has learned about the inputs of each class stays valid:

    ``q_c = p_c (prior_c / trained_prior_c) / sum_k p_k (prior_k / trained_prior_k)``.

    Parameters
    ----------
    proba : (n, C) predicted probabilities, in the order of `classes_`
    trained_prior : (C,)
        Frequencies of the classes in training, weights included: all the same after ``class_weight="balanced"``,
        proportional to weight times share of rows after a dict. Their scale does not matter.
    prior : (C,)
        Frequencies where the predictions are used, commonly the unweighted ones of the training rows. Zero rules a
        class out.

    Returns
    -------
    (n, C)

    Raises
    ------
    ValueError
        If shapes do not agree, or a probability or prior is negative or not a number, or a trained prior is zero.

    References
    ----------
    Saerens, Latinne & Decaestecker (2002), Adjusting the outputs of a classifier to new a priori probabilities, eq.
    2.4; Elkan (2001), The foundations of cost-sensitive learning, theorem 2 (two classes).

    Examples
    --------
    >>> from uncertainty.calibration import prior_correction
    >>> prior_correction([[0.5, 0.5]], trained_prior=[0.5, 0.5], prior=[0.9, 0.1])
    array([[0.9, 0.1]])
    """
    p = np.asarray(proba, dtype=np.float64)
    if p.ndim != 2:
        raise ValueError(f"proba must have shape (n, C), got {p.shape}. Pass the result of predict_proba.")
    if not (np.isfinite(p) & (p >= 0.0)).all():
        raise ValueError("proba must be non-negative numbers, got others. Pass the result of predict_proba.")
    old = _frequencies("trained_prior", trained_prior, p.shape[1])
    new = _frequencies("prior", prior, p.shape[1])
    if not old.all():
        raise ValueError("trained_prior must be positive for every class, got 0. Leave out classes never trained on.")
    with np.errstate(divide="ignore"):
        log_q = np.log(p) + np.log(new) - np.log(old)
    largest = log_q.max(axis=1, keepdims=True)
    if not np.isfinite(largest).all():
        raise ValueError("prior must be positive for some class that a row is given a chance of, got 0 for all these.")
    q = np.exp(log_q - largest)
    return np.asarray(q / q.sum(axis=1, keepdims=True))


def _frequencies(name: str, values: ArrayLike, n_classes: int) -> Array:
    frequencies = np.asarray(values, dtype=np.float64)
    if frequencies.shape != (n_classes,):
        raise ValueError(f"{name} must have shape ({n_classes},), one frequency a class, got {frequencies.shape}.")
    if not (np.isfinite(frequencies).all() and (frequencies >= 0.0).all() and frequencies.any()):
        raise ValueError(f"{name} must be non-negative and not all zero, got {frequencies.tolist()}.")
    return np.asarray(frequencies / frequencies.sum())
