"""What the wrappers of regressors share: point predictions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

from uncertainty.calibration.held_out_estimator import HeldOutEstimator
from uncertainty.estimators import ProbabilisticMLPRegressor

Array = NDArray[np.float64]


class HeldOutRegressor(RegressorMixin, HeldOutEstimator):
    """Abstract wrapper of a regressor."""

    def _default(self) -> Any:
        return ProbabilisticMLPRegressor()

    def predict(self, X: Any, return_std: bool = False) -> Array | tuple[Array, Array]:
        """Return what the wrapped model predicts for every row, with `return_std` if it has that."""
        check_is_fitted(self, "estimator_")
        return self.estimator_.predict(X, return_std=True) if return_std else self.estimator_.predict(X)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.regressor_tags = get_tags(self._unfitted()).regressor_tags
        return tags
