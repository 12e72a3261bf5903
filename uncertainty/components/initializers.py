"""Random starts of the weights.

Fan-in and fan-out are arguments: on a stack [M, in, out] `torch.nn.init` would take in * out for the fan-in. Every
draw comes from the member's own generator, so member m starts alike in a stack of any size.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod, sqrt

import numpy as np
from numpy.typing import NDArray

from uncertainty.components.spec import Spec, check_number

Draw = Callable[[np.random.Generator, tuple[int, ...]], NDArray[np.float64]]


class Initializer(Spec):
    """A distribution of initial weights; `build(fan_in, fan_out)` returns the function that draws them."""

    def build(self, fan_in: int, fan_out: int) -> Draw:
        raise NotImplementedError


def _normal(std: float) -> Draw:
    return lambda generator, shape: generator.normal(0.0, std, shape)


def _uniform(std: float) -> Draw:
    limit = sqrt(3.0) * std
    return lambda generator, shape: generator.uniform(-limit, limit, shape)


class HeNormal(Initializer):
    """Normal weights of variance 2 / fan_in, for rectifiers (He et al. 2015, eq. 10)."""

    short_name = "he_normal"

    def build(self, fan_in: int, fan_out: int) -> Draw:
        return _normal(sqrt(2.0 / fan_in))


class HeUniform(Initializer):
    """Uniform weights of variance 2 / fan_in, for rectifiers (He et al. 2015, eq. 10)."""

    short_name = "he_uniform"

    def build(self, fan_in: int, fan_out: int) -> Draw:
        return _uniform(sqrt(2.0 / fan_in))


class GlorotNormal(Initializer):
    """Normal weights of variance 2 / (fan_in + fan_out), for tanh and sigmoid (Glorot & Bengio 2010, eq. 12)."""

    short_name = "glorot_normal"

    def build(self, fan_in: int, fan_out: int) -> Draw:
        return _normal(sqrt(2.0 / (fan_in + fan_out)))


class GlorotUniform(Initializer):
    """Uniform weights of variance 2 / (fan_in + fan_out) (Glorot & Bengio 2010, eq. 16)."""

    short_name = "glorot_uniform"

    def build(self, fan_in: int, fan_out: int) -> Draw:
        return _uniform(sqrt(2.0 / (fan_in + fan_out)))


class LeCunNormal(Initializer):
    """Normal weights of variance 1 / fan_in, for linear units (LeCun et al. 1998, section 4.6)."""

    short_name = "lecun_normal"

    def build(self, fan_in: int, fan_out: int) -> Draw:
        return _normal(sqrt(1.0 / fan_in))


class Orthogonal(Initializer):
    """Rows or columns of a random orthogonal matrix times `gain` (Saxe et al. 2014, section 3)."""

    short_name = "orthogonal"

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain

    def build(self, fan_in: int, fan_out: int) -> Draw:
        gain = check_number("gain", self.gain, low_open=True)

        def draw(generator: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
            rows, columns = shape[0], prod(shape[1:])
            q, r = np.linalg.qr(generator.normal(size=(max(rows, columns), min(rows, columns))))
            # The signs of the diagonal of r make the distribution uniform over orthogonal matrices (Mezzadri 2007).
            q = q * np.sign(np.diag(r))
            return gain * (q if rows >= columns else q.T).reshape(shape)

        return draw


class RandomNormal(Initializer):
    """Normal weights of the given standard deviation, whatever the layer's size."""

    short_name = "random_normal"

    def __init__(self, std: float = 0.01) -> None:
        self.std = std

    def build(self, fan_in: int, fan_out: int) -> Draw:
        return _normal(check_number("std", self.std))


class Constant(Initializer):
    """Every entry equal to `value`; meant for biases, since equal weights never part."""

    def __init__(self, value: float = 0.0) -> None:
        self.value = value

    def build(self, fan_in: int, fan_out: int) -> Draw:
        value = check_number("value", self.value, low=-float("inf"))
        return lambda generator, shape: np.full(shape, value)


class Zeros(Initializer):
    """Every entry zero; meant for biases."""

    def build(self, fan_in: int, fan_out: int) -> Draw:
        return lambda generator, shape: np.zeros(shape)
