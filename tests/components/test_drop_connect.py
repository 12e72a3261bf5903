"""DropConnect: a mask of the weights for every batch."""

import numpy as np
import pytest
import torch

from uncertainty.components import MLP, Dropout
from uncertainty.components.drop_connect import DropConnectLayer
from uncertainty.components.pointwise import pointwise

N_MEMBERS, N_ROWS, N_IN, N_OUT, RATE = 3, 7, 4, 5, 0.3


def sources(n_members):
    return [np.random.Generator(np.random.SFC64(m)) for m in range(n_members)]


def draw(n_members, n_batches):
    mask = Dropout(RATE, kind="connect").build(1).of_weights(0, N_IN, N_OUT)
    return mask.draw(sources(n_members), n_batches, dtype=torch.float64)


def make_layer(normal, n_members=N_MEMBERS):
    weight, bias = normal(n_members, N_IN, N_OUT), normal(n_members, N_OUT, seed=1)
    gradients = torch.empty_like(weight), torch.empty_like(bias)
    return DropConnectLayer(0, weight, bias, *gradients, 0), weight, bias, gradients


def test_value_and_gradients_are_those_of_masked_weights(normal, through):
    layer, weight, bias, found = make_layer(normal)
    x, above = normal(N_MEMBERS, N_ROWS, N_IN, seed=2), normal(N_MEMBERS, N_ROWS, N_OUT, seed=3)
    mask = draw(N_MEMBERS, 1)
    for _ in range(2):  # the second batch must not see what the first one left
        out, x_gradient = through(layer, x, above, noise=[mask])
        leaves = [a.clone().requires_grad_() for a in (weight, bias, x)]
        expected = torch.einsum("mbi,mio,mio->mbo", leaves[2], leaves[0], mask[:, 0]) + leaves[1].unsqueeze(1)
        gradients = torch.autograd.grad(expected, leaves, above)
        torch.testing.assert_close(out, expected.detach())
        for a, b in zip((*found, x_gradient), gradients, strict=True):
            torch.testing.assert_close(a, b)
        mask = 1.5 - mask


def test_every_batch_drops_its_own_weights_at_the_rate():
    mask = draw(2, 500)
    assert mask.shape == (2, 500, N_IN, N_OUT)
    dropped = (mask == 0).double()
    n = dropped.numel()
    assert abs(dropped.mean().item() - RATE) < 4 * np.sqrt(RATE * (1 - RATE) / n)
    flat = dropped[0].flatten(1)  # [500, D * H]
    correlation = torch.corrcoef(flat.T) - torch.eye(flat.shape[1])
    assert correlation.abs().max().item() < 5 / np.sqrt(500)
    assert not torch.equal(mask[:, 0], mask[:, 1])
    assert not torch.equal(mask[0], mask[1])


def test_the_mean_over_masks_is_the_layer_without_them(normal, through):
    layer, weight, bias, _ = make_layer(normal, 1)
    x = normal(1, 1, N_IN, seed=2)
    n = 4000
    masks = draw(1, n)
    outputs = torch.stack([through(layer, x, x.new_zeros(1, 1, N_OUT), [masks[:, i : i + 1]])[0] for i in range(n)])
    expected = x @ weight + bias.unsqueeze(1)
    # A weight that is dropped at rate p and scaled by 1 / (1 - p) has the variance p / (1 - p) of its square.
    variance = RATE / (1 - RATE) * (x.square() @ weight.square())
    assert ((outputs.mean(dim=0) - expected).abs() < 4 * (variance / n).sqrt()).all()
    torch.testing.assert_close(outputs.var(dim=0), variance, rtol=0.15, atol=0)


@pytest.mark.parametrize("rate", [0.2, (0.0, 0.2)], ids=str)
def test_only_weights_into_hidden_layers_of_a_positive_rate_are_dropped(rate):
    mlp = MLP(3, (6, 4), 2, pointwise("relu"), None, Dropout(rate, kind="connect").build(2))
    expected = {"hidden0.weight": (3, 6), "hidden1.weight": (6, 4)}
    if isinstance(rate, tuple):
        del expected["hidden0.weight"]
    assert {name: source.shape for name, source in mlp.noise.items()} == expected
    assert not any(source.per_row for source in mlp.noise.values())
    masks = mlp.draw_masks(sources(5), torch.zeros(1, mlp.layout.size))
    assert {name: tuple(mask.shape) for name, mask in masks.items()} == {n: (5, *s) for n, s in expected.items()}
