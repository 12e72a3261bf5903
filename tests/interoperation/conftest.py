"""One small table for every library: a column of the mean, one of the noise, and one that says nothing."""

import numpy as np
import pandas as pd
import pytest

from uncertainty import DeepEnsembleRegressor, Gaussian, ProbabilisticMLPClassifier, ProbabilisticMLPRegressor


@pytest.fixture(scope="session")
def made():
    """400 rows; y = 2 wave, plus noise whose standard deviation is 0.1 to 1.9 by `noise`."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.uniform(-1.0, 1.0, (400, 3)), columns=["wave", "noise", "nothing"])
    return X, 2.0 * X["wave"] + (1.0 + 0.9 * X["noise"]) * rng.standard_normal(400)


@pytest.fixture(scope="session")
def network():
    """A network that learns that table in a fraction of a second."""
    return ProbabilisticMLPRegressor((16,), head=Gaussian(), max_iter=40, learning_rate_init=1e-2, random_state=0)


@pytest.fixture(scope="session")
def fitted(made, network):
    X, y = made
    return DeepEnsembleRegressor(network, 3, random_state=0).fit(X[:300], y[:300])


@pytest.fixture(scope="session")
def classifier():
    return ProbabilisticMLPClassifier((16,), max_iter=40, learning_rate_init=1e-2, random_state=0)
