"""Activations against their formulas in numpy, with their derivatives."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from scipy.special import expit, ndtr
from scipy.stats import norm

from uncertainty.components import ELU, SELU, LeakyReLU
from uncertainty.components.activation import ActivationSpec
from uncertainty.components.activations import SPECS, WITHOUT_CONSTANTS, resolve_activation
from uncertainty.components.layer import Batch, Scratch
from uncertainty.components.pointwise import Pointwise, PointwiseLayer

Z = np.linspace(-8, 8, 41)  # steps of 0.4 and an offset below keep clear of the kinks at 0
Z = Z[np.abs(Z) > 0.1]
SOFTPLUS = np.logaddexp(0, Z)
SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805

# Value and derivative.
FORMULAS = {
    "identity": (Z, np.ones_like(Z)),
    "sigmoid": (expit(Z), expit(Z) * expit(-Z)),
    "tanh": (np.tanh(Z), 1 - np.tanh(Z) ** 2),
    "relu": (np.maximum(Z, 0), (Z > 0) * 1.0),
    "leaky_relu": (np.where(Z > 0, Z, 0.01 * Z), np.where(Z > 0, 1.0, 0.01)),
    LeakyReLU(0.3): (np.where(Z > 0, Z, 0.3 * Z), np.where(Z > 0, 1.0, 0.3)),
    "elu": (np.where(Z > 0, Z, np.expm1(Z)), np.where(Z > 0, 1.0, np.exp(Z))),
    ELU(0.4): (np.where(Z > 0, Z, 0.4 * np.expm1(Z)), np.where(Z > 0, 1.0, 0.4 * np.exp(Z))),
    SELU(): (
        SELU_SCALE * np.where(Z > 0, Z, SELU_ALPHA * np.expm1(Z)),
        SELU_SCALE * np.where(Z > 0, 1.0, SELU_ALPHA * np.exp(Z)),
    ),
    "gelu": (Z * ndtr(Z), ndtr(Z) + Z * norm.pdf(Z)),
    "silu": (Z * expit(Z), expit(Z) * (1 + Z * expit(-Z))),
    "mish": (Z * np.tanh(SOFTPLUS), np.tanh(SOFTPLUS) + Z * (1 - np.tanh(SOFTPLUS) ** 2) * expit(Z)),
    "softplus": (SOFTPLUS, expit(Z)),
    "hard_tanh": (np.clip(Z, -1, 1), (np.abs(Z) < 1) * 1.0),
    "hard_sigmoid": (np.clip(Z / 6 + 0.5, 0, 1), (np.abs(Z) < 3) / 6),
    "hard_silu": (Z * np.clip(Z / 6 + 0.5, 0, 1), np.where(np.abs(Z) < 3, Z / 3 + 0.5, (Z >= 3) * 1.0)),
}


def test_every_pointwise_activation_has_a_formula():
    made = [resolve_activation(name) for name in [*WITHOUT_CONSTANTS, *(spec() for spec in SPECS)]]
    pointwise = {activation for activation in made if isinstance(activation, Pointwise)}
    assert pointwise <= {resolve_activation(name) for name in FORMULAS}


def scratch_copy(z):
    """A copy in memory that is padded to whole vectors, as layers hand it on."""
    made = Scratch(z)(*z.shape)
    made.copy_(z)
    return made


def through_layer(name, z, gradient):
    """Output and input gradient of the training form; it may overwrite what it is given."""
    layer = PointwiseLayer(resolve_activation(name), z, 0)
    out = layer.forward(scratch_copy(z), Batch(z, z, None, [], z.shape[1]), 0).clone()
    return out, layer.input_gradient(scratch_copy(gradient)).clone()


@pytest.mark.parametrize("name", FORMULAS, ids=str)
def test_the_prediction_form_has_the_value(name):
    value, _ = FORMULAS[name]
    found = resolve_activation(name).step({}, {}).forward(torch.tensor(Z))
    assert_allclose(found.numpy(), value, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", FORMULAS, ids=str)
def test_the_training_form_has_the_value_and_derivative(name):
    value, derivative = FORMULAS[name]
    z = torch.tensor(Z).reshape(1, 2, -1).repeat(3, 1, 1)
    above = torch.linspace(-2.0, 3.0, z.numel(), dtype=z.dtype).reshape(z.shape)
    out, gradient = through_layer(name, z, above)
    assert_allclose(out.numpy(), np.broadcast_to(value.reshape(2, -1), z.shape), rtol=1e-12, atol=1e-14)
    assert_allclose(gradient.numpy(), above.numpy() * derivative.reshape(2, -1), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", FORMULAS, ids=str)
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


@pytest.mark.parametrize("spec", [LeakyReLU(-0.1), LeakyReLU(1.5), ELU(-1.0), ELU("1")], ids=str)
def test_constants_out_of_range_are_refused(spec):
    assert isinstance(spec, ActivationSpec)
    with pytest.raises((ValueError, TypeError), match=r"slope must be|alpha of elu must be"):
        resolve_activation(spec)
