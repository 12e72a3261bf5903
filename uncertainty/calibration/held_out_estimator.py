"""What the wrappers share that calibrate a model on rows held out of its fit."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.callback import CallbackSupportMixin, with_callbacks
from sklearn.frozen import FrozenEstimator
from sklearn.utils import get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from uncertainty.calibration.calibration_rows import Index, split_calibration_rows
from uncertainty.calibration.fit_rows import FitRows, check_fit_rows
from uncertainty.calibration.inner_fits import InnerFits
from uncertainty.calibration.wrapped_model import fitted_already, keep_fitted, wrapped_has
from uncertainty.estimators.frames import Frame
from uncertainty.estimators.options import draw_seed
from uncertainty.estimators.saving import SaveMixin


class HeldOutEstimator(CallbackSupportMixin, SaveMixin, BaseEstimator):
    """Abstract wrapper: some rows are held out of the fit of the model, to calibrate on.

    A `FrozenEstimator` is taken as it is: then all rows are calibration rows. The predictions are the wrapped model's.
    """

    estimator: Any
    calibration_size: Any
    random_state: Any
    estimator_: Any

    def _default(self) -> Any:
        """The model that `estimator=None` stands for."""
        raise NotImplementedError

    def _unfitted(self) -> Any:
        return self._default() if self.estimator is None else self.estimator

    def _is_prefit(self) -> bool:
        return isinstance(self.estimator, FrozenEstimator)

    # -- fitting -------------------------------------------------------------------------------------------------

    def _start_fit(
        self, X: Any, y: NDArray[Any], sample_weight: ArrayLike | None, groups: ArrayLike | None = None
    ) -> FitRows:
        """Draw the seed of this fit, and return its rows, checked."""
        rows = check_fit_rows(X, y, sample_weight, groups)
        n_used = len(rows.used())
        if n_used < 2 and not self._is_prefit():
            raise ValueError(
                f"X must have at least 2 rows of positive weight, got n_samples = {n_used}. One part of them is "
                f"fitted, the other calibrates."
            )
        self._seed = draw_seed(self.random_state)
        return rows

    @with_callbacks
    def _fitted(self, rows: FitRows, parts: Sequence[tuple[str, Index]]) -> list[Any]:
        """Models fitted on parts of the rows, each of which has the name of a task."""
        fits = InnerFits(self, len(parts), rows)
        models = [fits.fit(name, self._unfitted(), rows.take(part), self._seed) for name, part in parts]
        fits.end()
        return models

    def _hold_out(self, rows: FitRows, strata: NDArray[Any] | None = None) -> tuple[Index, Index]:
        """Fit `estimator_`; return the numbers of the rows fitted, none for a prefit model, and of those held out.

        The rows are drawn at random, each of the `strata` (n,) in proportion.
        """
        used = rows.used()
        if self._is_prefit():
            keep_fitted(self, fitted_already(self.estimator))
            return used[:0], used
        strata = None if strata is None else strata[used]
        parts = split_calibration_rows(len(used), self.calibration_size, self._seed, strata)
        fit, held_out = (used[part] for part in parts)
        keep_fitted(self, *self._fitted(rows, [("fit the rows that do not calibrate", fit)]))
        return fit, held_out

    # -- predictions of the wrapped model ------------------------------------------------------------------------

    @available_if(wrapped_has("predict_dist"))
    def predict_dist(self, X: Any) -> Any:
        """Return the wrapped model's predictive distribution, which is not calibrated."""
        check_is_fitted(self, "estimator_")
        return self.estimator_.predict_dist(X)

    @available_if(wrapped_has("predict_uncertainty"))
    def predict_uncertainty(self, X: Any, *, as_frame: bool = False) -> Any:
        """Return the wrapped model's Bunch of aleatoric, epistemic and total uncertainty, or a frame of its fields."""
        check_is_fitted(self, "estimator_")
        uncertainty = self.estimator_.predict_uncertainty(X)
        return self._frame(X, **uncertainty) if as_frame else uncertainty

    @abstractmethod
    def _frame(self, X: Any, **fields: ArrayLike) -> Frame:
        """The frame of fields of each row, and each target or class."""

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags = get_tags(self._unfitted()).input_tags
        return tags
