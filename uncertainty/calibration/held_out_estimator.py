"""What the wrappers share that fit a model on some rows and calibrate on the rows held out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.frozen import FrozenEstimator
from sklearn.utils import _safe_indexing, get_tags, indexable
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import _check_sample_weight, _num_samples, check_is_fitted

from uncertainty.calibration.calibration_rows import split_calibration_rows
from uncertainty.calibration.wrapped_model import fit_weighted, take_over_inputs, wrapped_has
from uncertainty.estimators import options
from uncertainty.estimators.saving import SaveMixin

Index = NDArray[np.intp]


class HeldOutEstimator(SaveMixin, BaseEstimator):
    """Abstract wrapper: the model is fitted on a part of the rows, the others are held out to calibrate on.

    A `FrozenEstimator` is taken as it is: then all rows are calibration rows. The predictions are the wrapped model's.
    """

    estimator: Any
    calibration_size: Any
    random_state: Any

    def _default(self) -> Any:
        """The model that `estimator=None` stands for."""
        raise NotImplementedError

    def _unfitted(self) -> Any:
        return self._default() if self.estimator is None else self.estimator

    def _is_prefit(self) -> bool:
        return isinstance(self.estimator, FrozenEstimator)

    # -- fitting -------------------------------------------------------------------------------------------------

    def _fit_wrapped(
        self, X: Any, y: NDArray[Any], sample_weight: Any, strata: NDArray[np.intp] | None = None
    ) -> tuple[Any, NDArray[Any], Index]:
        """Fit `estimator_`; return X and y of the rows held out, and the rows fitted (none for a prefit model).

        The rows are drawn at random, each of the `strata` in proportion; those of zero weight are in neither part.
        """
        X, y = indexable(X, y)
        rows = np.arange(_num_samples(X))
        if sample_weight is not None:
            weight = _check_sample_weight(
                sample_weight, X, ensure_non_negative=True, allow_all_zero_weights=False, dtype=np.float64
            )
            rows = rows[weight > 0.0]
        self._seed = options.draw_seed(self.random_state)
        if self._is_prefit():
            self.estimator_ = self.estimator.estimator
            check_is_fitted(self.estimator_)
            fit_rows, held_out = rows[:0], rows
        else:
            fit_rows, held_out = self._split(rows, None if strata is None else strata[rows])
            fit_weight = None if sample_weight is None else weight[fit_rows]
            model = with_seeds(clone(self._unfitted()), self._seed)
            self.estimator_ = fit_weighted(model, _safe_indexing(X, fit_rows), y[fit_rows], fit_weight)
        take_over_inputs(self)
        return _safe_indexing(X, held_out), y[held_out], fit_rows

    def _split(self, rows: Index, strata: NDArray[np.intp] | None) -> tuple[Index, Index]:
        if len(rows) < 2:
            raise ValueError(
                f"X must have at least 2 rows of positive weight, got n_samples = {len(rows)}. One part of them is "
                f"fitted, the other calibrates."
            )
        fit, held_out = split_calibration_rows(len(rows), self.calibration_size, self._seed, strata)
        return rows[fit], np.sort(rows[held_out])

    # -- predictions of the wrapped model ------------------------------------------------------------------------

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the wrapped model's prediction of every row; it is never withheld."""
        check_is_fitted(self, "estimator_")
        return np.asarray(self.estimator_.predict(X))

    @available_if(wrapped_has("predict_dist"))
    def predict_dist(self, X: Any) -> Any:
        """Return the wrapped model's predictive distribution."""
        check_is_fitted(self, "estimator_")
        return self.estimator_.predict_dist(X)

    @available_if(wrapped_has("predict_uncertainty"))
    def predict_uncertainty(self, X: Any) -> Any:
        """Return the wrapped model's Bunch of aleatoric, epistemic and total uncertainty."""
        check_is_fitted(self, "estimator_")
        return self.estimator_.predict_uncertainty(X)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags = get_tags(self._unfitted()).input_tags
        return tags


def with_seeds(model: Any, seed: int) -> Any:
    """Return the model with every `random_state` inside it that is None drawn from `seed`."""
    parameters = model.get_params(deep=True)
    unset = sorted(k for k, v in parameters.items() if v is None and k.rpartition("__")[2] == "random_state")
    draws = np.random.SeedSequence(seed).generate_state(len(unset)) >> 1
    return model.set_params(**dict(zip(unset, draws.tolist(), strict=True)))
