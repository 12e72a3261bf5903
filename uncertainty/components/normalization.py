"""What a normalization is: it stands before the activation, and has a learned scale and shift of each unit."""

from __future__ import annotations

from torch import Tensor

from uncertainty.components.component import Arrays, Component
from uncertainty.components.spec import Spec


class Normalization(Spec):
    """A normalization with its options; `build()` makes the runtime object."""

    def build(self) -> Normalizer:
        raise NotImplementedError


class Normalizer(Component):
    """Runtime form of a normalization, which stands before the activation."""

    needs_several_rows = False  # whether a batch of one row has nothing to be normalized by
    makes_bias_redundant = False  # whether it takes off again whatever constant the linear map before it adds

    def parameters(self, width: int) -> dict[str, tuple[tuple[int, ...], float]]:
        return {"scale": ((width,), 1.0), "shift": ((width,), 0.0)}

    def check_width(self, width: int) -> None:
        """Refuse a layer of a width that cannot be normalized."""

    def affine(self, parameters: Arrays, statistics: Arrays) -> tuple[Tensor, Tensor] | None:
        """Return (a, b), each [M, H], such that prediction normalizes by a z + b; None if it depends on the row."""
        return None

    def is_settled(self, n_updates: int) -> bool:
        """Whether a training step, after so many batches, no longer depends on how many there were."""
        return True
