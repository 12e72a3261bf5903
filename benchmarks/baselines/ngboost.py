# mypy: disable-error-code="import-not-found, import-untyped"
"""NGBoost: natural-gradient boosting of the parameters of a distribution."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, clone

from .forecast import FloatArray
from .normal import NormalForecast


def _seeded_trees(random_state: int | None) -> Any:
    """Return the default base learner with a seed: by itself it draws from numpy's global state."""
    from ngboost.learners import default_tree_learner

    return clone(default_tree_learner).set_params(random_state=random_state)


class NGBoostRegressor(RegressorMixin, BaseEstimator):
    """`NGBRegressor` with default arguments: the mean and the log standard deviation of a normal distribution."""

    def __init__(self, random_state: int | None = None) -> None:
        self.random_state = random_state

    def fit(self, X: NDArray[Any], y: NDArray[Any]) -> NGBoostRegressor:
        """Fit on all rows."""
        from ngboost import NGBRegressor

        trees = _seeded_trees(self.random_state)
        self.model_ = NGBRegressor(Base=trees, verbose=False, random_state=self.random_state).fit(X, y)
        return self

    def predict(self, X: NDArray[Any]) -> FloatArray:
        """Return the mean (n,), in units of y."""
        return self.model_.predict(X)

    def predict_dist(self, X: NDArray[Any]) -> NormalForecast:
        """Return the forecast of every row."""
        parameters = self.model_.pred_dist(X).params
        return NormalForecast(parameters["loc"], parameters["scale"])


class NGBoostClassifier(ClassifierMixin, BaseEstimator):
    """`NGBClassifier` with default arguments but the number of classes; it wants them numbered from 0.

    On few rows whose classes separate, its natural gradient can become NaN, which ends the fit in an error.
    """

    def __init__(self, random_state: int | None = None) -> None:
        self.random_state = random_state

    def fit(self, X: NDArray[Any], y: NDArray[Any]) -> NGBoostClassifier:
        """Fit on all rows."""
        from ngboost import NGBClassifier
        from ngboost.distns import k_categorical

        self.classes_, labels = np.unique(y, return_inverse=True)
        self.model_ = NGBClassifier(
            Dist=k_categorical(len(self.classes_)),
            Base=_seeded_trees(self.random_state),
            verbose=False,
            random_state=self.random_state,
        ).fit(X, labels)
        return self

    def predict_proba(self, X: NDArray[Any]) -> FloatArray:
        """Return the probabilities (n, C) of `classes_`."""
        return self.model_.predict_proba(X)

    def predict(self, X: NDArray[Any]) -> NDArray[Any]:
        """Return the most probable class (n,)."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]
