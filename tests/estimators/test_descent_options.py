"""Optimizers, schedules and penalties chosen on an estimator, by name, as an object or as a function."""

import numpy as np
import pytest
from sklearn.base import clone

from uncertainty import (
    Adam,
    Cosine,
    DeepEnsembleRegressor,
    GradientDescent,
    ProbabilisticMLPClassifier,
    ProbabilisticMLPRegressor,
    ReduceOnPlateau,
    SnapshotEnsembleRegressor,
    optim,
)
from uncertainty.components.spec import named_specs
from uncertainty.optim.base import OptimizerSpec
from uncertainty.optim.schedules import Schedule

RATES = {"adadelta": 1.0, "adagrad": 0.05, "gradient_descent": 0.01, "sgd": 0.003}


@pytest.mark.parametrize("name", named_specs(optim, OptimizerSpec))
@pytest.mark.parametrize(("batch_size", "max_iter"), [("full", 100), (16, 20), (1, 6)])
def test_every_optimizer_learns_by_full_batches_mini_batches_and_single_rows(
    quick, regression, name, batch_size, max_iter
):
    options = {"batch_size": batch_size, "max_iter": max_iter, "early_stopping": False, "embedding": None}
    options["learning_rate_init"] = RATES.get(name, 0.01)
    model = quick(DeepEnsembleRegressor, optimizer=name, **options).fit(*regression)
    assert model.loss_curve_[-1] < model.loss_curve_[0] - 0.1


@pytest.mark.parametrize("name", named_specs(optim, Schedule))
@pytest.mark.parametrize("kind", [ProbabilisticMLPRegressor, ProbabilisticMLPClassifier])
def test_every_schedule_has_a_name(quick, problem, name, kind):
    X, y = problem(kind)
    model = quick(kind, schedule=name, max_iter=12, early_stopping=False, learning_rate_init=0.03).fit(X, y)
    assert model.loss_curve_[-1] < model.loss_curve_[0]
    assert all(0 < record["learning_rate"] <= 0.03 for record in model.history_)


def halving(step):
    return 0.5**step


def test_any_function_is_a_schedule(quick, regression):
    options = {"batch_size": "full", "max_iter": 4, "early_stopping": False, "learning_rate_init": 0.02}
    model = clone(quick(ProbabilisticMLPRegressor, schedule=halving, **options)).fit(*regression)
    assert model.get_params()["schedule"] is halving
    np.testing.assert_allclose([r["learning_rate"] for r in model.history_], [0.02, 0.01, 0.005, 0.0025])
    same = quick(ProbabilisticMLPRegressor, schedule=lambda step: 1.0, **options).fit(*regression)
    constant = quick(ProbabilisticMLPRegressor, schedule="constant", **options).fit(*regression)
    np.testing.assert_array_equal(same.predict(regression[0]), constant.predict(regression[0]))


@pytest.mark.parametrize("value", [-1.0, np.nan, np.inf])
def test_a_function_that_gives_no_factor_is_refused(quick, regression, value):
    with pytest.raises(ValueError, match=r"schedule\(0\) must be at least 0 and finite, got"):
        quick(DeepEnsembleRegressor, schedule=lambda step: value).fit(*regression)


@pytest.mark.parametrize("value", [Cosine, 3, None])
def test_what_is_no_schedule_is_refused(quick, regression, value):
    with pytest.raises(TypeError, match="schedule must be one of"):
        quick(DeepEnsembleRegressor, schedule=value).fit(*regression)


def test_the_plateau_lowers_each_member_s_rate_and_stopping_goes_on(quick, regression):
    X, y = regression
    options = {"schedule": ReduceOnPlateau(factor=0.5, patience=2), "max_iter": 60, "learning_rate_init": 0.1}
    model = quick(DeepEnsembleRegressor, **options, n_iter_no_change=12).fit(X, y)
    rates = np.array([record["learning_rate"] for record in model.history_])
    assert rates[0] == 0.1
    assert rates[-1] < 0.05
    assert model.history_[-1]["n_training"] < 3
    # The first two of three members are the same two members.
    two = quick(DeepEnsembleRegressor, own={"n_estimators": 2}, **options, n_iter_no_change=12).fit(X, y)
    np.testing.assert_array_equal(two.members_.values, model.members_.values[:2])


@pytest.mark.parametrize("kind", [DeepEnsembleRegressor, SnapshotEnsembleRegressor])
def test_a_state_that_follows_the_loss_belongs_to_one_fit(quick, regression, kind):
    # A snapshot ensemble owns its schedule, and a pass of partial_fit has none.
    X, y = regression
    options = {"optimizer": "nadam", "early_stopping": False, "max_iter": 9}
    follows, constant = (quick(kind, schedule=s, **options) for s in (ReduceOnPlateau(patience=0, tol=1e9), "constant"))
    if kind is SnapshotEnsembleRegressor:
        np.testing.assert_array_equal(follows.fit(X, y).predict(X), constant.fit(X, y).predict(X))
        return
    for model in (follows, constant):
        for _ in range(3):
            model.partial_fit(X, y)
    np.testing.assert_array_equal(follows.predict(X), constant.predict(X))


def first_weights_with_twenty_useless_inputs(quick, l1_ratio, batch_size):
    """Incoming weights [23, 8] of the first layer; the inputs from number 3 on say nothing about y."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((400, 23))
    y = X[:, 0] - np.sin(2 * X[:, 1]) + X[:, 2] + 0.3 * rng.standard_normal(400)
    options = {"head": "gaussian", "alpha": 0.05, "l1_ratio": l1_ratio, "batch_size": batch_size, "max_iter": 80}
    # An average is zero only where all its weights were, and small rates leave less to be taken off.
    options |= {"embedding": None, "averaging": None, "schedule": "constant", "early_stopping": False}
    return first_weights(quick(ProbabilisticMLPRegressor, **options).fit(X, y))


def test_l1_leaves_useless_inputs_out_and_l2_keeps_them(quick):
    l1, l2 = (first_weights_with_twenty_useless_inputs(quick, ratio, "full") for ratio in (1.0, 0.0))
    left_out = (l1 == 0).all(axis=1)
    assert left_out[3:].sum() >= 8
    assert not left_out[:3].any()
    assert (l2 != 0).all()


def test_l1_makes_more_zeros_than_l2_with_small_batches_too(quick):
    l1, l2 = (first_weights_with_twenty_useless_inputs(quick, ratio, 32) for ratio in (1.0, 0.0))
    assert (l1 == 0).mean() > 0.3
    assert (l2 != 0).all()


def first_weights(model):
    """Incoming weights [D, H] of the first hidden layer."""
    block = next(b for b in model.members_.mlp.layout.blocks if b.name == "hidden0.weight")
    return model.members_.values[0, block.offset : block.offset + block.size].reshape(block.shape)


def test_max_norm_bounds_the_weights_of_every_unit(quick, regression):
    for optimizer in (Adam(max_norm=0.7), GradientDescent(max_norm=0.7)):
        options = {"optimizer": optimizer, "learning_rate_init": 0.05, "averaging": None}  # averages lie within
        model = quick(ProbabilisticMLPRegressor, **options).fit(*regression)
        norms = np.linalg.norm(first_weights(model), axis=0)
        assert norms.max() <= 0.7 * (1 + 1e-6)
        assert norms.max() > 0.69
    with pytest.raises(ValueError, match="max_norm must be greater than 0"):
        quick(ProbabilisticMLPRegressor, optimizer=Adam(max_norm=0.0)).fit(*regression)
