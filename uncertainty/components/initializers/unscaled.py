"""Weights that do not know the layer's size: of one standard deviation, of one value, or zero."""

from __future__ import annotations

import numpy as np

from uncertainty.components.activation import Activation
from uncertainty.components.initializers.initializer import Draw, Initializer, normal
from uncertainty.components.spec import check_number


class RandomNormal(Initializer):
    """Normal weights of the given standard deviation, whatever the layer's size.

    Forward, each layer multiplies the variance of the pre-activations by fan_in std^2 (for "identity", or where
    "tanh" is linear), so it preserves nothing: at 0.01 signals vanish unless something such as batch normalization
    brings them back to size.

    Parameters
    ----------
    std : float, default 0.01
    """

    short_name = "random_normal"

    def __init__(self, std: float = 0.01) -> None:
        self.std = std

    def build(self, fan_in: int, fan_out: int, activation: Activation | None = None) -> Draw:
        return normal(check_number("std", self.std))


class Constant(Initializer):
    """Every entry equal to `value`: units that start equal stay equal, so no estimator takes it."""

    def __init__(self, value: float = 0.0) -> None:
        self.value = value

    def build(self, fan_in: int, fan_out: int, activation: Activation | None = None) -> Draw:
        value = check_number("value", self.value, low=-float("inf"))
        return lambda generator, shape: np.full(shape, value)


class Zeros(Initializer):
    """Every entry zero: units that start equal stay equal, so no estimator takes it."""

    def build(self, fan_in: int, fan_out: int, activation: Activation | None = None) -> Draw:
        return lambda generator, shape: np.zeros(shape)
