"""What makes deep networks train: normalization, residual blocks and the right start, each against going without."""

import numpy as np
import pytest

from uncertainty import ProbabilisticMLPRegressor, RandomNormal


@pytest.fixture(scope="module")
def wave():
    """Two inputs, of which 96 % of the variance of y can be known."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 2))
    return X, np.sin(2 * X[:, 0]) + 0.5 * X[:, 1] + 0.1 * rng.normal(size=300)


def score(wave, *, random_state=0, **options):
    """R2 on the training rows, and how far the training loss came down, in nats."""
    X, y = wave
    model = ProbabilisticMLPRegressor(random_state=random_state, early_stopping=False, **options).fit(X, y)
    return model.score(X, y), model.loss_curve_[0] - model.loss_curve_[-1]


VANISHED = {
    "hidden_layer_sizes": (32,) * 20,
    "activation": "tanh",
    "initializer": RandomNormal(0.01),
    "batch_size": 100,
    "learning_rate_init": 1e-2,
    "n_iter_no_change": 100,
}


def check_normalization(wave, normalization, random_state, max_iter):
    plain = score(wave, random_state=random_state, max_iter=max_iter, **VANISHED)
    normalized = score(wave, random_state=random_state, max_iter=max_iter, normalization=normalization, **VANISHED)
    assert plain[0] < 0.02
    assert plain[1] < 0.01
    assert normalized[0] > 0.4
    assert normalized[1] > 0.2


def test_batch_normalization_trains_twenty_layers_whose_signal_vanishes_without(wave):
    check_normalization(wave, "batch", 0, 60)


@pytest.mark.slow
@pytest.mark.parametrize("normalization", ["batch", "layer", "group"])
@pytest.mark.parametrize("random_state", range(4))
def test_every_normalization_trains_twenty_layers_whose_signal_vanishes_without(wave, normalization, random_state):
    check_normalization(wave, normalization, random_state, 150)


def check_residual(wave, activation, initializer, random_state, max_iter):
    options = {"hidden_layer_sizes": (16,) * 40, "activation": activation, "batch_size": 50, "max_iter": max_iter}
    plain = score(wave, random_state=random_state, **options)
    residual = score(wave, random_state=random_state, residual="residual", initializer=initializer, **options)
    assert residual[0] > 0.8
    assert plain[0] < 0.6
    assert residual[1] > plain[1] + 1.0


@pytest.mark.parametrize(("activation", "initializer"), [("relu", "fixup"), ("tanh", "fixup"), ("tanh", "auto")])
def test_residual_blocks_train_forty_layers(wave, activation, initializer):
    check_residual(wave, activation, initializer, 0, 40)


# He doubles the variance of the stream in every block, which costs rectifiers some epochs.
@pytest.mark.slow
@pytest.mark.parametrize("initializer", ["auto", "fixup"])
@pytest.mark.parametrize("activation", ["relu", "tanh", "silu"])
@pytest.mark.parametrize("random_state", range(3))
def test_residual_blocks_train_forty_layers_from_any_seed(wave, activation, initializer, random_state):
    check_residual(wave, activation, initializer, random_state, 150)


# Layer-sequential unit variance keeps the signal; where an activation gives every unit the same large mean, the signal
# is the small rest, which only units that are shifted one by one keep.
@pytest.mark.parametrize(("initializer", "activation"), [("lsuv", "tanh"), ("data_dependent", "sigmoid")])
def test_a_start_measured_on_data_trains_twenty_plain_layers(wave, initializer, activation):
    options = {"hidden_layer_sizes": (32,) * 20, "activation": activation, "max_iter": 40, "batch_size": 50}
    measured, automatic = (score(wave, initializer=i, **options) for i in (initializer, "auto"))
    assert measured[0] > automatic[0] + 0.3
    assert measured[1] > automatic[1] + 0.4
