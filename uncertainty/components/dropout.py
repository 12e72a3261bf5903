"""Dropout of units, of inputs, of weights, and with a rate that is learned.

A mask holds 0 where a unit is dropped and 1 / (1 - rate) where it is kept, so a layer's expected output is its output
without dropout. Training draws a mask per row; MC-dropout draws one per member, shared by all rows, which makes a
member a function.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from uncertainty.components.component import Component, Place, Step
from uncertainty.components.concrete_dropout import ConcreteDropout
from uncertainty.components.layer import Batch, Layer, Scratch
from uncertainty.components.noise import Mask, Noise
from uncertainty.components.spec import Spec, check_number

KINDS = ("unit", "connect", "concrete")


class Dropout(Spec):
    """Dropout in training, and in MC-dropout at prediction.

    Parameters
    ----------
    rate : float in [0, 1), or one for each hidden layer, default 0.1
        Probability that a unit of the layer is dropped, after its activation; with `kind="connect"`, that a weight
        into the layer is; with `kind="concrete"`, where the learned rate of the layer starts.
    input_rate : float in [0, 1), default 0
        Probability that an input is dropped, which replaces it by its mean where X is standardised.
    kind : {"unit", "connect", "concrete"}, default "unit"
        "connect" drops weights, with one mask for all rows of a batch (DropConnect). "concrete" learns the rate of
        each layer and member together with the weights: see `ConcreteDropout`.

    References
    ----------
    Srivastava et al. (2014), Dropout, section 4; Gal & Ghahramani (2016) for its use at prediction; Wan et al. (2013),
    Regularization of neural networks using DropConnect, section 3; Gal, Hron & Kendall (2017), Concrete dropout.
    """

    def __init__(self, rate: float | tuple[float, ...] = 0.1, input_rate: float = 0.0, kind: str = "unit") -> None:
        self.rate = rate
        self.input_rate = input_rate
        self.kind = kind

    def build(self, n_layers: int) -> DropoutRates:
        """Return the rates of the inputs and of each hidden layer."""
        if self.kind not in KINDS:
            raise ValueError(f"kind of dropout must be one of {list(KINDS)}, got {self.kind!r}.")
        rates = tuple(self.rate) if isinstance(self.rate, (tuple, list, np.ndarray)) else (self.rate,) * n_layers
        if len(rates) != n_layers:
            raise ValueError(
                f"dropout must have one rate, or one for each of the {n_layers} hidden layers, got {self.rate!r}."
            )
        checked = tuple(check_number("dropout rate", rate, high=1.0, high_open=True) for rate in rates)
        if self.kind == "concrete" and not all(rate > 0.0 for rate in checked):
            raise ValueError(f"dropout rate must be greater than 0 where it is learned, got {self.rate!r}.")
        input_rate = check_number("input_rate", self.input_rate, high=1.0, high_open=True)
        return DropoutRates(checked, input_rate, self.kind)


def resolve_dropout(value: float | Dropout | None) -> Dropout:
    """Return the spec of the `dropout` slot; a number is a rate and None means no dropout."""
    if isinstance(value, Dropout):
        return value
    if isinstance(value, str):
        raise TypeError(f"dropout must be a rate in [0, 1), a Dropout object or None, got {value!r}.")
    return Dropout(0.0 if value is None else value)


@dataclass(frozen=True)
class DropoutRates:
    """Runtime form of `Dropout`: the rate of each hidden layer and of the inputs."""

    rates: tuple[float, ...] = ()
    input_rate: float = 0.0
    kind: str = "unit"

    @property
    def drops(self) -> bool:
        """Whether anything is dropped at all."""
        return any(rate > 0.0 for rate in (*self.rates, self.input_rate))

    def of_units(self, number: int) -> Component | None:
        """The component that drops units of hidden layer `number`."""
        if self.kind == "connect" or not self.rates or self.rates[number] == 0.0:
            return None
        rate = self.rates[number]
        return ConcreteDropout(rate) if self.kind == "concrete" else UnitDropout(rate)

    def of_weights(self, number: int, n_in: int, n_out: int) -> Mask | None:
        """The mask of the weights [n_in, n_out] into hidden layer `number`, drawn for each batch."""
        if self.kind != "connect" or not self.rates or self.rates[number] == 0.0:
            return None
        return Mask(self.rates[number], (n_in, n_out), per_row=False)

    def of_inputs(self, n_inputs: int) -> Mask | None:
        """The mask of the inputs."""
        return Mask(self.input_rate, (n_inputs,)) if self.input_rate > 0.0 else None


NO_DROPOUT = DropoutRates()


@dataclass(frozen=True)
class UnitDropout(Component):
    """Dropout of units at a fixed rate."""

    rate: float

    def noise(self, width: int) -> Noise:
        return Mask(self.rate, (width,))

    def layer(self, place: Place) -> Layer:
        assert place.noise is not None
        return MaskLayer(place.noise, place.like, place.first_member)

    def step(self, parameters: Mapping[str, Tensor], statistics: Mapping[str, Tensor]) -> Step | None:
        return None  # a mask is folded into the weights that follow


class MaskLayer(Layer):
    """The product with what the batch has drawn for source `number`: [M, B, H], or [M, B, 1]."""

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
