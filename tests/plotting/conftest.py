"""Small tables and quick models of every kind, fitted once."""

import numpy as np
import pandas as pd
import pytest
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, WhiteKernel

from uncertainty import (
    DeepEnsembleClassifier,
    DeepEnsembleRegressor,
    Gaussian,
    ProbabilisticMLPClassifier,
    ProbabilisticMLPRegressor,
)

QUICK = {"hidden_layer_sizes": (8,), "embedding": None, "max_iter": 5, "learning_rate_init": 1e-2, "random_state": 0}


@pytest.fixture(scope="session")
def regression():
    """80 rows of two named columns, and a named target with normal noise."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.standard_normal((80, 2)), columns=["age", "dose"])
    return X, pd.Series(100.0 + 10.0 * X["age"] + 5.0 * rng.standard_normal(80), name="pressure")


@pytest.fixture(scope="session")
def binary(regression):
    X, y = regression
    return X, np.where(y > 100.0, "yes", "no")


@pytest.fixture(scope="session")
def multiclass(regression):
    X, y = regression
    return X, np.array(["low", "middle", "high"])[np.digitize(y, [95.0, 105.0])]


@pytest.fixture(scope="session")
def regressor(regression):
    """Five members, with early stopping, so that there is a validation curve."""
    return DeepEnsembleRegressor(ProbabilisticMLPRegressor(**QUICK), 5, random_state=0).fit(*regression)


@pytest.fixture(scope="session")
def binary_classifier(binary):
    return DeepEnsembleClassifier(ProbabilisticMLPClassifier(**QUICK), 3, random_state=0).fit(*binary)


@pytest.fixture(scope="session")
def multiclass_classifier(multiclass):
    return DeepEnsembleClassifier(ProbabilisticMLPClassifier(**QUICK), 3, random_state=0).fit(*multiclass)


@pytest.fixture(scope="session")
def two_targets(regression):
    """X, y with two named columns, and a regressor of both."""
    X, y = regression
    Y = pd.DataFrame({"pressure": y, "pulse": 60.0 - X["dose"]})
    network = ProbabilisticMLPRegressor(**QUICK, head=Gaussian())
    return X, Y, DeepEnsembleRegressor(network, 2, random_state=0).fit(X, Y)


@pytest.fixture(scope="session")
def gaussian_process(regression):
    """A regressor of scikit-learn with nothing but `return_std`."""
    X, y = regression
    kernel = RBF() + WhiteKernel(0.2)
    return GaussianProcessRegressor(kernel, optimizer=None, normalize_y=True).fit(X.to_numpy(), y.to_numpy())


def legend_texts(display):
    return [text.get_text() for text in display.ax_.get_legend().get_texts()]


@pytest.fixture(name="legend_texts")
def legend_texts_fixture():
    return legend_texts
