"""What a normalization is: it stands before the activation, and has a learned scale and shift of each unit."""

from __future__ import annotations

import torch
from torch import Tensor

from uncertainty.components.component import Arrays, Component, Place
from uncertainty.components.layer import Layer, Scratch
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


class NormalizationLayer(Layer):
    """Abstract training form: `scale` u + `shift` of what `forward` leaves in `_normalized`, u, and in `_output`."""

    def __init__(self, place: Place) -> None:
        self.scale, self.shift = (place.parameters[name].unsqueeze(1) for name in ("scale", "shift"))
        self.scale_gradient, self.shift_gradient = (place.gradients[name] for name in ("scale", "shift"))
        self._normalized, self._output = (Scratch(self.scale, place.first_member) for _ in range(2))

    def set_parameter_gradients(self, gradient: Tensor) -> None:
        # Nobody reads the output any more: the layers after this one have been differentiated.
        work = self._output(*gradient.shape)
        torch.sum(gradient, 1, out=self.shift_gradient)
        torch.sum(torch.mul(gradient, self._normalized(*gradient.shape), out=work), 1, out=self.scale_gradient)
