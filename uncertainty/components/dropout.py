"""Inverted dropout: masks drawn outside, applied as a product.

A mask holds 0 where a unit is dropped and 1 / (1 - rate) where it is kept, so a layer's expected output is its output
without dropout. Training draws a mask per row; MC-dropout draws one per member, shared by all rows, which makes a
member a function.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from uncertainty.components.layer import Batch, Layer, Scratch
from uncertainty.components.spec import Spec, check_number

# A unit is dropped when a 16-bit random word falls below rate * 2^16: drawing words is several times faster than
# drawing floats, and the rate is off by at most 2^-17.
WORD_RANGE = 1 << 16


class Dropout(Spec):
    """Dropout of hidden units after their activation.

    Parameters
    ----------
    rate : float in [0, 1), or one for each hidden layer
        Probability that a unit is dropped.

    References
    ----------
    Srivastava et al. (2014), Dropout, section 4; Gal & Ghahramani (2016) for its use at prediction.
    """

    def __init__(self, rate: float | tuple[float, ...] = 0.1) -> None:
        self.rate = rate

    def build(self, n_layers: int) -> tuple[float, ...]:
        """Return the rate of each hidden layer."""
        rates = tuple(self.rate) if isinstance(self.rate, (tuple, list, np.ndarray)) else (self.rate,) * n_layers
        if len(rates) != n_layers:
            raise ValueError(
                f"dropout must have one rate, or one for each of the {n_layers} hidden layers, got {self.rate!r}."
            )
        return tuple(check_number("dropout rate", rate, high=1.0, high_open=True) for rate in rates)


def resolve_dropout(value: float | Dropout | None) -> Dropout:
    """Return the spec of the `dropout` slot; a number is a rate and None means no dropout."""
    if isinstance(value, Dropout):
        return value
    if isinstance(value, str):
        raise TypeError(f"dropout must be a rate in [0, 1), a Dropout object or None, got {value!r}.")
    return Dropout(0.0 if value is None else value)


def draw_mask(
    generators: Sequence[np.random.Generator],
    rate: float,
    shape: tuple[int, ...],
    *,
    dtype: torch.dtype,
    scratch: Scratch | None = None,
) -> Tensor:
    """Draw a mask [M, *shape], member m from generator m alone, so that it does not depend on the others.

    It lies on the CPU, with `scratch` in its memory. Units that stay are scaled by 1 / (1 - rate).
    """
    threshold = min(round(rate * WORD_RANGE), WORD_RANGE - 1)  # below 1, however close the rate
    shape = (len(generators), *shape)
    mask = torch.empty(shape, dtype=dtype) if scratch is None else scratch(*shape)
    kept = np.empty(int(np.prod(shape[1:])), dtype=bool)
    for row, generator in zip(mask.view(len(generators), -1).numpy(), generators, strict=True):
        np.greater_equal(_random_words(generator, kept.size), threshold, out=kept)
        np.multiply(kept, row.dtype.type(WORD_RANGE / (WORD_RANGE - threshold)), out=row)
    return mask


def _random_words(generator: np.random.Generator, n_words: int) -> NDArray[np.uint16]:
    raw = generator.bit_generator.random_raw(-(-n_words // 4))  # 64 bits make four words
    return np.atleast_1d(raw).astype(np.uint64, copy=False).view(np.uint16)[:n_words]


class DropoutLayer(Layer):
    """Dropout in training, by the batch's mask of hidden layer `number`."""

    def __init__(self, number: int, like: Tensor, first_member: int) -> None:
        self.number = number
        self._output = Scratch(like, first_member)

    def forward(self, x: Tensor, batch: Batch, n_updates: int) -> Tensor:
        mask = batch.masks[self.number]
        assert mask is not None
        self._mask = mask
        return torch.mul(x, mask, out=self._output(*x.shape))

    def set_parameter_gradients(self, gradient: Tensor) -> None:
        pass

    def input_gradient(self, gradient: Tensor) -> Tensor:
        return gradient.mul_(self._mask)
