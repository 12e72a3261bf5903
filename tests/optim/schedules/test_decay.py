"""Falling rates against torch, scikit-learn's rule and written formulas."""

import numpy as np
import torch
from numpy.testing import assert_allclose

from uncertainty.optim import ConstantRate, ExponentialDecay, InverseScaling, StepDecay, TimeDecay

BATCHES = 7
STEPS = np.arange(12 * BATCHES)


def test_constant(factors):
    assert factors(ConstantRate()) == [1.0] * len(STEPS)


def test_step_decay_equals_torch(factors, torch_factors):
    expected = torch_factors(lambda o: torch.optim.lr_scheduler.StepLR(o, 5 * BATCHES, gamma=0.3))
    assert_allclose(factors(StepDecay(step_size=5, gamma=0.3)), expected, rtol=1e-12)


def test_exponential_decay_equals_torch(factors, torch_factors):
    expected = torch_factors(lambda o: torch.optim.lr_scheduler.ExponentialLR(o, gamma=0.9 ** (1 / BATCHES)))
    assert_allclose(factors(ExponentialDecay(gamma=0.9)), expected, rtol=1e-10)
    assert_allclose(factors(ExponentialDecay(gamma=0.9))[BATCHES], 0.9)


def test_inverse_scaling(factors):
    assert_allclose(factors(InverseScaling(power_t=0.3)), 1 / (STEPS + 1) ** 0.3, rtol=1e-12)
    assert_allclose(factors(InverseScaling()), 1 / np.sqrt(STEPS + 1), rtol=1e-12)


def test_time_decay(factors):
    assert_allclose(factors(TimeDecay(decay=0.5)), 1 / (1 + 0.5 * STEPS / BATCHES), rtol=1e-12)
    assert_allclose(factors(TimeDecay(decay=0.5))[2 * BATCHES], 0.5)


def test_robbins_monro_rates_converge_where_a_constant_rate_keeps_its_noise():
    # Least squares by single noisy samples: w <- w - rate (w - y).
    noisy = np.random.default_rng(0).normal(1.0, 1.0, (2000, 200))
    errors = {}
    for spec in (ConstantRate(), InverseScaling(power_t=0.8)):
        factor, w = spec.build(1, 2000), np.zeros(200)
        for step, y in enumerate(noisy):
            w -= 0.9 * factor(step) * (w - y)
        errors[type(spec)] = np.sqrt(np.mean((w - 1.0) ** 2))
    assert errors[InverseScaling] < 0.1 * errors[ConstantRate]
