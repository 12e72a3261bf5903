"""The step sizes of weight averages, and their limits."""

import numpy as np
import pytest

from uncertainty.optim import EMA, SWA


@pytest.mark.parametrize("decay", [0.0, 0.5, 0.999])
def test_exponential_step_sizes_give_the_corrected_average(decay):
    rule, numbers = EMA(decay).build(7), np.random.default_rng(0).normal(size=20)
    average = biased = 0.0
    for n, number in enumerate(numbers, start=1):
        average += rule.step_size(n) * (number - average)
        biased = decay * biased + (1.0 - decay) * number
        np.testing.assert_allclose(average, biased / (1.0 - decay**n), rtol=1e-9)
    assert (rule.every_step, rule.first_epoch) == (True, 1)
    assert rule.n_averaged(epoch=1, n_steps=5) == 5


def test_equal_step_sizes_give_the_mean():
    rule, numbers = SWA().build(100), np.random.default_rng(0).normal(size=20)
    average = 0.0
    for n, number in enumerate(numbers, start=1):
        average += rule.step_size(n) * (number - average)
    np.testing.assert_allclose(average, numbers.mean(), rtol=1e-12)


@pytest.mark.parametrize(("start", "n_epochs", "first"), [(0.75, 100, 76), (0.75, 1, 1), (0.0, 10, 1), (0.99, 10, 10)])
def test_averaging_begins_after_its_share_of_the_epochs(start, n_epochs, first):
    rule = SWA(start).build(n_epochs)
    counts = [rule.n_averaged(epoch, n_steps=5) for epoch in range(1, n_epochs + 1)]
    assert counts == [0] * (first - 1) + [1] * (n_epochs - first + 1)


@pytest.mark.parametrize("spec", [EMA(1.0), EMA(-0.1), SWA(1.0), SWA(-0.5)], ids=repr)
def test_numbers_out_of_range_are_refused(spec):
    with pytest.raises(ValueError, match=r"^(decay|start) must be .*got"):
        spec.build(10)
