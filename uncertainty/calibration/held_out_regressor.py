"""What the wrappers of regressors share: point predictions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import RegressorMixin
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

from uncertainty.calibration.held_out_estimator import HeldOutEstimator
from uncertainty.estimators import ProbabilisticMLPRegressor
from uncertainty.estimators.frames import Frame, value_frame

Array = NDArray[np.float64]


class HeldOutRegressor(RegressorMixin, HeldOutEstimator):
    """Abstract wrapper of a regressor."""

    def _default(self) -> Any:
        return ProbabilisticMLPRegressor()

    def predict(
        self, X: Any, return_std: bool = False, *, as_frame: bool = False
    ) -> Array | tuple[Array, Array] | Frame:
        """Return what the wrapped model predicts for every row, with `return_std` if it has that.

        With `as_frame` the columns are `mean` and `std`.
        """
        check_is_fitted(self, "estimator_")
        prediction = self.estimator_.predict(X, return_std=True) if return_std else self.estimator_.predict(X)
        if not as_frame:
            return prediction
        return self._frame(X, mean=prediction[0], std=prediction[1]) if return_std else self._frame(X, mean=prediction)

    def _frame(self, X: Any, **fields: ArrayLike) -> Frame:
        return value_frame(self, X, **fields)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.regressor_tags = get_tags(self._unfitted()).regressor_tags
        return tags
