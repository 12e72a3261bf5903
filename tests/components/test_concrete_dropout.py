"""Concrete dropout against its objective as the paper writes it, by autograd."""

import numpy as np
import pytest
import torch

from uncertainty.components import MLP, Dropout, HeNormal
from uncertainty.components.concrete_dropout import TEMPERATURE, ConcreteDropout
from uncertainty.components.layer import Batch
from uncertainty.components.pointwise import pointwise
from uncertainty.heads import Gaussian
from uncertainty.training.stack import Stack

N_MEMBERS, N_ROWS, N_INPUTS, HIDDEN, N_TRAIN = 3, 9, 4, (6, 5), 50


def sources(n_members):
    return [np.random.Generator(np.random.SFC64(m)) for m in range(n_members)]


def make_stack(normal, rate=0.2, *, weighted=False):
    mlp = MLP(N_INPUTS, HIDDEN, 2, pointwise("tanh"), None, Dropout(rate, kind="concrete").build(2))
    generators = sources(N_MEMBERS)
    values, statistics = mlp.initialize(generators, HeNormal(), dtype=torch.float64)
    values += 0.3 * normal(*values.shape)
    x, y = normal(N_MEMBERS, N_ROWS, N_INPUTS, seed=1), normal(N_MEMBERS, N_ROWS, 1, seed=2)
    weight = normal(N_MEMBERS, N_ROWS, seed=3).square() if weighted else None
    noise = mlp.draw_noise(generators, N_ROWS, 1, dtype=torch.float64)
    return Stack(mlp, Gaussian().build(1), values, statistics), Batch(x, y, weight, noise, N_TRAIN)


def written_objective(stack, values, batch):
    """Gal, Hron & Kendall (2017), eqs. 2-5 without the prior of the weights, one member after the other."""
    p = stack.mlp.layout.views(values)
    total = torch.zeros(())
    for m in range(N_MEMBERS):
        h, divergence = batch.x[m], torch.zeros(())
        for i, width in enumerate(HIDDEN):
            h = torch.tanh(h @ p[f"hidden{i}.weight"][m] + p[f"hidden{i}.bias"][m])
            rate = torch.sigmoid(p[f"dropout{i}.logit"][m])
            u = batch.noise[i][m]
            # Eq. 5, the share of a unit that is dropped.
            dropped = torch.sigmoid((rate.log() - (1 - rate).log() + u.log() - (1 - u).log()) / 0.1)
            h = h * (1 - dropped) / (1 - rate)
            # Eqs. 3-4: minus the entropy of a coin for each unit.
            divergence = divergence + width * (rate * rate.log() + (1 - rate) * (1 - rate).log()).sum()
        raw = h @ p["output.weight"][m].T + p["output.bias"][m]
        nll = -stack.head.log_prob(raw.unsqueeze(0), batch.y[m : m + 1])[0]
        loss = (nll if batch.weight is None else batch.weight[m] * nll).mean()
        total = total + loss + divergence / N_TRAIN  # eq. 1 over n: the mean over rows, and the divergence over n
    return total


@pytest.mark.parametrize("weighted", [False, True])
def test_the_gradient_is_that_of_the_written_objective(normal, weighted):
    stack, batch = make_stack(normal, weighted=weighted)
    values = stack.values.clone().requires_grad_()
    expected = torch.autograd.grad(written_objective(stack, values, batch), values)[0]
    for _ in range(2):
        stack.compute_gradient(batch)
        torch.testing.assert_close(stack.gradient, expected, rtol=1e-8, atol=1e-10)


def test_where_the_likelihood_does_not_care_the_entropy_pushes_the_rate_to_a_half(normal):
    stack, batch = make_stack(normal)
    stack.mlp.layout.views(stack.values)["output.weight"].zero_()
    stack.compute_gradient(batch)
    for i, width in enumerate(HIDDEN):
        logit = stack.mlp.layout.views(stack.values)[f"dropout{i}.logit"]
        rate = torch.sigmoid(logit)
        expected = width / N_TRAIN * rate * (1 - rate) * logit  # of minus the entropy: negative below a half
        torch.testing.assert_close(stack.mlp.layout.views(stack.gradient)[f"dropout{i}.logit"], expected)


def test_most_shares_are_nearly_zero_or_one_and_one_as_often_as_the_rate_says(in_training, through):
    rate, n = 0.3, 40_000
    component = ConcreteDropout(rate)
    uniform = component.noise(1).draw(sources(1), n, dtype=torch.float64)
    x = torch.ones(1, n, 1).double()
    logit = torch.full((1, 1), np.log(rate / (1 - rate))).double()
    layer, _ = in_training(component, {"logit": logit}, x, noise=0)
    share = 1.0 - through(layer, x, x, [uniform])[0] * (1 - rate)
    # The share passes a half where u passes 1 - p, whatever the temperature.
    assert abs((share > 0.5).double().mean().item() - rate) < 4 * np.sqrt(rate * (1 - rate) / n)
    # It is between 0.1 and 0.9 where logit u lies within the temperature times logit 0.9 of logit(1 - p).
    reach = TEMPERATURE * np.log(9.0)
    low, high = (1 / (1 + np.exp(-(np.log((1 - rate) / rate) + sign * reach))) for sign in (-1, 1))
    between = ((share > 0.1) & (share < 0.9)).double().mean().item()
    assert abs(between - (high - low)) < 4 * np.sqrt((high - low) / n)


def test_the_rate_starts_at_the_argument_and_is_not_penalized():
    mlp = MLP(N_INPUTS, HIDDEN, 2, pointwise("tanh"), None, Dropout((0.1, 0.3), kind="concrete").build(2))
    values, _ = mlp.initialize(sources(2), HeNormal(), dtype=torch.float64)
    torch.testing.assert_close(mlp.dropout_rates(values), torch.tensor([[0.1, 0.3]] * 2).double())
    penalized = mlp.layout.views(mlp.layout.penalty_mask().unsqueeze(0))
    assert not any(penalized[f"dropout{i}.logit"].any() for i in range(2))


@pytest.mark.parametrize("rate", [0.05, 0.6])
def test_members_are_drawn_at_the_learned_rate(rate):
    mlp = MLP(N_INPUTS, (40,), 2, pointwise("tanh"), None, Dropout(0.2, kind="concrete").build(1))
    values = torch.zeros(1, mlp.layout.size).double()
    mlp.layout.views(values)["dropout0.logit"].fill_(np.log(rate / (1 - rate)))
    mask = mlp.draw_masks(sources(500), values)["dropout0"]
    assert mask.shape == (500, 40)
    assert abs((mask == 0).double().mean().item() - rate) < 4 * np.sqrt(rate * (1 - rate) / mask.numel())
    torch.testing.assert_close(mask.max(), torch.tensor(1 / (1 - rate)).double(), rtol=1e-4, atol=0)
