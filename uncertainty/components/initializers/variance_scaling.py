"""Weights whose variance follows from the widths that a layer joins: He, Glorot and LeCun."""

from __future__ import annotations

from math import sqrt

from uncertainty.components.activation import Activation
from uncertainty.components.initializers.initializer import Draw, Initializer, normal, uniform
from uncertainty.components.spec import check_number


class _He(Initializer):
    """Shared by the two forms."""

    def __init__(self, bias: float = 0.0) -> None:
        self.bias = bias

    def initial_bias(self) -> float:
        return check_number("bias", self.bias, low=-float("inf"))

    def _std(self, fan_in: int, activation: Activation | None) -> float:
        slope = 0.0 if activation is None else activation.negative_slope
        return sqrt(2.0 / ((1.0 + slope * slope) * fan_in))


class HeNormal(_He):
    """Normal weights of variance 2 / ((1 + a^2) fan_in), for rectifiers with slope a on the negative side.

    Forward, the second moment of the pre-activations is the same in every layer (its mean over draws of the weights):
    a rectifier passes the share (1 + a^2) / 2 of it, exactly for "relu", "leaky_relu" and "prelu" at its start, for
    "rrelu" at its mean slope, and about half of it for smooth relatives such as "silu". Backward, that of the
    gradients is multiplied by fan_out / fan_in a layer.

    Parameters
    ----------
    bias : float, default 0
        Where what a unit adds last before its activation starts: the bias, or the shift of a normalization. A small
        positive number such as 0.01 has every rectifier in its linear part for inputs near the mean.

    References
    ----------
    He et al. (2015), Delving deep into rectifiers, eqs. 10 and 15.
    """

    short_name = "he_normal"

    def build(self, fan_in: int, fan_out: int, activation: Activation | None = None) -> Draw:
        return normal(self._std(fan_in, activation))


class HeUniform(_He):
    """Uniform weights of the variance of `HeNormal`, and with its `bias`; it preserves the same.

    References
    ----------
    He et al. (2015), Delving deep into rectifiers, eqs. 10 and 15.
    """

    short_name = "he_uniform"

    def build(self, fan_in: int, fan_out: int, activation: Activation | None = None) -> Draw:
        return uniform(self._std(fan_in, activation))


class GlorotNormal(Initializer):
    """Normal weights of variance 2 / (fan_in + fan_out), for "tanh", "sigmoid" and "identity".

    A compromise between 1 / fan_in, which preserves the variance of the pre-activations forward, and 1 / fan_out,
    which preserves that of the gradients backward: between layers of equal width both are preserved, exactly for
    "identity" and as far as "tanh" is linear. A rectifier halves both in every layer.

    References
    ----------
    Glorot & Bengio (2010), Understanding the difficulty of training deep feedforward neural networks, eq. 12.
    """

    short_name = "glorot_normal"

    def build(self, fan_in: int, fan_out: int, activation: Activation | None = None) -> Draw:
        return normal(sqrt(2.0 / (fan_in + fan_out)))


class GlorotUniform(Initializer):
    """Uniform weights of the variance of `GlorotNormal`; it preserves the same.

    References
    ----------
    Glorot & Bengio (2010), Understanding the difficulty of training deep feedforward neural networks, eq. 16.
    """

    short_name = "glorot_uniform"

    def build(self, fan_in: int, fan_out: int, activation: Activation | None = None) -> Draw:
        return uniform(sqrt(2.0 / (fan_in + fan_out)))


class LeCunNormal(Initializer):
    """Normal weights of variance 1 / fan_in, for "selu" and "identity".

    Forward, the variance of the pre-activations is preserved whatever the widths: for "identity" at any size of it,
    and for "selu" at 1, to which other sizes are drawn (Klambauer et al. 2017, section 2).

    References
    ----------
    LeCun et al. (1998), Efficient backprop, section 4.6.
    """

    short_name = "lecun_normal"

    def build(self, fan_in: int, fan_out: int, activation: Activation | None = None) -> Draw:
        return normal(sqrt(1.0 / fan_in))
