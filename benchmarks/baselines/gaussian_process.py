"""scikit-learn's Gaussian process, made to finish on tables of thousands of rows."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
from sklearn.preprocessing import StandardScaler

from .decomposed import DecomposedNormalRegressor
from .forecast import FloatArray

MAX_ROWS = 1000  # time grows with the cube of the rows: a fit of 8000 would take hours


class SubsampledGaussianProcessRegressor(DecomposedNormalRegressor):
    """Squared-exponential kernel with a length scale for each feature and noise, on at most 1000 training rows.

    The rows are drawn with `random_state` where there are more. X and y are standardised; the kernel's parameters
    maximise the marginal likelihood from their default start. The aleatoric variance is the kernel's noise, the
    epistemic variance that of the function.
    """

    def __init__(self, max_rows: int = MAX_ROWS, *, random_state: int | None = None) -> None:
        self.max_rows = max_rows
        self.random_state = random_state

    def fit(self, X: NDArray[Any], y: NDArray[Any]) -> SubsampledGaussianProcessRegressor:
        """Fit on the rows drawn."""
        if len(y) > self.max_rows:
            rows = np.random.default_rng(self.random_state).choice(len(y), self.max_rows, replace=False)
            X, y = X[rows], y[rows]
        self.scaler_ = StandardScaler().fit(X)
        kernel = ConstantKernel() * RBF(np.ones(X.shape[1])) + WhiteKernel()
        process = GaussianProcessRegressor(kernel, normalize_y=True, random_state=self.random_state)
        with warnings.catch_warnings():
            # How the kernel says that a feature does not matter, or that there is next to no noise.
            warnings.filterwarnings("ignore", "The optimal value found for .* is close to", ConvergenceWarning)
            self.process_ = process.fit(self.scaler_.transform(X), y)
        self.noise_variance_ = float(self.process_.kernel_.k2.noise_level * np.var(y))
        return self

    def _moments(self, X: NDArray[Any]) -> tuple[FloatArray, FloatArray | float, FloatArray]:
        mean, std = self.process_.predict(self.scaler_.transform(X), return_std=True)
        return mean, self.noise_variance_, np.maximum(std**2 - self.noise_variance_, 0.0)
