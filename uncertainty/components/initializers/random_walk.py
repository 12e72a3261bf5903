"""Random walk initialization: the logarithm of the signal's size makes a random walk without drift."""

from __future__ import annotations

from math import exp, sqrt

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import ndtr

from uncertainty.components.activation import Activation
from uncertainty.components.initializers.initializer import Draw, Initializer, normal
from uncertainty.components.pointwise import pointwise


class RandomWalk(Initializer):
    """Normal weights of variance g^2 / fan_in, for activations that pass every size of a signal alike.

    Forward, the mean of the logarithm of the second moment of a layer's outputs is preserved, and between layers of
    equal width so is that of the gradients backward. Initializers such as `HeNormal` preserve the mean of the second
    moment instead; its logarithm then falls by about 2.5 / fan_out in each layer of rectifiers, so that most narrow and
    very deep networks still lose their signal. With N = fan_out, and h = f(z) of a standard normal z,

        g = exp(1 / (2 N))                                             "identity"
        g = sqrt(2) exp(1.2 / (max(N, 6) - 2.4))                       "relu"
        g = E[h^2]^(-1/2) exp((E[h^4] / E[h^2]^2 - 1) / (4 N))         otherwise, to the first order in 1 / N

    The last holds for "leaky_relu", "prelu" at its start, "rrelu" at its mean slope and "maxout", and contains the
    first. Other activations pass large and small signals differently, so that no gain is right, and are refused.

    Raises
    ------
    ValueError
        For an activation with f(2 z) != 2 f(z).

    References
    ----------
    Sussillo & Abbott (2015), Random walk initialization for training very deep feedforward networks, section 3.
    """

    short_name = "random_walk"

    def build(self, fan_in: int, fan_out: int, activation: Activation | None = None) -> Draw:
        return normal(random_walk_gain(activation, fan_out) / sqrt(fan_in))


def random_walk_gain(activation: Activation | None, width: int) -> float:
    """Return the gain g of `RandomWalk` for a layer of so many units."""
    if activation is None:
        return exp(1.0 / (2.0 * width))
    if activation == pointwise("relu"):
        return sqrt(2.0) * exp(1.2 / (max(width, 6) - 2.4))
    z = np.linspace(-12.0, 12.0, 24_001)
    h = _apply(activation, z)
    if not np.allclose(_apply(activation, 2.0 * z), 2.0 * h, rtol=1e-9):
        raise ValueError(
            f"initializer 'random_walk' must have an activation that passes all sizes of a signal alike ('identity', "
            f"'relu', 'leaky_relu', 'prelu', 'rrelu' or 'maxout'), got {activation}. Choose initializer='lsuv', which "
            f"measures the gain on the data."
        )
    # The density of the largest of so many normal numbers; of pieces that are all z, the largest is z too.
    density = activation.pieces * np.exp(-0.5 * z * z) * ndtr(z) ** (activation.pieces - 1)
    density /= density.sum()
    second, fourth = float(density @ h**2), float(density @ h**4)
    return exp((fourth / second**2 - 1.0) / (4.0 * width)) / sqrt(second)


def _apply(activation: Activation, z: NDArray[np.float64]) -> NDArray[np.float64]:
    """f(z) as at the start of a fit, with z for every piece."""
    width = activation.pieces
    parameters = {
        name: torch.full((1, *shape), value, dtype=torch.float64)
        for name, (shape, value) in activation.parameters(width).items()
    }
    step = activation.step(parameters, {})
    h = torch.from_numpy(z).view(1, -1, 1).repeat(1, 1, width)  # a copy, which a step may overwrite
    return h[0, :, 0].numpy() if step is None else step.forward(h)[0, :, 0].numpy()
