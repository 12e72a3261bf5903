"""The gradient of the penalties against autograd of the written objective."""

import pytest
import torch

from uncertainty.optim.penalties import add_penalty_gradient_


@pytest.mark.parametrize("alpha", [0.0, 0.3])
@pytest.mark.parametrize("l1_ratio", [0.0, 0.25, 1.0])
def test_gradient_of_the_penalty(alpha, l1_ratio):
    generator = torch.Generator().manual_seed(0)
    values, before = (torch.randn(3, 16, generator=generator, dtype=torch.float64) for _ in range(2))
    mask = (torch.arange(16) < 10).double()
    gradient = before.clone()
    add_penalty_gradient_(gradient, values, mask, alpha=alpha, l1_ratio=l1_ratio)
    leaf = values.clone().requires_grad_()
    w = leaf * mask
    objective = alpha * ((1 - l1_ratio) / 2 * w.square().sum() + l1_ratio * w.abs().sum())
    torch.testing.assert_close(gradient - before, torch.autograd.grad(objective, leaf)[0], rtol=1e-12, atol=1e-14)
    assert (gradient == before)[:, 10:].all()


def test_weights_at_zero_are_not_pushed():
    gradient = torch.zeros(1, 4)
    add_penalty_gradient_(gradient, torch.zeros(1, 4), torch.ones(4), alpha=1.0, l1_ratio=0.5)
    assert (gradient == 0).all()
