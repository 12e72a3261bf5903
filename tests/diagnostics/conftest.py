"""Small problems, and quick instances of every kind of estimator."""

import matplotlib
import numpy as np
import pytest
import torch

from uncertainty import (
    DeepEnsembleClassifier,
    DeepEnsembleRegressor,
    MCDropoutClassifier,
    MCDropoutRegressor,
    ProbabilisticMLPClassifier,
    ProbabilisticMLPRegressor,
    SnapshotEnsembleClassifier,
    SnapshotEnsembleRegressor,
)

matplotlib.use("Agg")

QUICK = {"hidden_layer_sizes": (8,), "max_iter": 12, "learning_rate_init": 1e-2}
REGRESSOR, CLASSIFIER = ProbabilisticMLPRegressor(**QUICK), ProbabilisticMLPClassifier(**QUICK)


def with_dropout(network):
    return type(network)(**QUICK, dropout=0.2)


ESTIMATORS = [
    ProbabilisticMLPRegressor(**QUICK, random_state=0),
    DeepEnsembleRegressor(REGRESSOR, 2, random_state=0),
    MCDropoutRegressor(with_dropout(REGRESSOR), 5, random_state=0),
    SnapshotEnsembleRegressor(REGRESSOR, 2, random_state=0),
    ProbabilisticMLPClassifier(**QUICK, random_state=0),
    DeepEnsembleClassifier(CLASSIFIER, 2, random_state=0),
    MCDropoutClassifier(with_dropout(CLASSIFIER), 5, random_state=0),
    SnapshotEnsembleClassifier(CLASSIFIER, 2, random_state=0),
]


@pytest.fixture(autouse=True)
def one_thread():
    """Stacks this small are as fast on one thread, and on a busy machine much faster."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(params=ESTIMATORS, ids=lambda estimator: type(estimator).__name__)
def any_estimator(request):
    return request.param


@pytest.fixture
def regression():
    """120 rows of a wave with noise of standard deviation 0.3, in units of a hundred."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((120, 3))
    return X, 100.0 * (X[:, 0] - np.sin(2 * X[:, 1]) + 0.3 * rng.standard_normal(120))


@pytest.fixture
def classification(regression):
    """The same rows in three classes with names."""
    X, y = regression
    return X, np.array(["low", "middle", "high"])[np.digitize(y, np.quantile(y, (0.3, 0.6)))]
