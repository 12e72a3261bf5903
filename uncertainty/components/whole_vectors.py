"""Elementwise functions whose results do not depend on where in an array an entry stands.

Vectorised kernels compute whole vectors of numbers, and the few left over at the end of an array by scalar code, whose
exponentials differ in the last bit. In a stack the end belongs to the last member, so without care its numbers would
depend on how many members there are.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor
from torch.nn import functional

# Twice the numbers in the widest vector register: the unit in which kernels take whole vectors.
WHOLE = 64


def padded_to_whole_vectors(size: int) -> int:
    """Return the smallest whole number of vectors that holds `size` numbers, in numbers."""
    return -(-size // WHOLE) * WHOLE


def whole_memory(scratch: Tensor) -> Tensor:
    """Return the memory of a `Scratch` tensor [M, ...] as a flat array of whole vectors, the padding included."""
    return scratch.as_strided((padded_to_whole_vectors(scratch.numel()),), (1,))


def in_whole_vectors(function: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """Return `function` of z [M, ...], computed on an array that is padded to whole vectors where members are not."""

    def apply(z: Tensor) -> Tensor:
        if z[0].numel() % WHOLE == 0:
            return function(z)
        flat = functional.pad(z.reshape(-1), (0, -z.numel() % WHOLE))
        return function(flat)[: z.numel()].view(z.shape)

    return apply
