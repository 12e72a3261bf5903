"""MAPIE around scikit-learn's forests and boosted trees, all with default arguments."""

# mypy: disable-error-code="import-not-found, import-untyped"
from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.ensemble import GradientBoostingRegressor, HistGradientBoostingClassifier, RandomForestRegressor

from .family import Family, Question, Variant
from .rows import Rows


def unfitted_forest(_: Rows, seed: int) -> RandomForestRegressor:
    """Return a forest; MAPIE's ways differ in what they fit it on."""
    return RandomForestRegressor(random_state=seed)


def unfitted_boosting(_: Rows, seed: int) -> GradientBoostingRegressor:
    """Return boosted trees."""
    return GradientBoostingRegressor(random_state=seed)


def split_intervals(score: str) -> Variant:
    """Return split conformal intervals with one of MAPIE's scores."""

    def variant(model: Any, question: Question) -> NDArray[Any]:
        from mapie.regression import SplitConformalRegressor

        rows = question.rows
        conformal = SplitConformalRegressor(
            model, confidence_level=question.coverage, conformity_score=score, prefit=False
        )
        conformal.fit(rows.X_fit, rows.y_fit).conformalize(rows.X_calibration, rows.y_calibration)
        return conformal.predict_interval(rows.X_test)[1][:, :, 0]

    return variant


def cross_intervals(model: Any, question: Question) -> NDArray[Any]:
    """Return the intervals of CV+, five folds."""
    from mapie.regression import CrossConformalRegressor

    rows = question.rows
    conformal = CrossConformalRegressor(model, confidence_level=question.coverage, random_state=question.seed)
    conformal.fit_conformalize(rows.X_train, rows.y_train)
    return conformal.predict_interval(rows.X_test)[1][:, :, 0]


def boosted_quantile_intervals(model: GradientBoostingRegressor, question: Question) -> NDArray[Any]:
    """Return conformalized quantiles of boosted trees, which MAPIE fits by the pinball loss.

    Where they cross, which they may, the ends are put in order: a crossed interval would cover nothing.
    """
    from mapie.regression import ConformalizedQuantileRegressor

    rows = question.rows
    quantiles = type(model)(loss="quantile", random_state=question.seed)
    conformal = ConformalizedQuantileRegressor(quantiles, confidence_level=question.coverage)
    conformal.fit(rows.X_fit, rows.y_fit).conformalize(rows.X_calibration, rows.y_calibration)
    return np.sort(conformal.predict_interval(rows.X_test)[1][:, :, 0], axis=1)


class ForestQuantile(RegressorMixin, BaseEstimator):
    """One quantile of a fitted quantile forest, as MAPIE wants it: a regressor for each."""

    def __init__(self, forest: Any, quantile: float) -> None:
        self.forest = forest
        self.quantile = quantile

    @property
    def n_features_in_(self) -> int:
        """Number of inputs: what MAPIE knows a fitted model by."""
        return int(self.forest.n_features_in_)

    def fit(self, X: NDArray[Any], y: NDArray[Any]) -> ForestQuantile:
        """Do nothing: the forest is fitted."""
        return self

    def predict(self, X: NDArray[Any]) -> NDArray[np.float64]:
        """Return the quantile (n,), in units of y."""
        return self.forest.predict(X, quantiles=[self.quantile])


def forest_quantile_intervals(_: RandomForestRegressor, question: Question) -> NDArray[Any]:
    """Return conformalized quantiles of a quantile forest (Meinshausen 2006)."""
    from mapie.regression import ConformalizedQuantileRegressor
    from quantile_forest import RandomForestQuantileRegressor

    rows, tail = question.rows, (1.0 - question.coverage) / 2.0
    forest = RandomForestQuantileRegressor(random_state=question.seed).fit(rows.X_fit, rows.y_fit)
    quantiles = [ForestQuantile(forest, level) for level in (tail, 1.0 - tail, 0.5)]
    conformal = ConformalizedQuantileRegressor(quantiles, confidence_level=question.coverage, prefit=True)
    conformal.conformalize(rows.X_calibration, rows.y_calibration)
    return conformal.predict_interval(rows.X_test)[1][:, :, 0]


def unfitted_classifier(_: Rows, seed: int) -> HistGradientBoostingClassifier:
    """Return boosted trees for classes."""
    return HistGradientBoostingClassifier(random_state=seed)


def sets(score: str) -> Variant:
    """Return the sets of one of MAPIE's scores; for two classes it has "lac" alone."""

    def variant(model: Any, question: Question) -> NDArray[Any] | None:
        from mapie.classification import SplitConformalClassifier

        rows = question.rows
        if score != "lac" and len(np.unique(rows.y_fit)) == 2:
            return None
        conformal = SplitConformalClassifier(
            model,
            confidence_level=question.coverage,
            conformity_score=score,
            prefit=False,
            random_state=question.seed,
        )
        conformal.fit(rows.X_fit, rows.y_fit).conformalize(rows.X_calibration, rows.y_calibration)
        return conformal.predict_set(rows.X_test)[1][:, :, 0]

    return variant


_WITH_ANY_MODEL: dict[str, Variant] = {
    "split": split_intervals("absolute"),
    "cv+": cross_intervals,
    "normalized": split_intervals("residual_normalized"),
}
FAMILIES = (
    Family("mapie_random_forest", "regression", unfitted_forest, _WITH_ANY_MODEL, ("mapie",)),
    Family(
        "mapie_quantile_forest",
        "regression",
        unfitted_forest,
        {"cqr": forest_quantile_intervals},
        ("mapie", "quantile_forest"),
    ),
    Family(
        "mapie_gradient_boosting",
        "regression",
        unfitted_boosting,
        {**_WITH_ANY_MODEL, "cqr": boosted_quantile_intervals},
        ("mapie",),
    ),
    Family(
        "mapie_hgb",
        "classification",
        unfitted_classifier,
        {score: sets(score) for score in ("lac", "aps", "raps")},
        ("mapie",),
    ),
)
