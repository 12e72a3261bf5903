"""Callbacks of a wrapper are told of the fits of the wrapped models, and passed on to them."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.callback import ScoringMonitor
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import BayesianRidge

from uncertainty import (
    ConformalClassifier,
    ConformalRegressor,
    ProbabilisticMLPClassifier,
    ProbabilisticMLPRegressor,
    RecalibratedClassifier,
    RecalibratedRegressor,
    SelectiveRegressor,
)

NETWORK = ProbabilisticMLPRegressor((4,), max_iter=2, n_iter_no_change=None, random_state=0)
LABELLER = ProbabilisticMLPClassifier((4,), max_iter=2, n_iter_no_change=None, random_state=0)

# Wrapper -> how often it fits a model.
WRAPPERS = {
    "split": (ConformalRegressor(NETWORK, random_state=0), 1),
    "cv+": (ConformalRegressor(NETWORK, method="cv+", cv=2, random_state=0), 3),
    "sets": (ConformalClassifier(LABELLER, random_state=0), 1),
    "widths": (RecalibratedRegressor(NETWORK, cv=2, random_state=0), 3),
    "probabilities": (RecalibratedClassifier(LABELLER, cv=2, random_state=0), 3),
    "selective": (SelectiveRegressor(NETWORK, tolerance=9.0, target_risk=0.5, random_state=0), 1),
}


class Witness:
    """A callback that goes into every fit inside, and writes down the ends of tasks."""

    max_propagation_depth = None

    def __init__(self):
        self.ended = []

    def setup(self, estimator, context):
        self.ended.append("setup")

    def teardown(self, estimator, context):
        self.ended.append("teardown")

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context, *, metadata=None):
        self.ended.append((context.estimator_name, context.task_name, context.max_subtasks, metadata is not None))


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((80, 2))
    return X, X[:, 0] + 0.3 * rng.standard_normal(80), np.linspace(0.5, 1.5, 80)


@pytest.mark.parametrize("name", WRAPPERS)
@pytest.mark.parametrize("weighted", [False, True], ids=["", "weighted"])
def test_every_fit_inside_is_a_task_with_epochs(name, weighted, table):
    wrapper, n_fits = WRAPPERS[name]
    X, y, weight = table
    y = y > 0 if isinstance(wrapper.estimator, ProbabilisticMLPClassifier) else y
    witness = Witness()
    arguments = (X, y, weight) if weighted else (X, y)
    wrapper.set_callbacks(witness).fit(*arguments)
    wrapper.set_callbacks()
    inner = type(wrapper.estimator).__name__
    epoch, fit = (inner, "epoch", 0, weighted), (inner, "fit", 2, weighted)
    last = (type(wrapper).__name__, "fit", n_fits, weighted)
    assert witness.ended == ["setup", *[epoch, epoch, fit] * n_fits, last, "teardown"]
    assert not hasattr(wrapper.estimator_, "_skl_callbacks")


def test_predictions_are_those_without_callbacks(table):
    X, y, _ = table
    wrapper, _ = WRAPPERS["cv+"]
    plain = wrapper.fit(X, y).predict_interval(X)
    watched = wrapper.set_callbacks(Witness()).fit(X, y).predict_interval(X)
    wrapper.set_callbacks()
    np.testing.assert_array_equal(plain, watched)


def test_callbacks_of_the_wrapped_model_are_called_in_each_of_its_fits(table):
    X, y, _ = table
    monitor = ScoringMonitor(scoring="r2")
    ConformalRegressor(NETWORK, method="cv+", cv=2, random_state=0).fit(X, y)
    network = ProbabilisticMLPRegressor(**NETWORK.get_params()).set_callbacks(monitor)
    ConformalRegressor(network, method="cv+", cv=2, random_state=0).fit(X, y)
    assert len(monitor.get_logs().data) == 3 * 3


def test_a_model_that_takes_no_callbacks_is_fitted_with_a_warning(table):
    X, y, _ = table
    with pytest.warns(UserWarning, match="BayesianRidge does not support callbacks"):
        ConformalRegressor(BayesianRidge()).set_callbacks(Witness()).fit(X, y)


def test_a_frozen_model_has_no_fit_to_tell_of(table):
    X, y, _ = table
    witness = Witness()
    frozen = FrozenEstimator(BayesianRidge().fit(X, y))
    ConformalRegressor(frozen).set_callbacks(witness).fit(X, y)
    assert witness.ended == []
