"""crepes around scikit-learn's random forests, as its documentation does it."""

# mypy: disable-error-code="import-not-found, import-untyped"
from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

from .family import Family, Question
from .rows import Rows


def fitted_regressor(rows: Rows, seed: int) -> Any:
    """Return a forest, wrapped and fitted."""
    from crepes import WrapRegressor

    wrapped = WrapRegressor(RandomForestRegressor(random_state=seed))
    wrapped.fit(rows.X_fit, rows.y_fit)
    return wrapped


def standard_intervals(wrapped: Any, question: Question) -> NDArray[Any]:
    """Return intervals of one width."""
    rows = question.rows
    wrapped.calibrate(rows.X_calibration, rows.y_calibration)
    return wrapped.predict_int(rows.X_test, confidence=question.coverage)


def normalized_intervals(wrapped: Any, question: Question) -> NDArray[Any]:
    """Return intervals in proportion to the difficulty of a row: how far the trees differ."""
    from crepes.extras import DifficultyEstimator

    rows = question.rows
    difficulty = DifficultyEstimator()
    difficulty.fit(X=rows.X_fit, learner=wrapped.learner, scaler=True)
    wrapped.calibrate(rows.X_calibration, rows.y_calibration, de=difficulty)
    return wrapped.predict_int(rows.X_test, confidence=question.coverage)


def fitted_classifier(rows: Rows, seed: int) -> Any:
    """Return a forest for classes, wrapped and fitted."""
    from crepes import WrapClassifier

    wrapped = WrapClassifier(RandomForestClassifier(random_state=seed))
    wrapped.fit(rows.X_fit, rows.y_fit)
    return wrapped


def hinge_sets(wrapped: Any, question: Question) -> NDArray[np.bool_]:
    """Return the sets of the score one minus the probability, with ties broken at random."""
    rows = question.rows
    wrapped.calibrate(rows.X_calibration, rows.y_calibration, seed=question.seed)
    found = wrapped.predict_set(rows.X_test, labels=False, confidence=question.coverage, seed=question.seed)
    return np.asarray(found, dtype=bool)


FAMILIES = (
    Family(
        "crepes_random_forest",
        "regression",
        fitted_regressor,
        {"standard": standard_intervals, "normalized": normalized_intervals},
        ("crepes",),
    ),
    Family("crepes_random_forest_classifier", "classification", fitted_classifier, {"hinge": hinge_sets}, ("crepes",)),
)
