"""Parametric rectifier against `torch.nn.PReLU`."""

import numpy as np
import pytest
import torch

from uncertainty.components import MLP, HeNormal, PReLU

N_MEMBERS, N_ROWS, WIDTH = 3, 7, 5


def test_value_and_gradients_equal_those_of_torch(normal, through, in_training):
    x, above = normal(N_MEMBERS, N_ROWS, WIDTH), normal(N_MEMBERS, N_ROWS, WIDTH, seed=1)
    slope = 0.4 * normal(N_MEMBERS, WIDTH, seed=2)
    layer, gradients = in_training(PReLU().build(), {"slope": slope}, x)
    out, x_gradient = through(layer, x, above)
    for m in range(N_MEMBERS):
        reference = torch.nn.PReLU(WIDTH, dtype=torch.float64)
        reference.weight.data.copy_(slope[m])
        z = x[m].clone().requires_grad_()
        value = reference(z)
        value.backward(above[m])
        torch.testing.assert_close(out[m], value.detach())
        torch.testing.assert_close(x_gradient[m], z.grad)
        torch.testing.assert_close(gradients["slope"][m], reference.weight.grad)


@pytest.mark.parametrize("n_slopes", [1, N_MEMBERS])
def test_the_prediction_form_has_the_slopes_of_each_member(normal, n_slopes):
    h, slope = normal(N_MEMBERS, N_ROWS, WIDTH), 0.4 * normal(n_slopes, WIDTH, seed=2)
    expected = torch.where(h > 0, h, slope.unsqueeze(1) * h)
    torch.testing.assert_close(PReLU().build().step({"slope": slope}, {}).forward(h.clone()), expected)


def test_slopes_start_at_the_argument_and_are_not_penalized():
    mlp = MLP(2, (6, 4), 1, PReLU(slope=0.1).build())
    values, _ = mlp.initialize([np.random.default_rng(0)], HeNormal(), dtype=torch.float64)
    slopes = [mlp.layout.views(values)[f"activation{i}.slope"] for i in range(2)]
    assert [tuple(slope.shape) for slope in slopes] == [(1, 6), (1, 4)]
    assert all((slope == 0.1).all() for slope in slopes)
    penalized = mlp.layout.views(mlp.layout.penalty_mask().unsqueeze(0))
    assert not any(penalized[f"activation{i}.slope"].any() for i in range(2))
