"""What makes deep networks train: normalization, residual blocks and the right start, each against going without."""

from functools import cache

import numpy as np
import pytest

from uncertainty import ProbabilisticMLPRegressor, RandomNormal


def wave():
    """Two inputs, of which 96 % of the variance of y can be known."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 2))
    return X, np.sin(2 * X[:, 0]) + 0.5 * X[:, 1] + 0.1 * rng.normal(size=300)


@cache  # two kinds of blocks are compared with the same network without any
def score(*, random_state=0, **options):
    """R2 on the training rows, and the training loss at the end, in nats; the best constant has 1.42."""
    X, y = wave()
    fixed = {"head": "gaussian", "random_state": random_state, "embedding": None, "early_stopping": False}
    model = ProbabilisticMLPRegressor(**fixed, **options)
    model.fit(X, y)
    return model.score(X, y), model.loss_curve_[-1]


VANISHED = {
    "hidden_layer_sizes": (32,) * 20,
    "activation": "tanh",
    "initializer": RandomNormal(0.01),
    "batch_size": 100,
    "learning_rate_init": 1e-2,
    "n_iter_no_change": 100,
}


def check_batch_normalization(random_state, max_iter):
    plain = score(random_state=random_state, max_iter=max_iter, **VANISHED)
    normalized = score(random_state=random_state, max_iter=max_iter, normalization="batch", **VANISHED)
    assert plain[0] < 0.02
    assert plain[1] > 1.41
    assert normalized[0] > 0.4
    assert normalized[1] < 1.1


def test_batch_normalization_trains_twenty_layers_whose_signal_vanishes_without():
    check_batch_normalization(0, 60)


@pytest.mark.slow
@pytest.mark.parametrize("random_state", range(1, 5))
def test_batch_normalization_trains_twenty_layers_from_any_seed(random_state):
    check_batch_normalization(random_state, 150)


# Rectifiers without blocks train from some seeds and not from others, and are never as far after as many epochs. He
# weights double the variance of the residual stream in every block, so it is Fixup that shows what blocks can do there.
BLOCKS = [("tanh", "auto", 0.6), ("tanh", "fixup", 0.6), ("relu", "fixup", 0.95)]


def check_residual(activation, initializer, best_without, random_state):
    options = {"hidden_layer_sizes": (16,) * 40, "activation": activation, "batch_size": 50, "max_iter": 40}
    plain = score(random_state=random_state, **options)
    residual = score(random_state=random_state, residual="residual", initializer=initializer, **options)
    assert residual[0] > 0.9
    assert plain[0] < best_without
    assert residual[1] < plain[1] - 0.7


@pytest.mark.parametrize(("activation", "initializer", "best_without"), BLOCKS)
def test_residual_blocks_train_forty_layers(activation, initializer, best_without):
    check_residual(activation, initializer, best_without, 0)


@pytest.mark.slow
@pytest.mark.parametrize(("activation", "initializer", "best_without"), BLOCKS)
@pytest.mark.parametrize("random_state", range(1, 5))
def test_residual_blocks_train_forty_layers_from_any_seed(activation, initializer, best_without, random_state):
    check_residual(activation, initializer, best_without, random_state)


# Layer-sequential unit variance keeps the signal; where an activation gives every unit the same large mean, the signal
# is the small rest, which only units that are shifted one by one keep.
@pytest.mark.parametrize(("initializer", "activation"), [("lsuv", "tanh"), ("data_dependent", "sigmoid")])
def test_a_start_measured_on_data_trains_twenty_plain_layers(initializer, activation):
    options = {"hidden_layer_sizes": (32,) * 20, "activation": activation, "max_iter": 40, "batch_size": 50}
    measured, automatic = (score(initializer=i, **options) for i in (initializer, "auto"))
    assert measured[0] > automatic[0] + 0.3
    assert measured[1] < automatic[1] - 0.4
