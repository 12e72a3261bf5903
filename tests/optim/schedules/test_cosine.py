"""Cosine schedules, batch by batch, against torch.optim.lr_scheduler or the written formula."""

from math import cos, pi

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from uncertainty.optim import Cosine, CosineRestarts
from uncertainty.optim.schedules import CosineCycles, cycle_ends

N_EPOCHS, BATCHES = 12, 7
N_STEPS = N_EPOCHS * BATCHES


@pytest.mark.parametrize("low", [0.0, 0.1])
def test_cosine_equals_torch(factors, torch_factors, low):
    expected = torch_factors(lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, N_STEPS, eta_min=low))
    assert_allclose(factors(Cosine(min_factor=low)), expected, rtol=1e-9, atol=1e-12)


def test_cosine_stays_at_its_end(factors):
    assert_allclose(factors(Cosine(min_factor=0.2), N_STEPS + 5)[N_STEPS:], 0.2)


@pytest.mark.parametrize("multiplier", [1, 2])
@pytest.mark.parametrize("low", [0.0, 0.1])
def test_cosine_restarts_equal_torch(factors, torch_factors, multiplier, low):
    expected = torch_factors(
        lambda o: torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(o, 2 * BATCHES, T_mult=multiplier, eta_min=low)
    )
    actual = factors(CosineRestarts(cycle_length=2, multiplier=multiplier, min_factor=low))
    assert_allclose(actual, expected, rtol=1e-9, atol=1e-12)
    restarts = [step for step in range(1, N_STEPS) if actual[step] > actual[step - 1]]
    assert restarts == ([14, 28, 42, 56, 70] if multiplier == 1 else [14, 42])
    assert all(actual[step] == 1.0 for step in restarts)


def test_cycles_may_grow_by_a_fraction(factors):
    # Cycles of 2, 3 and 4.5 epochs, at a step inside the third.
    progress = 3 / (4.5 * BATCHES)
    expected = 0.5 * (1 + cos(pi * progress))
    assert_allclose(factors(CosineRestarts(cycle_length=2, multiplier=1.5))[5 * BATCHES + 3], expected)


@pytest.mark.parametrize("multiplier", [1.0, 1.5])
@pytest.mark.parametrize(("max_decay", "min_decay"), [(0.5, None), (0.8, 0.3), (1.0, 0.5)])
def test_both_bounds_may_fall_from_cycle_to_cycle(factors, multiplier, max_decay, min_decay):
    spec = CosineRestarts(2, multiplier, min_factor=0.2, max_decay=max_decay, min_decay=min_decay)
    expected, cycle, start, length = [], 0, 0.0, 2.0 * BATCHES
    low_decay = max_decay if min_decay is None else min_decay
    for step in range(N_STEPS):
        if step >= start + length:
            cycle, start, length = cycle + 1, start + length, length * multiplier
        low, high = 0.2 * low_decay**cycle, max_decay**cycle
        expected.append(low + 0.5 * (high - low) * (1 + cos(pi * (step - start) / length)))  # eq. 5 of the paper
    assert_allclose(factors(spec), expected, rtol=1e-12)
    if multiplier == 1.0:
        assert_allclose([factors(spec)[2 * BATCHES * c] for c in range(6)], [max_decay**c for c in range(6)])


@pytest.mark.parametrize(("n_epochs", "n_cycles"), [(1, 1), (5, 5), (7, 4), (12, 5), (13, 3), (200, 7), (50, 1)])
def test_cycles_share_out_all_epochs_evenly(n_epochs, n_cycles):
    ends = cycle_ends(n_epochs, n_cycles)
    lengths = np.diff([0, *ends])
    assert len(ends) == n_cycles
    assert ends[-1] == n_epochs
    assert lengths.min() >= 1
    assert np.ptp(lengths) <= 1


@pytest.mark.parametrize(("n_epochs", "n_cycles"), [(12, 5), (13, 3), (7, 7), (200, 6), (9, 1)])
@pytest.mark.parametrize("batches", [1, 7, 40])
def test_cosine_cycles_start_at_one_and_end_near_zero(n_epochs, n_cycles, batches):
    factor = CosineCycles(n_cycles).build(n_epochs, batches)
    found = np.array([factor(step) for step in range(n_epochs * batches + 5)])
    assert found.min() >= 0.0
    assert found.max() <= 1.0
    ends = np.array(cycle_ends(n_epochs, n_cycles)) * batches
    starts = np.array([0, *ends[:-1]])
    assert_allclose(found[starts], 1.0)
    for start, end in zip(starts, ends, strict=True):
        steps = np.arange(end - start)
        assert_allclose(found[start:end], 0.5 * (1 + np.cos(pi * steps / (end - start))), atol=1e-12)
        if end - start > 20:
            assert found[end - 1] < 0.01


def test_cosine_cycles_of_equal_length_are_warm_restarts():
    cycles = CosineCycles(3).build(12, BATCHES)
    restarts = CosineRestarts(4).build(12, BATCHES)
    steps = range(12 * BATCHES)
    assert_allclose([cycles(step) for step in steps], [restarts(step) for step in steps], atol=1e-12)
