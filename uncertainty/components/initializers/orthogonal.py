"""Orthogonal weights."""

from __future__ import annotations

from math import prod

import numpy as np
from numpy.typing import NDArray

from uncertainty.components.activation import Activation
from uncertainty.components.initializers.initializer import Draw, Initializer
from uncertainty.components.spec import check_number


class Orthogonal(Initializer):
    """Rows or columns of a random orthogonal matrix times `gain`.

    Between layers of equal width the length of each row's signal forward, and of each gradient backward, is
    multiplied by exactly `gain` for "identity", and so preserved at the default (forward also where a layer widens,
    backward where it narrows). For "relu" sqrt(2) preserves the second moment as `HeNormal` does.

    Parameters
    ----------
    gain : float > 0, default 1

    References
    ----------
    Saxe et al. (2014), Exact solutions to the nonlinear dynamics of learning in deep linear neural networks, section 3.
    """

    short_name = "orthogonal"

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain

    def build(self, fan_in: int, fan_out: int, activation: Activation | None = None) -> Draw:
        gain = check_number("gain", self.gain, low_open=True)

        def draw(generator: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
            rows, columns = shape[0], prod(shape[1:])
            q, r = np.linalg.qr(generator.normal(size=(max(rows, columns), min(rows, columns))))
            # The signs of the diagonal of r make the distribution uniform over orthogonal matrices (Mezzadri 2007).
            q = q * np.sign(np.diag(r))
            return gain * (q if rows >= columns else q.T).reshape(shape)

        return draw
