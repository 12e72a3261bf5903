"""Members never meet: a stack is its members trained alone, five are the first five of ten, and order is nothing."""

import random

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from uncertainty.heads import Gaussian, MixtureDensity
from uncertainty.optim import EMA, SGD, SWA, Adam, CosineRestarts
from uncertainty.training import Augmentation

VARIANTS = {
    "plain": {},
    "linear": {"hidden": ()},
    "batch norm": {"normalization": "batch"},
    "layer norm": {"normalization": "layer"},
    "dropout": {"dropout": 0.3},
    "weights": {"weighted": True, "normalization": "batch"},
    "bootstrap": {"bootstrap": True},
    "constant variance": {"head": Gaussian(variance="constant").build(1)},
    "beta": {"head": Gaussian(beta=0.3).build(1)},
    "warm-up": {"head": Gaussian(mean_warmup=2).build(1)},
    "augmentation": {"augmentation": Augmentation(0.4, 0.2, 0.1, 0.2), "weighted": True},
    "mixture": {"head": MixtureDensity(3).build(1)},
    "clipping and penalties": {
        "optimizer": SGD(clip_norm=0.5, weight_decay=1e-2),
        "alpha": 1e-2,
        "l1_ratio": 0.5,
        "schedule": CosineRestarts(cycle_length=2),
    },
    "adversarial": {"adversarial_perturbation": torch.full((3,), 0.05, dtype=torch.float64)},
    "average of steps": {"averaging": EMA(0.9), "normalization": "batch"},
    "average of epochs": {"averaging": SWA(start=0.4), "normalization": "batch"},
}
EVERYTHING = {"dropout": 0.2, "normalization": "batch", "bootstrap": True}


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_stack_of_three_is_three_trained_alone(fit, variant):
    stack = fit([0, 1, 2], **VARIANTS[variant])
    for m in range(3):
        alone = fit([m], **VARIANTS[variant])
        assert_allclose(alone.values[0], stack.values[m], rtol=1e-9, atol=1e-11)
        assert_allclose(alone.statistics[0], stack.statistics[m], rtol=1e-9, atol=1e-11)
    assert np.abs(stack.values - stack.start[0].numpy()).max() > 1e-3  # they did move
    assert np.abs(stack.values[0] - stack.values[1]).max() > 1e-3


def test_early_stopping_treats_members_alone(fit):
    options = {"n_validation": 12, "patience": 3, "max_epochs": 40, "tol": 1e-2, "learning_rate": 3e-2}
    stack = fit([0, 1, 2, 3], **options)
    for m in range(4):
        alone = fit([m], **options)
        assert alone.result.best_epochs[0] == stack.result.best_epochs[m]
        assert_allclose(alone.values[0], stack.values[m], rtol=1e-8, atol=1e-10)
        assert_allclose(alone.result.best_losses[0], stack.result.best_losses[m], rtol=1e-9)


@pytest.mark.parametrize(
    "variant",
    ["plain", "batch norm", "layer norm", "dropout", "bootstrap", "weights", "mixture", "average of steps"],
)
def test_five_members_are_the_first_five_of_ten_to_the_bit(fit, variant):
    ten = fit(range(10), dtype=torch.float32, **VARIANTS[variant])
    five = fit(range(5), dtype=torch.float32, **VARIANTS[variant])
    assert_array_equal(five.values, ten.values[:5])
    assert_array_equal(five.statistics, ten.statistics[:5])


@pytest.mark.parametrize("options", [{}, EVERYTHING], ids=["plain", "everything"])
def test_five_members_are_the_first_five_of_ten_while_members_leave(fit, options):
    plan = {"n_validation": 12, "patience": 3, "max_epochs": 40, "tol": 1e-2, "learning_rate": 3e-2, **options}
    ten, five = fit(range(10), dtype=torch.float32, **plan), fit(range(5), dtype=torch.float32, **plan)
    n_training = [record["n_training"] for record in five.result.history]
    assert len(set(n_training)) > 2  # members left at different epochs
    assert_array_equal(five.values, ten.values[:5])
    assert_array_equal(five.statistics, ten.statistics[:5])
    assert_array_equal(five.result.best_epochs, ten.result.best_epochs[:5])
    assert_array_equal(five.result.best_losses, ten.result.best_losses[:5])


def fit_on_threads(fit, rows, numbers, n_threads, n_inputs):
    torch.set_num_threads(n_threads)  # the harness puts the old number back
    options = {"rows": rows(100, torch.float32, n_inputs=n_inputs), "dtype": torch.float32, "hidden": (13, 7)}
    return fit(numbers, batch_size=33, **options).values


@pytest.mark.parametrize("n_inputs", [3, 5, 8])
def test_neither_threads_nor_stack_size_change_a_bit(fit, rows, n_inputs):
    two = fit_on_threads(fit, rows, range(2), 1, n_inputs)
    assert_array_equal(fit_on_threads(fit, rows, range(2), 2, n_inputs), two)
    assert_array_equal(fit_on_threads(fit, rows, range(5), 2, n_inputs)[:2], two)
    assert_array_equal(fit_on_threads(fit, rows, [0], 1, n_inputs), two[:1])


# Not strict: whether it fails depends on the matrix library and the processor.
def test_threads_do_not_change_a_bit_of_a_single_member(fit, rows):
    for n_inputs in (5, 7):
        one = fit_on_threads(fit, rows, [0], 1, n_inputs)
        assert_array_equal(fit_on_threads(fit, rows, [0], 2, n_inputs), one)


def test_permuting_members_permutes_the_result(fit):
    plan = {"n_validation": 12, "patience": 3, "max_epochs": 15, **EVERYTHING}
    order = [3, 0, 2, 1]
    straight, permuted = fit(range(4), **plan), fit(order, **plan)
    assert_array_equal(permuted.values, straight.values[order])
    assert_array_equal(permuted.result.best_epochs, straight.result.best_epochs[order])


def test_the_same_numbers_give_the_same_fit(fit):
    first, second = (fit(range(3), dtype=torch.float32, n_validation=12, **EVERYTHING) for _ in range(2))
    assert_array_equal(first.values, second.values)
    assert first.result.history == second.result.history


def test_global_random_state_and_threads_are_left_alone(fit):
    random.seed(3)
    np.random.seed(3)  # noqa: NPY002
    torch.manual_seed(3)

    def state():
        name, keys, *rest = np.random.get_state()  # noqa: NPY002
        return random.getstate(), name, keys.tolist(), rest, torch.get_rng_state().tolist(), torch.get_num_threads()

    before = state()
    fit(range(2), n_validation=12, optimizer=Adam(clip_norm=1.0), **EVERYTHING)
    assert state() == before


def test_training_lowers_the_loss(fit):
    fitted = fit(range(3), n_rows=200, max_epochs=60)
    losses = [record["train_loss"] for record in fitted.result.history]
    noise = 0.3  # the wave's noise; the marginal standard deviation is about 0.75
    floor = np.log(noise) + 0.5 * np.log(2 * np.pi * np.e)
    assert losses[-1] < floor + 0.35 < losses[0]
