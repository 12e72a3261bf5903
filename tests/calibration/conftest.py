"""Small problems and quick models for calibration."""

import numpy as np
import pytest

from uncertainty import DeepEnsembleRegressor, Gaussian, ProbabilisticMLPRegressor


@pytest.fixture
def network():
    """A linear network that fits in a few milliseconds."""
    return ProbabilisticMLPRegressor(
        (), head=Gaussian(), embedding=None, max_iter=20, batch_size="full", learning_rate_init=0.05, random_state=0
    )


@pytest.fixture
def ensemble(network):
    """Twenty bootstrap members of it."""
    return DeepEnsembleRegressor(network, n_estimators=20, bootstrap=True, random_state=0)


@pytest.fixture
def draw():
    """Rows whose noise has the standard deviation 1, or grows with |x_1|."""

    def rows(n, seed=0, n_targets=None, heteroscedastic=False):
        rng = np.random.default_rng(seed)
        X = rng.standard_normal((n, 2))
        noise = rng.standard_normal((n, n_targets or 1)) * np.arange(1, (n_targets or 1) + 1)
        if heteroscedastic:
            noise = noise * (0.2 + np.abs(X[:, 1:]))
        y = X[:, :1] + noise
        return X, y if n_targets else y[:, 0]

    return rows
