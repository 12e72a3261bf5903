"""The package's own methods: raw, recalibrated and conformal, all of one fit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.frozen import FrozenEstimator

from uncertainty import (
    ConformalClassifier,
    ConformalRegressor,
    DeepEnsembleRegressor,
    RecalibratedClassifier,
    RecalibratedRegressor,
)

from ..method import Method
from .family import Family, Question, Variant
from .rows import Rows

JACKKNIFE_MEMBERS = 20


def regression_family(method: Method) -> Family:
    """Return the family of a method whose regressor has `predict_dist`."""
    assert method.regressor is not None
    return Family(method.name, "regression", fitted_by(method.regressor), REGRESSION_VARIANTS)


def classification_family(method: Method) -> Family:
    """Return the family of a method whose classifier has `predict_proba`."""
    assert method.classifier is not None
    return Family(method.name, "classification", fitted_by(method.classifier), CLASSIFICATION_VARIANTS)


def fitted_by(make: Callable[..., Any]) -> Callable[[Rows, int], Any]:
    """Return a function that fits a fresh estimator on the rows to fit on."""

    def fit(rows: Rows, seed: int) -> Any:
        return make(random_state=seed).fit(rows.X_fit, rows.y_fit)

    return fit


def raw_intervals(model: Any, question: Question) -> NDArray[Any]:
    """Return the model's own intervals; the calibration rows are not used."""
    return model.predict_interval(question.rows.X_test, coverage=question.coverage)


def recalibrated_intervals(method: str) -> Variant:
    """Return the intervals of the recalibrated model."""

    def variant(model: Any, question: Question) -> NDArray[Any]:
        rows = question.rows
        calibrated = RecalibratedRegressor(FrozenEstimator(model), method=method)
        return raw_intervals(calibrated.fit(rows.X_calibration, rows.y_calibration), question)

    return variant


def conformal_intervals(score: str) -> Variant:
    """Return split conformal intervals."""

    def variant(model: Any, question: Question) -> NDArray[Any]:
        rows = question.rows
        conformal = ConformalRegressor(FrozenEstimator(model), conformity_score=score)
        return raw_intervals(conformal.fit(rows.X_calibration, rows.y_calibration), question)

    return variant


def jackknife_intervals(_: None, question: Question) -> NDArray[Any]:
    """Return the intervals of jackknife+-after-bootstrap, for which all training rows both fit and calibrate."""
    ensemble = DeepEnsembleRegressor(n_estimators=JACKKNIFE_MEMBERS, bootstrap=True, random_state=question.seed)
    conformal = ConformalRegressor(ensemble, method="jackknife+ab", conformity_score="normalized")
    return raw_intervals(conformal.fit(question.rows.X_train, question.rows.y_train), question)


def most_probable_sets(model: Any, question: Question) -> NDArray[np.bool_]:
    """Return the most probable classes whose probabilities reach the coverage; the calibration rows are not used."""
    proba = model.predict_proba(question.rows.X_test)
    order = np.argsort(-proba, axis=1, kind="stable")
    ranked = np.take_along_axis(proba, order, axis=1)
    sets = np.zeros(proba.shape, dtype=bool)
    np.put_along_axis(sets, order, np.cumsum(ranked, axis=1) - ranked < question.coverage, axis=1)
    return sets


def recalibrated_sets(method: str) -> Variant:
    """Return the most probable classes of the recalibrated model."""

    def variant(model: Any, question: Question) -> NDArray[Any]:
        rows = question.rows
        calibrated = RecalibratedClassifier(FrozenEstimator(model), method=method)
        return most_probable_sets(calibrated.fit(rows.X_calibration, rows.y_calibration), question)

    return variant


def conformal_sets(score: str, **arguments: Any) -> Variant:
    """Return conformal sets."""

    def variant(model: Any, question: Question) -> NDArray[Any]:
        rows = question.rows
        conformal = ConformalClassifier(
            FrozenEstimator(model), conformity_score=score, random_state=question.seed, **arguments
        )
        conformal.fit(rows.X_calibration, rows.y_calibration)
        return conformal.predict_set(rows.X_test, coverage=question.coverage)

    return variant


REGRESSION_VARIANTS: dict[str, Variant] = {
    "raw": raw_intervals,
    **{method: recalibrated_intervals(method) for method in ("variance", "temperature", "isotonic")},
    **{f"conformal_{score}": conformal_intervals(score) for score in ("absolute", "normalized", "pit", "quantile")},
}
CLASSIFICATION_VARIANTS: dict[str, Variant] = {
    "raw": most_probable_sets,
    "vector": recalibrated_sets("vector"),
    **{f"conformal_{score}": conformal_sets(score) for score in ("lac", "aps", "raps")},
    "conformal_lac_by_class": conformal_sets("lac", class_conditional=True),
}
JACKKNIFE = Family(
    "bootstrap_ensemble", "regression", lambda rows, seed: None, {"jackknife+ab_normalized": jackknife_intervals}
)
