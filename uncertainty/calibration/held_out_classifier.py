"""What the wrappers of classifiers share: labels and probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from uncertainty.calibration.fit_rows import check_labels
from uncertainty.calibration.held_out_estimator import HeldOutEstimator
from uncertainty.calibration.wrapped_model import wrapped_has
from uncertainty.estimators import ProbabilisticMLPClassifier
from uncertainty.estimators.frames import Frame, class_frame

Array = NDArray[np.float64]


class HeldOutClassifier(ClassifierMixin, HeldOutEstimator):
    """Abstract wrapper of a classifier with `predict_proba`."""

    def _default(self) -> Any:
        return ProbabilisticMLPClassifier()

    @property
    def classes_(self) -> NDArray[Any]:
        """Classes (C,) that the wrapped model knows, in the order of the columns of `predict_proba`."""
        return np.asarray(self.estimator_.classes_)

    def _check_labels(self, y: ArrayLike) -> NDArray[Any]:
        """Return y as an array (n,) of labels, after refusing a model without probabilities."""
        if not hasattr(self._unfitted(), "predict_proba"):
            raise TypeError(
                f"estimator must have predict_proba, got {type(self._unfitted()).__name__}. Wrap it in "
                f"sklearn.calibration.CalibratedClassifierCV."
            )
        return check_labels(self, y)

    def predict(self, X: Any, *, as_frame: bool = False) -> NDArray[Any] | Frame:
        """Return the wrapped model's class (n,) of every row; it is never withheld."""
        check_is_fitted(self, "estimator_")
        labels = np.asarray(self.estimator_.predict(X))
        return self._frame(X, prediction=labels) if as_frame else labels

    def predict_proba(self, X: Any, *, as_frame: bool = False) -> Array | Frame:
        """Return the wrapped model's probabilities (n, C) in the order of `classes_`."""
        check_is_fitted(self, "estimator_")
        proba = np.asarray(self.estimator_.predict_proba(X), dtype=np.float64)
        return self._frame(X, proba=proba) if as_frame else proba

    @available_if(wrapped_has("predict_log_proba"))
    def predict_log_proba(self, X: Any, *, as_frame: bool = False) -> Array | Frame:
        """Return the wrapped model's log-probabilities (n, C)."""
        check_is_fitted(self, "estimator_")
        log_proba = np.asarray(self.estimator_.predict_log_proba(X), dtype=np.float64)
        return self._frame(X, log_proba=log_proba) if as_frame else log_proba

    def _frame(self, X: Any, **fields: ArrayLike) -> Frame:
        return class_frame(X, self.classes_, fields)

    @available_if(wrapped_has("decision_function"))
    def decision_function(self, X: Any) -> Array:
        """Return the wrapped model's decision function."""
        check_is_fitted(self, "estimator_")
        return np.asarray(self.estimator_.decision_function(X), dtype=np.float64)
