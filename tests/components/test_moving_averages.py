"""Moving averages against weighted means written out, and what each is good for."""

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.testing import assert_allclose

from uncertainty.components.moving_averages import (
    corrected_exponential_step,
    cumulative_average,
    cumulative_step,
    cumulative_then_exponential_step,
    effective_window,
    exponential_average,
    exponential_step,
    moving_average,
    robbins_monro_step,
)

VALUES = np.random.default_rng(0).normal(3.0, 1.0, (40, 2))
COUNTS = np.arange(1, 41)


def test_the_cumulative_average_is_the_mean_so_far():
    assert_allclose(cumulative_average(VALUES), VALUES.cumsum(axis=0) / COUNTS[:, None], rtol=1e-12)


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9, 0.999])
def test_exponential_averages_are_weighted_sums(beta):
    for t in (0, 1, 7, 39):
        weights = (1 - beta) * beta ** np.arange(t, -1, -1)
        weighted = weights @ VALUES[: t + 1]
        assert_allclose(exponential_average(VALUES, beta, bias_correction=False)[t], weighted, rtol=1e-11)
        assert_allclose(exponential_average(VALUES, beta)[t], weighted / weights.sum(), rtol=1e-11)


@pytest.mark.parametrize("beta", [0.5, 0.98])
def test_the_corrected_average_equals_that_of_pandas(beta):
    expected = pd.DataFrame(VALUES).ewm(alpha=1 - beta, adjust=True).mean().to_numpy()
    assert_allclose(exponential_average(VALUES, beta), expected, rtol=1e-11)


def test_bias_correction_takes_the_start_out():
    constant = np.full(20, 5.0)
    assert_allclose(exponential_average(constant, 0.9), constant, rtol=1e-14)
    plain = exponential_average(constant, 0.9, bias_correction=False)
    assert_allclose(plain, 5.0 * (1 - 0.9 ** np.arange(1, 21)), rtol=1e-12)
    assert plain[0] == pytest.approx(0.5)


@pytest.mark.parametrize("power", [0.6, 0.8, 1.0])
def test_robbins_monro_averages_forget_their_start_and_find_the_mean(power):
    noisy = np.random.default_rng(1).normal(2.0, 1.0, 100_000)
    steps = robbins_monro_step(np.arange(1, len(noisy) + 1), power)
    found = moving_average(noisy, steps, start=-100.0)[-1]
    # The variance of the average is about step / 2 for power < 1, and exactly the last step for power 1.
    assert abs(found - 2.0) < 4 * np.sqrt(steps[-1])
    assert_allclose(robbins_monro_step(COUNTS, 1.0), cumulative_step(COUNTS))


def test_a_constant_step_never_stops_moving():
    # Why the steps have to shrink: the noise of an exponential average stays what its window makes it.
    noisy = np.random.default_rng(2).normal(2.0, 1.0, 20_000)
    late = exponential_average(noisy, 0.9)[1000:]
    assert_allclose(late.var(), 1 / effective_window(0.9), rtol=0.1)
    assert cumulative_average(noisy)[1000:].var() < 0.1 * late.var()


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9, 0.99])
def test_the_window_is_the_mean_with_the_same_sum_of_squared_weights(beta):
    weights = (1 - beta) * beta ** np.arange(10_000)
    assert_allclose(effective_window(beta), 1 / np.square(weights).sum(), rtol=1e-9)


def test_the_corrected_step_lies_between_a_mean_and_an_exponential_average():
    steps = corrected_exponential_step(0.9, COUNTS)
    assert steps[0] == pytest.approx(1.0)
    assert (np.diff(steps) < 0).all()
    assert_allclose(steps[-1], exponential_step(0.9), rtol=0.02)
    assert_allclose(corrected_exponential_step(1 - 1e-7, COUNTS), cumulative_step(COUNTS), rtol=1e-5)


def test_counts_may_be_tensors():
    counts = torch.arange(1, 41, dtype=torch.float64)
    for step in (cumulative_step, lambda n: robbins_monro_step(n, 0.7), lambda n: corrected_exponential_step(0.9, n)):
        assert_allclose(step(counts).numpy(), step(COUNTS), rtol=1e-13)
        assert_allclose(step(7), step(COUNTS)[6], rtol=1e-14)


def test_cumulative_then_exponential():
    steps = [cumulative_then_exponential_step(0.1, n) for n in range(1, 31)]
    assert steps == [1 / n for n in range(1, 10)] + [0.1] * 21
    averages = moving_average(VALUES[:30], steps)
    assert_allclose(averages[:10], cumulative_average(VALUES[:10]), rtol=1e-12)
    assert_allclose(averages[10], 0.9 * averages[9] + 0.1 * VALUES[10], rtol=1e-12)


@pytest.mark.parametrize("beta", [1.0, -0.1, float("nan")])
def test_a_share_outside_the_unit_interval_is_refused(beta):
    with pytest.raises(ValueError, match="beta must be at least 0 and less than 1"):
        exponential_average(VALUES, beta)


def test_averages_need_a_step_for_each_value():
    with pytest.raises(ValueError, match="zip"):
        moving_average(VALUES, [0.1])
