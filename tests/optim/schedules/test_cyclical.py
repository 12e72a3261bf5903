"""Rates that rise and fall, batch by batch, against torch and the formulas of the papers."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from uncertainty.optim import Cyclical, OneCycle

N_EPOCHS, BATCHES = 12, 7
N_STEPS = N_EPOCHS * BATCHES


@pytest.mark.parametrize("mode", ["triangular", "triangular2", "exp_range"])
@pytest.mark.parametrize("step_size", [1, 2, 5])
def test_cyclical_rates_equal_torch(factors, torch_factors, mode, step_size):
    expected = torch_factors(
        lambda o: torch.optim.lr_scheduler.CyclicLR(
            o,
            base_lr=0.1,
            max_lr=1.0,
            step_size_up=step_size * BATCHES,
            mode=mode,
            gamma=0.8 ** (1 / BATCHES),
            cycle_momentum=False,
        )
    )
    spec = Cyclical(mode, step_size, min_factor=0.1, gamma=0.8)
    assert_allclose(factors(spec), expected, rtol=1e-10, atol=1e-12)


def test_cyclical_rates_follow_the_published_formula(factors):
    # Smith (2017), section 3.1: cycle = floor(1 + i / 2s), x = |i / s - 2 cycle + 1|, low + (high - low) max(0, 1 - x).
    steps, half = np.arange(N_STEPS), 3 * BATCHES
    cycle = np.floor(1 + steps / (2 * half))
    height = np.maximum(0, 1 - np.abs(steps / half - 2 * cycle + 1))
    assert_allclose(factors(Cyclical(step_size=3)), 0.25 + 0.75 * height, atol=1e-12)
    assert_allclose(factors(Cyclical("triangular2", 3)), 0.25 + 0.75 * height / 2 ** (cycle - 1), atol=1e-12)
    fallen = 0.9 ** (steps / BATCHES)
    assert_allclose(factors(Cyclical("exp_range", 3, gamma=0.9)), 0.25 + 0.75 * height * fallen, atol=1e-12)


@pytest.mark.parametrize("shape", ["cosine", "linear"])
@pytest.mark.parametrize("three_phases", [False, True])
@pytest.mark.parametrize("share", [0.1, 0.3, 0.45])
def test_one_cycle_equals_torch(factors, torch_factors, shape, three_phases, share):
    expected = torch_factors(
        lambda o: torch.optim.lr_scheduler.OneCycleLR(
            o,
            max_lr=1.0,
            total_steps=N_STEPS,
            pct_start=share,
            anneal_strategy={"cosine": "cos"}.get(shape, shape),
            div_factor=20,
            final_div_factor=50,
            three_phase=three_phases,
            cycle_momentum=False,
        )
    )
    spec = OneCycle(share, initial_factor=1 / 20, final_factor=1 / 1000, shape=shape, three_phases=three_phases)
    assert_allclose(factors(spec), expected, rtol=1e-10, atol=1e-12)


def test_one_cycle_has_torch_s_defaults(factors, torch_factors):
    expected = torch_factors(
        lambda o: torch.optim.lr_scheduler.OneCycleLR(o, max_lr=1.0, total_steps=N_STEPS, cycle_momentum=False)
    )
    assert_allclose(factors(OneCycle()), expected, rtol=1e-10, atol=1e-12)


def test_one_cycle_stays_at_its_end(factors):
    assert_allclose(factors(OneCycle(final_factor=0.01), N_STEPS + 5)[N_STEPS - 1 :], 0.01, rtol=1e-9)
