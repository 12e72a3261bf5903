"""Pointwise activations of the hidden layers."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from uncertainty.components.spec import resolve
from uncertainty.components.whole_vectors import in_whole_vectors

Activation = Callable[[Tensor], Tensor]


def identity(z: Tensor) -> Tensor:
    """Return `z` itself: the network is then linear."""
    return z


ACTIVATIONS: dict[str, Activation] = {
    "identity": identity,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "leaky_relu": functional.leaky_relu,
    "elu": functional.elu,
    "gelu": functional.gelu,
    "silu": functional.silu,
    "softplus": functional.softplus,
}

# Activations that pass about half of their input's second moment on: He et al. (2015), eq. 10.
RECTIFIERS = frozenset({"relu", "leaky_relu", "elu", "gelu", "silu", "softplus"})


# Activations without an exponential: rounded alike by vector and scalar code.
EXACT = frozenset({"identity", "relu", "leaky_relu"})


def training_activation(name: str) -> Activation:
    """Return the activation in the form for stacks in training, where no bit of a member may depend on the others."""
    return ACTIVATIONS[name] if name in EXACT else in_whole_vectors(ACTIVATIONS[name])


def resolve_activation(name: str) -> Activation:
    """Return the function of the activation `name`."""
    return resolve("activation", name, ACTIVATIONS, str)
