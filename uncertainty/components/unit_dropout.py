"""Dropout of units: the product with a mask."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor

from uncertainty.components.component import Arrays, Component, Place, Step
from uncertainty.components.layer import Batch, Layer, Scratch
from uncertainty.components.noise import Generators, Mask, Noise, draw_mask


class UnitDropout(Component):
    """Dropout of the units of a layer, whose rate is a constant or a parameter."""

    @abstractmethod
    def rates(self, parameters: Arrays) -> Tensor:
        """The rate of each member that these parameters are of, [M]."""

    def member_masks(self, generators: Generators, width: int, parameters: Arrays) -> Tensor:
        """Draw a mask [S, width] for each of the S members that MC-dropout makes of one network."""
        return draw_mask(generators, float(self.rates(parameters)), (width,), dtype=torch.float64)

    def step(self, parameters: Arrays, statistics: Arrays) -> Step | None:
        return None  # a member's mask is folded into the weights that follow


@dataclass(frozen=True)
class FixedRateDropout(UnitDropout):
    """Dropout of units at a constant rate."""

    rate: float

    def rates(self, parameters: Arrays) -> Tensor:
        return torch.tensor([self.rate], dtype=torch.float64)

    def noise(self, width: int) -> Noise:
        return Mask(self.rate, (width,))

    def layer(self, place: Place) -> Layer:
        assert place.noise is not None
        return MaskLayer(place.noise, place.like, place.first_member)


class MaskLayer(Layer):
    """The product with the masks [M, B, H] that the batch has drawn as source `number`."""

    def __init__(self, number: int, like: Tensor, first_member: int) -> None:
        self.number = number
        self._output = Scratch(like, first_member)

    def forward(self, x: Tensor, batch: Batch, n_updates: int) -> Tensor:
        self._mask = batch.noise[self.number]
        return torch.mul(x, self._mask, out=self._output(*x.shape))

    def set_parameter_gradients(self, gradient: Tensor) -> None:
        pass

    def input_gradient(self, gradient: Tensor) -> Tensor:
        return gradient.mul_(self._mask)
