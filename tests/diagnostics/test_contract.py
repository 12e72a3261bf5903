"""What every diagnostic promises: any estimator, nothing changed, a verdict in one line and a picture."""

import copy
import dataclasses
import pickle
import random

import numpy as np
import pytest
import torch
from matplotlib import pyplot
from sklearn.base import clone, is_classifier
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline

import uncertainty
from uncertainty import ProbabilisticMLPRegressor, diagnostics

CONTRACT = {
    "check_training": {"max_time": 0.05, "verbose": False},
    "dropout_regularization": {"n_masks": 10},
    "learning_rate_range_test": {"n_points": 15},
    "overfit_small_sample": {"n_epochs": 20},
    "validation_diagnosis": {"baseline_error": 0.1},
}
EVERY = pytest.mark.parametrize("name", diagnostics.__all__)


def quick_network():
    return ProbabilisticMLPRegressor((8,), head="gaussian", max_iter=12, learning_rate_init=1e-2, random_state=0)


def diagnose(name, estimator, X, y, **options):
    return getattr(diagnostics, name)(estimator, X, y, **{**CONTRACT.get(name, {}), **options})


def data_for(estimator, regression, classification):
    return classification if is_classifier(estimator) else regression


def frozen_state(estimator):
    return pickle.dumps((estimator.get_params(), vars(estimator)))


def random_states():
    _, keys, position, *_ = np.random.get_state()  # noqa: NPY002 - the global state is what is tested
    return random.getstate(), keys.tolist(), position, torch.get_rng_state().tolist()


def assert_frozen_and_pickled(result):
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.verdict = "fine"
    assert pickle.loads(pickle.dumps(result)).verdict == result.verdict
    assert repr(result) == f"<{type(result).__name__}: {result.verdict}>"
    assert result.verdict in str(result)


@EVERY
@pytest.mark.parametrize("fitted", [False, True], ids=["unfitted", "fitted"])
def test_any_estimator_is_diagnosed_and_left_as_it_was(name, fitted, any_estimator, regression, classification):
    X, y = data_for(any_estimator, regression, classification)
    estimator = clone(any_estimator)
    if fitted:
        estimator.fit(X, y)
    before, generators, threads = frozen_state(estimator), random_states(), torch.get_num_threads()
    result = diagnose(name, estimator, X, y)
    assert_frozen_and_pickled(result)
    assert frozen_state(estimator) == before
    assert random_states() == generators
    assert torch.get_num_threads() == threads
    assert result.verdict
    assert "\n" not in result.verdict


@EVERY
def test_the_plot_says_what_it_shows(name, regression):
    estimator = quick_network()
    result = diagnose(name, estimator, *regression)
    axes = result.plot()
    given = pyplot.figure().subplots()
    assert result.plot(given) is given
    for ax in (axes, given):
        assert ax.get_title()
        assert ax.get_ylabel() or [label.get_text() for label in ax.get_yticklabels()]
        assert ax.get_legend() is not None
    pyplot.close("all")


@pytest.mark.parametrize("name", [name for name in diagnostics.__all__ if name != "check_training"])
def test_the_same_random_state_gives_the_same_numbers(name, regression):
    first, again = (diagnose(name, quick_network(), *regression).verdict for _ in range(2))
    assert first == again


@pytest.mark.slow
def test_the_same_random_state_gives_the_same_report(regression):
    first, again = (str(diagnose("check_training", quick_network(), *regression, max_time=600)) for _ in range(2))
    assert first == again


@EVERY
def test_a_generator_that_is_passed_is_left_as_it_was(name, regression):
    generator = np.random.default_rng(3)
    before = copy.deepcopy(generator.bit_generator.state)
    diagnose(name, quick_network(), *regression, random_state=generator)
    assert generator.bit_generator.state == before


@EVERY
def test_other_estimators_are_refused(name, regression):
    with pytest.raises(TypeError, match="estimator must be one of this package's"):
        diagnose(name, LinearRegression(), *regression)
    with pytest.raises(TypeError, match=r"got Pipeline\. Of a pipeline, pass the last step"):
        diagnose(name, make_pipeline(quick_network()), *regression)


@EVERY
def test_rows_are_checked_as_in_fit(name, regression):
    X, y = regression
    X = X.copy()
    X[3, 1] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        diagnose(name, quick_network(), X, y)


@EVERY
def test_data_frames_and_several_targets(name, regression):
    pandas = pytest.importorskip("pandas")
    X, y = regression
    table = pandas.DataFrame(X, columns=["a", "b", "c"])
    assert diagnose(name, quick_network(), table, np.column_stack([y, -y + X[:, 2]])).verdict


def test_the_room_is_found_from_the_package():
    assert uncertainty.diagnostics is diagnostics
    assert "diagnostics" in dir(uncertainty)
