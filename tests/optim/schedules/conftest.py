"""The rates of a schedule step by step, ours and torch's."""

import pytest
import torch

N_EPOCHS, BATCHES = 12, 7
N_STEPS = N_EPOCHS * BATCHES


def our_factors(spec, n_steps=N_STEPS, n_epochs=N_EPOCHS):
    factor = spec.build(n_epochs, BATCHES)
    return [factor(step) for step in range(n_steps)]


def torch_rates(make):
    """The rates that one of torch's schedulers gives when it is stepped at every batch, from a rate of 1."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = make(optimizer)
    rates = []
    for step in range(N_STEPS):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if step + 1 < N_STEPS:
            scheduler.step()
    return rates


@pytest.fixture
def factors():
    return our_factors


@pytest.fixture
def torch_factors():
    return torch_rates
