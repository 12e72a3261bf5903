"""Activations that are a function of one number, without learned parameters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from uncertainty.components.activation import (
    RECTIFIER,
    SELF_NORMALIZING,
    SIGMOIDAL,
    Activation,
    ActivationLayer,
    ActivationSpec,
)
from uncertainty.components.component import Arrays, Place, Step
from uncertainty.components.layer import Batch, Layer, Scratch
from uncertainty.components.spec import check_number
from uncertainty.components.whole_vectors import WHOLE, whole_memory


@dataclass(frozen=True)
class Kernels:
    """A pointwise function in its two halves.

    `forward(z, out, *constants)` writes h to `out`, which may be z; `backward(gradient, saved, *constants)` multiplies
    `gradient` in place by the derivative, given h where `from_output`, and z elsewhere. `exact` says that there is no
    exponential in it, so that vector and scalar code round alike.
    """

    forward: Callable[..., Any]
    backward: Callable[..., Any]
    from_output: bool = False
    exact: bool = False
    family: str = RECTIFIER


_aten = torch.ops.aten
LINEAR_FROM = 20.0  # beyond it softplus(z) is z to rounding; torch's default
# The fixed point that self-normalization is about (Klambauer et al. 2017, eq. 14).
SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805

KERNELS: dict[str, Kernels] = {
    "identity": Kernels(
        lambda z, out: out if out is z else out.copy_(z), lambda g, h: g, from_output=True, exact=True, family=SIGMOIDAL
    ),
    "sigmoid": Kernels(
        lambda z, out: torch.sigmoid(z, out=out),
        lambda g, h: _aten.sigmoid_backward.grad_input(g, h, grad_input=g),
        from_output=True,
        family=SIGMOIDAL,
    ),
    "tanh": Kernels(
        lambda z, out: torch.tanh(z, out=out),
        lambda g, h: _aten.tanh_backward.grad_input(g, h, grad_input=g),
        from_output=True,
        family=SIGMOIDAL,
    ),
    "relu": Kernels(
        lambda z, out: torch.clamp_min(z, 0, out=out),
        lambda g, h: _aten.threshold_backward.grad_input(g, h, 0, grad_input=g),
        from_output=True,
        exact=True,
    ),
    "leaky_relu": Kernels(
        lambda z, out, slope: _aten.leaky_relu.out(z, slope, out=out),
        lambda g, h, slope: _aten.leaky_relu_backward.grad_input(g, h, slope, True, grad_input=g),
        from_output=True,
        exact=True,
    ),
    "elu": Kernels(
        lambda z, out, alpha, scale: _aten.elu.out(z, alpha, scale, 1, out=out),
        lambda g, h, alpha, scale: _aten.elu_backward.grad_input(g, alpha, scale, 1, True, h, grad_input=g),
        from_output=True,
    ),
    "gelu": Kernels(
        lambda z, out: _aten.gelu.out(z, out=out),
        lambda g, z: _aten.gelu_backward.grad_input(g, z, grad_input=g),
    ),
    "silu": Kernels(
        lambda z, out: _aten.silu.out(z, out=out),
        lambda g, z: _aten.silu_backward.grad_input(g, z, grad_input=g),
    ),
    "mish": Kernels(
        lambda z, out: _aten.mish.out(z, out=out),
        lambda g, z: g.copy_(_aten.mish_backward(g, z)),
    ),
    "softplus": Kernels(
        lambda z, out: _aten.softplus.out(z, 1, LINEAR_FROM, out=out),
        lambda g, z: _aten.softplus_backward.grad_input(g, z, 1, LINEAR_FROM, grad_input=g),
    ),
    "hard_tanh": Kernels(
        lambda z, out: _aten.hardtanh.out(z, -1, 1, out=out),
        lambda g, z: _aten.hardtanh_backward.grad_input(g, z, -1, 1, grad_input=g),
        exact=True,
        family=SIGMOIDAL,
    ),
    "hard_sigmoid": Kernels(
        lambda z, out: _aten.hardsigmoid.out(z, out=out),
        lambda g, z: g.mul_(z.abs().lt_(3.0)).div_(6.0),  # torch's own has 1 / 6 in single precision
        exact=True,
        family=SIGMOIDAL,
    ),
    "hard_silu": Kernels(
        lambda z, out: _aten.hardswish.out(z, out=out),
        lambda g, z: _aten.hardswish_backward.out(g, z, out=g),
        exact=True,
    ),
}


@dataclass(frozen=True)
class Pointwise(Activation):
    """The activation of `KERNELS` by that name, with its constants."""

    name: str
    constants: tuple[float, ...] = ()
    family: str = field(default=RECTIFIER, repr=False)

    @property
    def negative_slope(self) -> float:
        return self.constants[0] if self.name == "leaky_relu" else 0.0

    def layer(self, place: Place) -> Layer:
        return PointwiseLayer(self, place.like, place.first_member)

    def step(self, parameters: Arrays, statistics: Arrays) -> Step:
        return PointwiseStep(self)


def pointwise(name: str) -> Pointwise:
    """Return the activation `name`, one without constants."""
    return Pointwise(name, (), KERNELS[name].family)


class PointwiseStep(Step):
    """A pointwise activation at prediction, in place: fresh memory costs as much as the arithmetic."""

    def __init__(self, activation: Pointwise) -> None:
        self.name, self.constants = activation.name, activation.constants
        self.kernels = KERNELS[activation.name]

    def forward(self, h: Tensor) -> Tensor:
        self.kernels.forward(h, h, *self.constants)
        return h


class PointwiseLayer(ActivationLayer):
    """A pointwise activation in training; no bit of a member depends on the other members."""

    def __init__(self, activation: Pointwise, like: Tensor, first_member: int) -> None:
        self.kernels, self.constants = KERNELS[activation.name], activation.constants
        self._output = Scratch(like, first_member)

    def forward(self, x: Tensor, batch: Batch, n_updates: int) -> Tensor:
        self._as_memory = not self.kernels.exact and x[0].numel() % WHOLE != 0
        out = x if self.kernels.from_output else self._output(*x.shape)
        self._saved = out if self.kernels.from_output else x
        self.kernels.forward(self._memory(x), self._memory(out), *self.constants)
        return out

    def set_parameter_gradients(self, gradient: Tensor) -> None:
        pass

    def input_gradient(self, gradient: Tensor) -> Tensor:
        self.kernels.backward(self._memory(gradient), self._memory(self._saved), *self.constants)
        return gradient

    def _memory(self, scratch: Tensor) -> Tensor:
        """The tensor, with the padding of its memory where a member is no whole number of vectors."""
        return whole_memory(scratch) if self._as_memory else scratch


class LeakyReLU(ActivationSpec):
    """z where positive, slope z elsewhere (Maas et al. 2013, section 2), for a slope in [0, 1]."""

    short_name = "leaky_relu"

    def __init__(self, slope: float = 0.01) -> None:
        self.slope = slope

    def build(self) -> Activation:
        return Pointwise("leaky_relu", (check_number("slope", self.slope, high=1.0),))


class ELU(ActivationSpec):
    """z where positive, alpha (exp(z) - 1) elsewhere (Clevert et al. 2016, eq. 15), for an alpha of at least 0."""

    short_name = "elu"

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = alpha

    def build(self) -> Activation:
        return Pointwise("elu", (check_number("alpha of elu", self.alpha), 1.0))


class SELU(ActivationSpec):
    """Scaled ELU, whose constants keep mean 0 and variance 1 (Klambauer et al. 2017, eq. 2); "auto" starts it LeCun."""

    short_name = "selu"

    def build(self) -> Activation:
        return Pointwise("elu", (SELU_ALPHA, SELU_SCALE), SELF_NORMALIZING)
