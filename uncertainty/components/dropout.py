"""Dropout of units, of inputs, of weights, and with a rate that is learned.

A mask holds 0 where a unit is dropped and 1 / (1 - rate) where it is kept, so a layer's expected output is its output
without dropout. Training draws a mask per row; MC-dropout draws one per member, shared by all rows, which makes a
member a function.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from uncertainty.components.concrete_dropout import ConcreteDropout
from uncertainty.components.noise import Mask
from uncertainty.components.spec import Spec, check_number, resolve
from uncertainty.components.unit_dropout import FixedRateDropout, UnitDropout

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
        kind = resolve("kind of dropout", self.kind, {name: name for name in KINDS}, str)
        rates = tuple(self.rate) if isinstance(self.rate, (tuple, list, np.ndarray)) else (self.rate,) * n_layers
        if len(rates) != n_layers:
            raise ValueError(
                f"dropout must have one rate, or one for each of the {n_layers} hidden layers, got {self.rate!r}."
            )
        checked = tuple(check_number("dropout rate", rate, high=1.0, high_open=True) for rate in rates)
        if kind == "concrete" and not all(rate > 0.0 for rate in checked):
            raise ValueError(f"dropout rate must be greater than 0 where it is learned, got {self.rate!r}.")
        input_rate = check_number("input_rate of dropout", self.input_rate, high=1.0, high_open=True)
        return DropoutRates(checked, input_rate, kind)


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

    def of_units(self, number: int) -> UnitDropout | None:
        """The component that drops units of hidden layer `number`."""
        rate = self._rate(number)
        if self.kind == "connect" or rate == 0.0:
            return None
        return ConcreteDropout(rate) if self.kind == "concrete" else FixedRateDropout(rate)

    def of_weights(self, number: int, n_in: int, n_out: int) -> Mask | None:
        """The mask of the weights [n_in, n_out] into hidden layer `number`, drawn for each batch."""
        rate = self._rate(number)
        return Mask(rate, (n_in, n_out), per_row=False) if self.kind == "connect" and rate > 0.0 else None

    def of_inputs(self, n_inputs: int) -> Mask | None:
        """The mask of the inputs."""
        return Mask(self.input_rate, (n_inputs,)) if self.input_rate > 0.0 else None

    def _rate(self, number: int) -> float:
        return self.rates[number] if self.rates else 0.0


NO_DROPOUT = DropoutRates()
