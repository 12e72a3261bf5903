"""Activations against their formulas in numpy, with their derivatives."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from scipy.special import expit, ndtr
from scipy.stats import norm

from uncertainty.components.activations import ACTIVATIONS, RECTIFIERS, resolve_activation

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
    assert set(ACTIVATIONS) > RECTIFIERS


@pytest.mark.parametrize("name", FORMULAS)
def test_value_and_derivative(name):
    value, derivative = FORMULAS[name]
    z = torch.tensor(Z, requires_grad=True)
    out = resolve_activation(name)(z)
    assert_allclose(out.detach().numpy(), value, rtol=1e-12, atol=1e-14)
    assert_allclose(torch.autograd.grad(out.sum(), z)[0].numpy(), derivative, rtol=1e-10, atol=1e-12)


def test_an_unknown_activation_is_refused_with_a_suggestion():
    with pytest.raises(ValueError, match=r"activation must be one of .*'relu'.* got 'rleu'\. Did you mean 'relu'\?"):
        resolve_activation("rleu")
