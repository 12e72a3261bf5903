"""Penalties against autograd of the written objective and scikit-learn's exact solutions; norms against their limit."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import ElasticNet

from uncertainty.optim import SGD, Adadelta, AdaGrad, Adam, GradientDescent, Nadam, RMSprop
from uncertainty.optim.penalties import add_penalty_gradient_, limit_norms_, stay_in_orthant_


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("alpha", [0.0, 0.3])
@pytest.mark.parametrize("l1_ratio", [0.0, 0.25, 1.0])
def test_gradient_of_the_penalty(alpha, l1_ratio):
    values, before = normal(3, 16), normal(3, 16, seed=1)
    mask = (torch.arange(16) < 10).double()
    gradient = before.clone()
    orthant = add_penalty_gradient_(gradient, values, mask, alpha=alpha, l1_ratio=l1_ratio)
    leaf = values.clone().requires_grad_()
    w = leaf * mask
    objective = alpha * ((1 - l1_ratio) / 2 * w.square().sum() + l1_ratio * w.abs().sum())
    torch.testing.assert_close(gradient - before, torch.autograd.grad(objective, leaf)[0], rtol=1e-12, atol=1e-14)
    assert (gradient == before)[:, 10:].all()
    if alpha * l1_ratio == 0.0:
        assert orthant is None
    else:
        assert torch.equal(orthant, values.sign())


def test_a_weight_at_zero_is_held_until_the_loss_pulls_harder():
    loss_gradient = torch.tensor([[0.0, 0.4, -0.4, 0.7, -0.7, 0.7]], dtype=torch.float64)
    mask = torch.tensor([1, 1, 1, 1, 1, 0], dtype=torch.float64)
    gradient = loss_gradient.clone()
    orthant = add_penalty_gradient_(gradient, torch.zeros_like(gradient), mask, alpha=0.5, l1_ratio=1.0)
    assert_allclose(gradient, [[0.0, 0.0, 0.0, 0.2, -0.2, 0.7]])
    # The shortest of all subgradients, which are g + s for s in [-0.5, 0.5].
    shortest = [min(abs(g + s) for s in np.linspace(-0.5, 0.5, 1001)) for g in loss_gradient[0, :5].tolist()]
    assert_allclose(gradient[0, :5].abs(), shortest, atol=1e-12)
    assert orthant[0, :5].tolist() == [0, 0, 0, -1, 1]


def test_what_leaves_its_orthant_stops_at_zero():
    mask = torch.tensor([1, 1, 1, 1, 1, 0], dtype=torch.float64)
    orthant = torch.tensor([[1, 1, -1, 0, 0, 1]], dtype=torch.float64)
    values = torch.tensor([[0.2, -0.1, 0.3, 0.1, 0.0, -5.0]], dtype=torch.float64)
    stay_in_orthant_(values, orthant, mask)
    assert values.tolist() == [[0.2, 0.0, 0.0, 0.0, 0.0, -5.0]]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("side", [-1.0, 0.0, 1.0])
def test_what_is_not_finite_is_not_hidden(value, side):
    values = torch.tensor([[value]])
    stay_in_orthant_(values, torch.tensor([[side]]), torch.ones(1))
    assert not torch.isfinite(values).any()
    gradient = torch.tensor([[value]])
    add_penalty_gradient_(gradient, torch.tensor([[side]]), torch.ones(1), alpha=1.0, l1_ratio=1.0)
    assert not torch.isfinite(gradient).any()


DESCENTS = [
    (GradientDescent(), 0.2),
    (SGD(momentum=0.9), 0.05),
    (SGD(momentum_form="average", bias_correction=True), 0.3),
    (AdaGrad(), 0.5),
    (Adadelta(epsilon=1e-4), 1.0),
    (RMSprop(), 0.02),
    (Adam(), 0.05),
    (Adam(amsgrad=True), 0.05),
    (Nadam(), 0.05),
]


def sparse_regressions(n_rows=60, n_weights=16):
    """Two problems in one stack, each with three inputs that matter."""
    x = normal(2, n_rows, n_weights)
    truth = torch.zeros(2, n_weights, 1, dtype=torch.float64)
    truth[:, :3] = torch.tensor([[1.5, -1.0, 0.5], [-2.0, 0.7, 0.4]], dtype=torch.float64).unsqueeze(2)
    return x, x @ truth + 0.5 * normal(2, n_rows, 1, seed=1)


@pytest.mark.parametrize(("spec", "rate"), DESCENTS, ids=lambda value: repr(value))
@pytest.mark.parametrize("l1_ratio", [1.0, 0.7])
def test_every_optimizer_finds_the_exact_zeros_of_the_elastic_net(spec, rate, l1_ratio):
    x, y = sparse_regressions()
    values, mask = normal(2, 16, seed=2), torch.ones(16, dtype=torch.float64)
    optimizer = spec.build(values, mask)
    for step in range(1200):
        residual = x @ values.unsqueeze(2) - y
        gradient = (x.transpose(1, 2) @ residual)[..., 0] / x.shape[1]
        orthant = add_penalty_gradient_(gradient, values, mask, alpha=0.15, l1_ratio=l1_ratio)
        optimizer.update_(values, gradient, rate * 0.995**step)
        stay_in_orthant_(values, orthant, mask)
    for m in range(2):
        peer = ElasticNet(alpha=0.15, l1_ratio=l1_ratio, fit_intercept=False, tol=1e-12, max_iter=100_000)
        expected = peer.fit(x[m].numpy(), y[m, :, 0].numpy()).coef_
        assert 5 < (expected == 0).sum() < 14
        assert_array_equal(values[m].numpy() == 0, expected == 0)
        assert_allclose(values[m], expected, atol=5e-3)


def test_norms_are_those_of_the_incoming_weights_of_each_unit():
    weight = normal(3, 5, 7)
    weight[1, :, 2] = 0.0
    before = weight.clone()
    limit_norms_(weight, 1.5)
    for m in range(3):
        for unit in range(7):
            norm = np.linalg.norm(before[m, :, unit])
            expected = before[m, :, unit] * (1.0 if norm <= 1.5 else 1.5 / norm)
            assert_allclose(weight[m, :, unit], expected, rtol=1e-14)
    assert 0 < (weight != before).sum() < weight.numel()


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e200])
def test_a_norm_that_is_not_finite_shows(value):
    weight = torch.tensor([[[1.0, value], [2.0, value]]], dtype=torch.float64)
    limit_norms_(weight, 3.0)
    assert weight[0, :, 0].tolist() == [1.0, 2.0]
    assert torch.isnan(weight[0, :, 1]).all()
