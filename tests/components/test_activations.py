"""Activations against their formulas in numpy, with their derivatives."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from scipy.special import expit, ndtr
from scipy.stats import norm

from uncertainty.components.activations import ACTIVATIONS, ActivationLayer, resolve_activation
from uncertainty.components.layer import Batch, Scratch

Z = np.linspace(-8, 8, 41)  # steps of 0.4 and an offset below keep clear of the kinks at 0
Z = Z[np.abs(Z) > 0.1]

# Value and derivative.
FORMULAS = {
    "identity": (Z, np.ones_like(Z)),
    "sigmoid": (expit(Z), expit(Z) * expit(-Z)),
    "tanh": (np.tanh(Z), 1 - np.tanh(Z) ** 2),
    "relu": (np.maximum(Z, 0), (Z > 0) * 1.0),
    "leaky_relu": (np.where(Z > 0, Z, 0.01 * Z), np.where(Z > 0, 1.0, 0.01)),
    "elu": (np.where(Z > 0, Z, np.expm1(Z)), np.where(Z > 0, 1.0, np.exp(Z))),
    "gelu": (Z * ndtr(Z), ndtr(Z) + Z * norm.pdf(Z)),
    "silu": (Z * expit(Z), expit(Z) * (1 + Z * expit(-Z))),
    "softplus": (np.logaddexp(0, Z), expit(Z)),
}


def test_every_activation_has_a_formula():
    assert set(FORMULAS) == set(ACTIVATIONS)


@pytest.mark.parametrize("name", FORMULAS)
def test_value_and_derivative(name):
    value, derivative = FORMULAS[name]
    z = torch.tensor(Z, requires_grad=True)
    out = resolve_activation(name).function(z)
    assert_allclose(out.detach().numpy(), value, rtol=1e-12, atol=1e-14)
    assert_allclose(torch.autograd.grad(out.sum(), z)[0].numpy(), derivative, rtol=1e-10, atol=1e-12)


def scratch_copy(z):
    """A copy in memory that is padded to whole vectors, as layers hand it on."""
    made = Scratch(z)(*z.shape)
    made.copy_(z)
    return made


def through_layer(name, z, gradient):
    """Output and input gradient of the training form; it may overwrite what it is given."""
    layer = ActivationLayer(resolve_activation(name), z, 0)
    out = layer.forward(scratch_copy(z), Batch(z, z, None, []), 0).clone()
    return out, layer.input_gradient(scratch_copy(gradient)).clone()


@pytest.mark.parametrize("name", FORMULAS)
def test_the_training_form_has_the_same_value_and_derivative(name):
    value, derivative = FORMULAS[name]
    z = torch.tensor(Z).reshape(1, 2, -1).repeat(3, 1, 1)
    above = torch.linspace(-2.0, 3.0, z.numel(), dtype=z.dtype).reshape(z.shape)
    out, gradient = through_layer(name, z, above)
    assert_allclose(out.numpy(), np.broadcast_to(value.reshape(2, -1), z.shape), rtol=1e-12, atol=1e-14)
    assert_allclose(gradient.numpy(), above.numpy() * derivative.reshape(2, -1), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", FORMULAS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("shape", [(1, 1), (5, 3), (7, 9), (8, 8), (13, 5), (33, 65)])
def test_a_member_has_the_same_bits_in_a_stack_of_any_size(name, dtype, shape):
    generator = torch.Generator().manual_seed(0)
    z, above = 3 * torch.randn(2, 11, *shape, generator=generator, dtype=dtype)
    whole = through_layer(name, z, above)
    for n_members in (1, 2, 3, 5, 10):
        for found, expected in zip(through_layer(name, z[:n_members], above[:n_members]), whole, strict=True):
            assert torch.equal(found, expected[:n_members])


def test_an_unknown_activation_is_refused_with_a_suggestion():
    with pytest.raises(ValueError, match=r"activation must be one of .*'relu'.* got 'rleu'\. Did you mean 'relu'\?"):
        resolve_activation("rleu")
