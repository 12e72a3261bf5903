"""The `initializer` slot, from a name to the weights that a fit starts from."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal

from uncertainty import (
    DeepEnsembleRegressor,
    GlorotUniform,
    HeNormal,
    LeCunNormal,
    MCDropoutRegressor,
    ProbabilisticMLPRegressor,
    components,
)
from uncertainty.components.initializers import Initializer
from uncertainty.components.spec import named_specs

NAMES = list(named_specs(components, Initializer))
# Every name has an activation and an architecture that it is meant for.
SETTING = {"activation": "relu", "residual": "residual", "hidden_layer_sizes": (8, 8, 8)}


def ensemble(n_estimators, **options):
    network = ProbabilisticMLPRegressor(max_iter=3, **options)
    return DeepEnsembleRegressor(network, n_estimators=n_estimators, random_state=0)


@pytest.mark.parametrize("name", NAMES)
def test_every_name_trains_and_five_members_are_the_first_of_ten(regression, name):
    X, y = regression
    five, three = (ensemble(n, initializer=name, **SETTING).fit(X, y) for n in (5, 3))
    assert_array_equal(five.members_.values[:3], three.members_.values)
    assert not np.array_equal(five.members_.values[0], five.members_.values[1])
    assert np.isfinite(five.predict_var(X)).all()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("options", [{"normalization": "batch"}, {"normalization": "layer"}, {"dropout": 0.2}], ids=str)
def test_every_name_goes_with_normalization_and_dropout(regression, name, options):
    X, y = regression
    model = MCDropoutRegressor(ProbabilisticMLPRegressor(max_iter=3, **SETTING, **{"dropout": 0.1, **options}))
    assert np.isfinite(model.set_params(random_state=0, estimator__initializer=name).fit(X, y).predict(X)).all()


# One epoch at a rate of next to nothing leaves the weights where they started.
def first_weights(regression, **options):
    X, y = regression
    still = {"max_iter": 1, "learning_rate_init": 1e-30, "alpha": 0.0, "early_stopping": False, "dtype": "float64"}
    model = ProbabilisticMLPRegressor(random_state=0, **{**still, "hidden_layer_sizes": (8, 8), **options}).fit(X, y)
    return model.members_.mlp.layout.views(torch.as_tensor(model.members_.values))


@pytest.mark.parametrize(
    ("activation", "spec"),
    [("relu", HeNormal()), ("silu", HeNormal()), ("selu", LeCunNormal()), ("tanh", GlorotUniform())],
    ids=str,
)
def test_auto_is_the_initializer_for_the_activation(regression, activation, spec):
    automatic, chosen = (first_weights(regression, activation=activation, initializer=i) for i in ("auto", spec))
    for name, view in automatic.items():
        assert_array_equal(view, chosen[name])


@pytest.mark.parametrize(
    ("activation", "normalization", "spec"),
    [
        ("silu", None, "fixup"),
        ("selu", None, "fixup"),
        ("silu", "batch", "he_normal"),
        ("tanh", None, "glorot_uniform"),
    ],
)
def test_auto_is_fixup_where_residual_blocks_have_nothing_else_to_hold_them(
    regression, activation, normalization, spec
):
    options = {"hidden_layer_sizes": (6, 6, 6), "residual": "residual"}
    options |= {"activation": activation, "normalization": normalization}
    automatic, chosen = (first_weights(regression, **options, initializer=i) for i in ("auto", spec))
    for name, view in automatic.items():
        assert np.array_equal(view, chosen[name]), name


def test_a_positive_bias_starts_there(regression):
    views = first_weights(regression, activation="relu", initializer=HeNormal(bias=0.01))
    np.testing.assert_allclose(views["hidden0.bias"], 0.01, rtol=1e-12)


def test_a_data_driven_start_standardises_the_first_layer(regression):
    X, _ = regression
    views = first_weights(regression, initializer="data_dependent", embedding=None)
    z = (X - X.mean(axis=0)) / X.std(axis=0) @ views["hidden0.weight"][0].numpy() + views["hidden0.bias"][0].numpy()
    assert len(X) <= 256  # all rows were measured
    np.testing.assert_allclose(z.mean(axis=0), 0.0, atol=1e-9)
    np.testing.assert_allclose(z.std(axis=0), 1.0, rtol=1e-9)


@pytest.mark.parametrize("name", ["lsuv", "data_dependent"])
def test_a_warm_start_is_not_adjusted_again(quick, regression, name):
    X, y = regression
    model = quick(ProbabilisticMLPRegressor, initializer=name, warm_start=True, early_stopping=False).fit(X, y)
    model.set_params(learning_rate_init=1e-30, alpha=0.0)
    before = model.members_.values.copy()
    assert_array_equal(model.fit(X, y).members_.values, before)


def test_what_an_initializer_needs_is_said(regression):
    X, y = regression
    with pytest.raises(ValueError, match=r"'fixup' must have residual blocks.*residual=None"):
        ProbabilisticMLPRegressor(initializer="fixup").fit(X, y)
    with pytest.raises(ValueError, match=r"'random_walk' must have an activation.*Choose initializer='lsuv'"):
        ProbabilisticMLPRegressor(initializer="random_walk").fit(X, y)
