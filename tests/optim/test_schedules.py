"""Learning-rate factors, batch by batch, against torch.optim.lr_scheduler or the written formula."""

from math import cos, pi

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from uncertainty import optim
from uncertainty.components.spec import named_specs
from uncertainty.optim import ConstantRate, Cosine, CosineRestarts, ExponentialDecay, StepDecay
from uncertainty.optim.schedules import CosineCycles, Schedule, cycle_ends

N_EPOCHS, BATCHES = 12, 7
N_STEPS = N_EPOCHS * BATCHES


def factors(spec, n_steps=N_STEPS):
    factor = spec.build(N_EPOCHS, BATCHES)
    return [factor(step) for step in range(n_steps)]


def torch_factors(make):
    """The rates that one of torch's schedulers gives when it is stepped at every batch, from a rate of 1."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = make(optimizer)
    rates = []
    for _ in range(N_STEPS):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates


def test_constant():
    assert factors(ConstantRate()) == [1.0] * N_STEPS


def test_step_decay_equals_torch():
    expected = torch_factors(lambda o: torch.optim.lr_scheduler.StepLR(o, 5 * BATCHES, gamma=0.3))
    assert_allclose(factors(StepDecay(step_size=5, gamma=0.3)), expected, rtol=1e-12)


def test_exponential_decay_equals_torch():
    expected = torch_factors(lambda o: torch.optim.lr_scheduler.ExponentialLR(o, gamma=0.9 ** (1 / BATCHES)))
    assert_allclose(factors(ExponentialDecay(gamma=0.9)), expected, rtol=1e-10)
    assert_allclose(factors(ExponentialDecay(gamma=0.9))[BATCHES], 0.9)


@pytest.mark.parametrize("low", [0.0, 0.1])
def test_cosine_equals_torch(low):
    expected = torch_factors(lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, N_STEPS, eta_min=low))
    assert_allclose(factors(Cosine(min_factor=low)), expected, rtol=1e-9, atol=1e-12)


def test_cosine_stays_at_its_end():
    assert_allclose(factors(Cosine(min_factor=0.2), N_STEPS + 5)[N_STEPS:], 0.2)


@pytest.mark.parametrize("multiplier", [1, 2])
@pytest.mark.parametrize("low", [0.0, 0.1])
def test_cosine_restarts_equal_torch(multiplier, low):
    expected = torch_factors(
        lambda o: torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(o, 2 * BATCHES, T_mult=multiplier, eta_min=low)
    )
    actual = factors(CosineRestarts(cycle_length=2, multiplier=multiplier, min_factor=low))
    assert_allclose(actual, expected, rtol=1e-9, atol=1e-12)
    restarts = [step for step in range(1, N_STEPS) if actual[step] > actual[step - 1]]
    assert restarts == ([14, 28, 42, 56, 70] if multiplier == 1 else [14, 42])
    assert all(actual[step] == 1.0 for step in restarts)


def test_cycles_may_grow_by_a_fraction():
    # Cycles of 2, 3 and 4.5 epochs, at a step inside the third.
    progress = 3 / (4.5 * BATCHES)
    expected = 0.5 * (1 + cos(pi * progress))
    assert_allclose(factors(CosineRestarts(cycle_length=2, multiplier=1.5))[5 * BATCHES + 3], expected)


@pytest.mark.parametrize("name", named_specs(optim, Schedule))
def test_every_schedule_starts_at_the_full_rate_and_never_leaves_the_unit_interval(name):
    made = factors(named_specs(optim, Schedule)[name])
    assert made[0] == 1.0
    assert all(0.0 <= factor <= 1.0 for factor in made)
    factor = named_specs(optim, Schedule)[name].build(N_EPOCHS, BATCHES)
    assert [factor(step) for step in reversed(range(N_STEPS))] == made[::-1]  # a function of the step alone


@pytest.mark.parametrize(
    "spec",
    [
        StepDecay(step_size=0),
        StepDecay(gamma=0.0),
        ExponentialDecay(gamma=-1.0),
        Cosine(min_factor=1.5),
        CosineRestarts(cycle_length=0),
        CosineRestarts(multiplier=0.5),
        CosineRestarts(min_factor=-0.1),
    ],
    ids=repr,
)
def test_bad_options_are_refused_when_built(spec):
    with pytest.raises(ValueError, match="must be"):
        spec.build(N_EPOCHS, BATCHES)


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
