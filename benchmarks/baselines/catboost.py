# mypy: disable-error-code="import-not-found, import-untyped"
"""CatBoost's virtual ensembles: one run of boosting, whose truncations are the members."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from .decomposed import DecomposedNormalRegressor
from .forecast import FloatArray


class CatBoostVirtualEnsembleRegressor(DecomposedNormalRegressor):
    """CatBoost for mean and variance with Langevin noise, otherwise with default arguments, on one thread.

    Each member has a mean and a variance: the mean of the variances is aleatoric, the variance of the means epistemic.
    10 members are the default of its `virtual_ensembles_predict`.

    References
    ----------
    Malinin, Prokhorenkova and Ustimenko (2021), Uncertainty in gradient boosting via ensembles, ICLR, section 4.
    """

    def __init__(self, n_members: int = 10, *, random_state: int | None = None) -> None:
        self.n_members = n_members
        self.random_state = random_state

    def fit(self, X: NDArray[Any], y: NDArray[Any]) -> CatBoostVirtualEnsembleRegressor:
        """Fit on all rows."""
        from catboost import CatBoostRegressor

        self.model_ = CatBoostRegressor(
            loss_function="RMSEWithUncertainty",
            posterior_sampling=True,
            random_seed=self.random_state,
            thread_count=1,
            verbose=False,
            allow_writing_files=False,
        ).fit(X, y)
        return self

    def _moments(self, X: NDArray[Any]) -> tuple[FloatArray, FloatArray | float, FloatArray]:
        mean, epistemic, aleatoric = self.model_.virtual_ensembles_predict(
            X, prediction_type="TotalUncertainty", virtual_ensembles_count=self.n_members, thread_count=1
        ).T
        return mean, aleatoric, epistemic
