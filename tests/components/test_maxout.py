"""Maxout against the largest of separate linear maps."""

import numpy as np
import pytest
import torch

from uncertainty.components import MLP, LeCunNormal, Maxout
from uncertainty.components.activations import resolve_activation

N_MEMBERS, N_ROWS, N_INPUTS, WIDTH = 3, 7, 4, 5


@pytest.mark.parametrize("pieces", [2, 3])
def test_value_and_gradient_are_those_of_the_largest_linear_map(normal, through, in_training, pieces):
    weight = normal(pieces, N_MEMBERS, N_INPUTS, WIDTH).requires_grad_()
    x, above = normal(N_MEMBERS, N_ROWS, N_INPUTS, seed=1), normal(N_MEMBERS, N_ROWS, WIDTH, seed=2)
    maps = [x @ piece for piece in weight]  # each [M, B, H]
    expected = torch.stack(maps).max(dim=0).values
    layer, _ = in_training(Maxout(pieces).build(), {}, x)
    out, gradient = through(layer, torch.cat(maps, dim=2).detach(), above)
    torch.testing.assert_close(out, expected.detach(), rtol=0, atol=0)
    through_maps = torch.autograd.grad(expected, maps, above)
    torch.testing.assert_close(gradient, torch.cat(through_maps, dim=2), rtol=0, atol=0)


def test_the_gradient_of_a_tie_goes_to_the_first_of_the_largest(normal, through, in_training):
    low, high = torch.zeros(1, 2, 3).double(), torch.ones(1, 2, 3).double()
    above = normal(1, 2, 3)
    layer, _ = in_training(Maxout(4).build(), {}, low)
    _, gradient = through(layer, torch.cat([low, high, high, low], dim=2), above)
    assert torch.equal(gradient, torch.cat([0 * above, above, 0 * above, 0 * above], dim=2))


def test_the_prediction_form_is_the_training_form(normal, through, in_training):
    x = normal(N_MEMBERS, N_ROWS, 3 * WIDTH)
    layer, _ = in_training(Maxout(3).build(), {}, x)
    out, _ = through(layer, x, normal(N_MEMBERS, N_ROWS, WIDTH))
    step = Maxout(3).build().step({}, {})
    assert torch.equal(step.forward(x.clone()), out)
    transposed = x.transpose(1, 2).contiguous().transpose(1, 2)  # what a product of weights and units gives
    assert torch.equal(step.forward(transposed), out)


def test_a_layer_has_so_many_parameters():
    mlp = MLP(N_INPUTS, (WIDTH,), 2, Maxout(3).build())
    assert sum(block.size for block in mlp.layout.blocks) == 3 * (N_INPUTS + 1) * WIDTH + (WIDTH + 1) * 2
    assert mlp.multiply_adds == 3 * N_INPUTS * WIDTH + WIDTH * 2
    assert mlp.widest == 3 * WIDTH


def test_a_second_piece_of_zeros_makes_it_a_rectifier(normal):
    relu, maxout = (MLP(N_INPUTS, (WIDTH, 6), 2, resolve_activation(name)) for name in ("relu", "maxout"))
    values = normal(N_MEMBERS, relu.layout.size)
    wide = torch.zeros(N_MEMBERS, maxout.layout.size).double()
    for name, narrow in relu.layout.views(values).items():
        target = maxout.layout.views(wide)[name]
        target[..., : narrow.shape[-1]] = narrow
    x, none = normal(1, N_ROWS, N_INPUTS, seed=1), torch.zeros(N_MEMBERS, 0).double()
    torch.testing.assert_close(maxout.fold(wide, none).forward(x), relu.fold(values, none).forward(x))


def test_two_pieces_keep_the_second_moment_through_ten_layers():
    mlp = MLP(200, (200,) * 10, 200, Maxout(2).build())
    values, none = mlp.initialize([np.random.default_rng(0)], LeCunNormal(), dtype=torch.float64)
    mlp.layout.views(values)["output.weight"][:] = torch.eye(200)
    x = torch.from_numpy(np.random.default_rng(1).standard_normal((1, 500, 200)))
    moment = mlp.fold(values, none).forward(x).square().mean().item()
    # One layer of 200 units is off by about sqrt(2 / 200) where its inputs point the same way, and ten of them add up.
    assert abs(np.log(moment)) < 3 * np.sqrt(10 * 2 / 200)


@pytest.mark.parametrize(("n_pieces", "error"), [(1, ValueError), (2.0, TypeError)])
def test_fewer_than_two_pieces_are_refused(n_pieces, error):
    with pytest.raises(error, match="n_pieces must be"):
        Maxout(n_pieces).build()
