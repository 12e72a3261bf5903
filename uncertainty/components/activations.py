"""Pointwise activations of the hidden layers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from uncertainty.components.layer import Batch, Layer, Scratch
from uncertainty.components.spec import resolve
from uncertainty.components.whole_vectors import WHOLE, whole_memory

Function = Callable[[Tensor], Tensor]


def identity(z: Tensor) -> Tensor:
    """Return `z` itself: the network is then linear."""
    return z


@dataclass(frozen=True)
class Activation:
    """An activation in its forms for prediction and for training.

    `function` maps z to h. In training `forward(z, out)` writes h, and `backward(gradient, saved)` multiplies
    `gradient` in place by the derivative, given h where `from_output`, and z elsewhere. `exact` says that there is no
    exponential in it, so that vector and scalar code round alike. `rectifier` says that about half of the input's
    second moment passes (He et al. 2015, eq. 10).
    """

    function: Function
    forward: Callable[[Tensor, Tensor], Any]
    backward: Callable[[Tensor, Tensor], Any]
    from_output: bool = False
    exact: bool = False
    rectifier: bool = False


_aten = torch.ops.aten
LEAKY_SLOPE = 0.01  # torch's default
LINEAR_FROM = 20.0  # beyond it softplus(z) is z to rounding; torch's default

ACTIVATIONS: dict[str, Activation] = {
    "identity": Activation(identity, lambda z, out: out, lambda g, h: g, from_output=True, exact=True),
    "sigmoid": Activation(
        torch.sigmoid,
        lambda z, out: torch.sigmoid(z, out=out),
        lambda g, h: _aten.sigmoid_backward.grad_input(g, h, grad_input=g),
        from_output=True,
    ),
    "tanh": Activation(
        torch.tanh,
        lambda z, out: torch.tanh(z, out=out),
        lambda g, h: _aten.tanh_backward.grad_input(g, h, grad_input=g),
        from_output=True,
    ),
    "relu": Activation(
        torch.relu,
        lambda z, out: torch.clamp_min(z, 0, out=out),
        lambda g, h: _aten.threshold_backward.grad_input(g, h, 0, grad_input=g),
        from_output=True,
        exact=True,
        rectifier=True,
    ),
    "leaky_relu": Activation(
        functional.leaky_relu,
        lambda z, out: _aten.leaky_relu.out(z, LEAKY_SLOPE, out=out),
        lambda g, h: _aten.leaky_relu_backward.grad_input(g, h, LEAKY_SLOPE, True, grad_input=g),
        from_output=True,
        exact=True,
        rectifier=True,
    ),
    "elu": Activation(
        functional.elu,
        lambda z, out: _aten.elu.out(z, out=out),
        lambda g, h: _aten.elu_backward.grad_input(g, 1, 1, 1, True, h, grad_input=g),
        from_output=True,
        rectifier=True,
    ),
    "gelu": Activation(
        functional.gelu,
        lambda z, out: _aten.gelu.out(z, out=out),
        lambda g, z: _aten.gelu_backward.grad_input(g, z, grad_input=g),
        rectifier=True,
    ),
    "silu": Activation(
        functional.silu,
        lambda z, out: _aten.silu.out(z, out=out),
        lambda g, z: _aten.silu_backward.grad_input(g, z, grad_input=g),
        rectifier=True,
    ),
    "softplus": Activation(
        functional.softplus,
        lambda z, out: _aten.softplus.out(z, 1, LINEAR_FROM, out=out),
        lambda g, z: _aten.softplus_backward.grad_input(g, z, 1, LINEAR_FROM, grad_input=g),
        rectifier=True,
    ),
}


class ActivationLayer(Layer):
    """An activation in training; no bit of a member depends on the other members."""

    def __init__(self, activation: Activation, like: Tensor, first_member: int) -> None:
        self.activation = activation
        self._output = Scratch(like, first_member)

    def forward(self, x: Tensor, batch: Batch, n_updates: int) -> Tensor:
        self._as_memory = not self.activation.exact and x[0].numel() % WHOLE != 0
        out = x if self.activation.from_output else self._output(*x.shape)
        self._saved = out if self.activation.from_output else x
        self.activation.forward(self._memory(x), self._memory(out))
        return out

    def set_parameter_gradients(self, gradient: Tensor) -> None:
        pass

    def input_gradient(self, gradient: Tensor) -> Tensor:
        self.activation.backward(self._memory(gradient), self._memory(self._saved))
        return gradient

    def _memory(self, scratch: Tensor) -> Tensor:
        """The tensor, with the padding of its memory where a member is no whole number of vectors."""
        return whole_memory(scratch) if self._as_memory else scratch


def resolve_activation(name: str) -> Activation:
    """Return the activation `name`."""
    return resolve("activation", name, ACTIVATIONS, str)
