"""What an initializer is."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from uncertainty.components.activation import Activation
from uncertainty.components.spec import Spec

if TYPE_CHECKING:
    from uncertainty.components.mlp import MLP

Draw = Callable[[np.random.Generator, tuple[int, ...]], NDArray[np.float64]]


class Initializer(Spec):
    """A distribution of initial weights; `build(fan_in, fan_out, activation)` returns the function that draws them."""

    def build(self, fan_in: int, fan_out: int, activation: Activation | None = None) -> Draw:
        """Return what draws the weights of a layer in front of `activation`, None for a linear one."""
        raise NotImplementedError

    def initial_bias(self) -> float:
        """Where the number that each hidden unit adds last before its activation starts."""
        return 0.0

    def finish_(self, mlp: MLP, values: Tensor) -> None:
        """Change in place the parameters [M, P] of a network of which all weights have been drawn."""


def normal(std: float) -> Draw:
    return lambda generator, shape: generator.normal(0.0, std, shape)


def uniform(std: float) -> Draw:
    limit = sqrt(3.0) * std
    return lambda generator, shape: generator.uniform(-limit, limit, shape)
