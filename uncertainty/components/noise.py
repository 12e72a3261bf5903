"""Random numbers of layers: how many a row or a batch needs, and how they are drawn.

They are drawn outside of the layers, for many batches at a time, each member's by its own generator, so that they do
not depend on the other members. 16-bit words are several times faster to draw than floating-point numbers.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from uncertainty.components.layer import Scratch

Generators = Sequence[np.random.Generator]

WORD_RANGE = 1 << 16


class Noise(ABC):
    """A source of random numbers: one draw of `shape` for each row, or for each batch unless `per_row`."""

    shape: tuple[int, ...]
    per_row: bool

    @abstractmethod
    def draw(self, generators: Generators, n: int, *, dtype: torch.dtype, scratch: Scratch | None = None) -> Tensor:
        """Draw [M, n, *shape] on the CPU, member m from generator m alone; with `scratch`, in its memory."""


@dataclass(frozen=True)
class Mask(Noise):
    """Zero with probability `rate`, 1 / (1 - rate) otherwise, so that its mean is one."""

    rate: float
    shape: tuple[int, ...]
    per_row: bool = True

    def draw(self, generators: Generators, n: int, *, dtype: torch.dtype, scratch: Scratch | None = None) -> Tensor:
        return draw_mask(generators, self.rate, (n, *self.shape), dtype=dtype, scratch=scratch)


@dataclass(frozen=True)
class Uniform(Noise):
    """Uniform between `low` and `high`, on a grid of 2^16 midpoints that leaves out both."""

    low: float
    high: float
    shape: tuple[int, ...]
    per_row: bool = True

    def draw(self, generators: Generators, n: int, *, dtype: torch.dtype, scratch: Scratch | None = None) -> Tensor:
        shape = (len(generators), n, *self.shape)
        drawn = torch.empty(shape, dtype=dtype) if scratch is None else scratch(*shape)
        scale = (self.high - self.low) / WORD_RANGE
        for row, generator in zip(drawn.view(len(generators), -1).numpy(), generators, strict=True):
            np.multiply(random_words(generator, row.size), row.dtype.type(scale), out=row)
            row += row.dtype.type(self.low + 0.5 * scale)
        return drawn


def draw_mask(
    generators: Generators,
    rate: float,
    shape: tuple[int, ...],
    *,
    dtype: torch.dtype,
    scratch: Scratch | None = None,
) -> Tensor:
    """Draw a mask [M, *shape], member m from generator m alone, so that it does not depend on the others.

    It lies on the CPU, with `scratch` in its memory. An entry is zero when a word falls below rate * 2^16, so the rate
    is off by at most 2^-17; the others are scaled by 1 / (1 - rate).
    """
    threshold = min(round(rate * WORD_RANGE), WORD_RANGE - 1)  # below 1, however close the rate
    shape = (len(generators), *shape)
    mask = torch.empty(shape, dtype=dtype) if scratch is None else scratch(*shape)
    kept = np.empty(prod(shape[1:]), dtype=bool)
    for row, generator in zip(mask.view(len(generators), -1).numpy(), generators, strict=True):
        np.greater_equal(random_words(generator, kept.size), threshold, out=kept)
        np.multiply(kept, row.dtype.type(WORD_RANGE / (WORD_RANGE - threshold)), out=row)
    return mask


def random_words(generator: np.random.Generator, n_words: int) -> NDArray[np.uint16]:
    """Draw so many 16-bit words."""
    raw = generator.bit_generator.random_raw(-(-n_words // 4))  # 64 bits make four words
    return np.atleast_1d(raw).astype(np.uint64, copy=False).view(np.uint16)[:n_words]


@dataclass(frozen=True)
class KeptEntries:
    """A mask as a fitted estimator holds it: which entries are kept, and what the mask is there. One byte an entry."""

    kept: NDArray[np.bool_]
    scale: float

    @classmethod
    def of(cls, mask: Tensor) -> KeptEntries:
        return cls((mask > 0.0).numpy(), float(mask.max()))

    def mask(self) -> Tensor:
        """The mask, in double precision."""
        return torch.from_numpy(self.kept * self.scale)
