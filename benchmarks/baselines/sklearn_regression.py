"""Regression with scikit-learn alone: functions return estimators with default arguments."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import BayesianRidge
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from .boosted_quantiles import BoostedQuantileRegressor
from .conformal import SplitConformalRegressor
from .conformal_quantiles import ConformalizedQuantileRegressor
from .constant_variance import ConstantVarianceRegressor
from .decomposed import DecomposedNormalRegressor
from .forecast import FloatArray

MAX_EPOCHS = 5000  # so that training ends by its own rule, at the default `tol`


def scaled_mlp(random_state: int) -> TransformedTargetRegressor:
    """Return `MLPRegressor` with inputs and target standardised."""
    network = MLPRegressor(max_iter=MAX_EPOCHS, random_state=random_state)
    return TransformedTargetRegressor(make_pipeline(StandardScaler(), network), transformer=StandardScaler())


def mlp(random_state: int) -> ConstantVarianceRegressor:
    """Return the scaled network with one variance for all rows, from cross-validation inside the training rows."""
    return ConstantVarianceRegressor(scaled_mlp(random_state), random_state=random_state)


def mlp_conformal(random_state: int) -> SplitConformalRegressor:
    """Return the scaled network with split conformal intervals."""
    return SplitConformalRegressor(scaled_mlp(random_state), random_state=random_state)


def hgb_quantile_conformal(random_state: int) -> ConformalizedQuantileRegressor:
    """Return boosted quantiles, conformalized."""
    return ConformalizedQuantileRegressor(
        BoostedQuantileRegressor(random_state=random_state), random_state=random_state
    )


class ScaledBayesianRidge(DecomposedNormalRegressor):
    """`BayesianRidge` on standardised inputs; it has no randomness.

    The aleatoric variance is the noise it finds, the epistemic variance that of the line.
    """

    def __init__(self, random_state: int | None = None) -> None:
        self.random_state = random_state

    def fit(self, X: NDArray[Any], y: NDArray[Any]) -> ScaledBayesianRidge:
        """Fit on all rows."""
        self.model_ = make_pipeline(StandardScaler(), BayesianRidge()).fit(X, y)
        self.noise_variance_ = 1.0 / float(self.model_[-1].alpha_)
        return self

    def _moments(self, X: NDArray[Any]) -> tuple[FloatArray, FloatArray | float, FloatArray]:
        mean, std = self.model_.predict(X, return_std=True)
        return mean, self.noise_variance_, std**2 - self.noise_variance_
