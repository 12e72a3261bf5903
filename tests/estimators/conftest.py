"""Small problems and quick instances of every estimator that `uncertainty.estimators` exports."""

import inspect

import numpy as np
import pytest

from uncertainty import estimators
from uncertainty.estimators import ProbabilisticMLPClassifier, ProbabilisticMLPRegressor

EVERY = [getattr(estimators, name) for name in estimators.__all__]
REGRESSORS = [kind for kind in EVERY if kind.__name__.endswith("Regressor")]
CLASSIFIERS = [kind for kind in EVERY if kind.__name__.endswith("Classifier")]


def is_wrapper(kind):
    return "estimator" in inspect.signature(kind).parameters


def fixture_of(kinds):
    @pytest.fixture(params=kinds, ids=lambda kind: kind.__name__)
    def kind(request):
        return request.param

    return kind


any_kind = fixture_of(EVERY)
regressor_kind = fixture_of(REGRESSORS)
classifier_kind = fixture_of(CLASSIFIERS)
wrapper_kind = fixture_of([kind for kind in EVERY if is_wrapper(kind)])


def make_quick(kind, own=None, **network):
    """An instance that fits in a few milliseconds; `own` are parameters of the wrapper, the others the network's."""
    network = {"hidden_layer_sizes": (8,), "max_iter": 5, "learning_rate_init": 1e-2, **network}
    if not is_wrapper(kind):
        return kind(**{"random_state": 0, **network, **(own or {})})
    base = ProbabilisticMLPRegressor if kind in REGRESSORS else ProbabilisticMLPClassifier
    if "MCDropout" in kind.__name__:
        network.setdefault("dropout", 0.1)
    # The first parameter named n_... of a wrapper is its number of members.
    size = next(name for name in inspect.signature(kind).parameters if name.startswith("n_"))
    return kind(base(**network), **{size: 3, "random_state": 0, **(own or {})})


@pytest.fixture
def quick():
    return make_quick


@pytest.fixture
def regression():
    """60 rows with noise of standard deviation 0.3."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 3))
    return X, X[:, 0] - np.sin(2 * X[:, 1]) + 0.3 * rng.standard_normal(60)


@pytest.fixture
def three_targets(regression):
    X, y = regression
    return X, np.column_stack([y, 1e6 * X[:, 1], 1e-3 * (X[:, 2] - y)])


@pytest.fixture
def classification():
    """90 rows of three overlapping classes."""
    rng = np.random.default_rng(0)
    y = np.arange(90) % 3
    return rng.standard_normal((90, 2)) + 2.0 * np.array([[0, 0], [1, 0], [0, 1]])[y], y


@pytest.fixture
def two_classes(classification):
    X, y = classification
    return X[y < 2], y[y < 2]


@pytest.fixture
def multi_label(classification):
    X, y = classification
    return X, np.column_stack([y == 1, X[:, 1] > 1.0]).astype(int)


@pytest.fixture
def problem(regression, classification):
    """The data that suit an estimator class."""

    def choose(kind):
        return regression if kind in REGRESSORS else classification

    return choose


@pytest.fixture
def answers():
    """Everything an estimator predicts, by name."""

    def collect(model, X):
        if hasattr(model, "predict_proba"):
            names = ("predict_proba", "predict_log_proba", "decision_function", "predict_members")
            found = {name: getattr(model, name)(X) for name in names}
        else:
            mean, std = model.predict(X, return_std=True)
            found = {"mean": mean, "std": std}
            names = ("predict_interval", "predict_quantiles", "predict_var", "predict_members")
            found |= {name: getattr(model, name)(X) for name in names}
        return found | dict(model.predict_uncertainty(X))

    return collect


@pytest.fixture
def assert_same():
    """Two dictionaries of answers are equal: bitwise, or to a relative tolerance."""

    def check(one, other, rtol=0.0):
        assert one.keys() == other.keys()
        for name, values in one.items():
            np.testing.assert_allclose(values, other[name], rtol=rtol, atol=rtol, err_msg=name)

    return check
