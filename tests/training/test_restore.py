"""Weights that a hook puts back: training and its averages go on from there."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from uncertainty.optim import EMA
from uncertainty.training import whole

MEMBERS = range(3)
OPTIONS = {"batch_size": 50, "normalization": "batch", "learning_rate": 0.02}  # one batch an epoch


@pytest.fixture
def other(fit):
    """Weights and statistics of a fit that went elsewhere."""
    elsewhere = fit(range(10, 13), max_epochs=2, **OPTIONS)
    return torch.from_numpy(elsewhere.values), torch.from_numpy(elsewhere.statistics)


def restoring(epoch, weights):
    """A hook that puts the weights back after this epoch."""
    return (lambda state: bool(state.epoch == epoch and state.restore(*weights)),)


@pytest.mark.parametrize("averaging", [None, EMA(0.9)], ids=str)
def test_what_is_put_back_is_watched_from_then_on(fit, other, averaging):
    fitted = fit(MEMBERS, max_epochs=3, averaging=averaging, on_epoch_end=restoring(3, other), **OPTIONS)
    assert_array_equal(fitted.values, other[0])
    assert_array_equal(fitted.statistics, other[1])
    if averaging is not None:  # the weights in training too
        assert_array_equal(fitted.result.optimizer_state["values"], other[0])
        assert_array_equal(fitted.result.optimizer_state["statistics"], other[1])


@pytest.mark.parametrize("averaging", [None, EMA(0.9)], ids=str)
@pytest.mark.parametrize("n_threads", [1, 2])
def test_training_goes_on_from_what_is_put_back(fit, monkeypatch, other, averaging, n_threads):
    monkeypatch.setattr(whole, "training_threads", lambda work, limit: n_threads)
    options = {"averaging": averaging, **OPTIONS}
    fitted = fit(MEMBERS, max_epochs=6, on_epoch_end=restoring(3, other), **options)
    # A fit of the first three epochs, and one that goes on from its optimizer's state but from the other weights.
    half = fit(MEMBERS, max_epochs=3, **options).result
    state = half.optimizer_state
    if averaging is not None:
        state |= {"values": other[0].numpy(), "statistics": other[1].numpy()}
    rest = fit(MEMBERS, max_epochs=3, start=other, optimizer_state=state, n_updates=half.n_updates, **options)
    assert_allclose(fitted.values, rest.values, rtol=1e-9, atol=1e-12)
    assert_allclose(fitted.statistics, rest.statistics, rtol=1e-9, atol=1e-12)
    assert np.abs(fitted.values - other[0].numpy()).max() > 1e-3


def test_best_weights_are_kept_while_others_are_put_back(fit, other):
    options = {"n_validation": 15, **OPTIONS}
    plain = fit(MEMBERS, max_epochs=4, **options)
    spoilt = tuple(tensor + 3.0 for tensor in other)
    fitted = fit(MEMBERS, max_epochs=5, on_epoch_end=restoring(4, spoilt), **options)
    assert_array_equal(fitted.values, plain.values)
    assert fitted.result.history[-1]["validation_loss"] > plain.result.history[-1]["validation_loss"] + 0.1
