"""One layer in training, on its own."""

import pytest
import torch

from uncertainty.components.component import Place
from uncertainty.components.layer import Batch, Scratch


def scratch_copy(a):
    """A copy in memory of the kind that a layer is given, which it may overwrite."""
    copy = Scratch(a)(*a.shape)
    copy.copy_(a)
    return copy


def through_layer(layer, x, gradient, noise=(), n_train=1):
    """Output and input gradient of a layer for inputs x and the gradient of its output, [M, B, ...]."""
    out = layer.forward(scratch_copy(x), Batch(x, x, None, noise, n_train), 0).clone()
    gradient = scratch_copy(gradient)
    layer.set_parameter_gradients(gradient)
    return out, layer.input_gradient(gradient).clone()


def training_form(component, parameters, like, *, noise=None):
    """The layer of a component at these parameters, and where it writes their gradients."""
    gradients = {name: torch.zeros_like(parameter) for name, parameter in parameters.items()}
    return component.layer(Place(parameters, gradients, {}, noise, like, 0)), gradients


@pytest.fixture
def through():
    return through_layer


@pytest.fixture
def in_training():
    return training_form


@pytest.fixture
def normal():
    """Normal numbers of a shape, in double precision, from a seed."""

    def draw(*shape, seed=0):
        return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)

    return draw
