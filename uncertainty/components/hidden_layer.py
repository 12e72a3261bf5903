"""One hidden layer: a linear map, then normalization, activation and dropout, each a component."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from uncertainty.components.activation import Activation
from uncertainty.components.component import Arrays, Component, Place, Step, arrays_of
from uncertainty.components.drop_connect import DropConnectLayer
from uncertainty.components.folded import fold_linear
from uncertainty.components.layer import Layer
from uncertainty.components.linear import LinearLayer
from uncertainty.components.noise import Generators, Mask, Noise
from uncertainty.components.normalization import Normalizer
from uncertainty.components.parameters import ParameterLayout
from uncertainty.components.unit_dropout import UnitDropout


@dataclass(frozen=True)
class NetworkInTraining:
    """What the layers of a stack in training have in common: the arrays of all of them, by name, [M, ...].

    `sources` numbers the sources of random numbers by name; the rest is as in `Place`.
    """

    parameters: Arrays
    gradients: Arrays
    statistics: Arrays
    sources: Mapping[str, int]
    like: Tensor
    first_member: int

    def place(self, name: str, component: Component, width: int) -> Place:
        """Where the component of that name lives."""
        learned = component.parameters(width)
        return Place(
            arrays_of(name, learned, self.parameters),
            arrays_of(name, learned, self.gradients),
            arrays_of(name, component.statistics(width), self.statistics),
            self.sources.get(name),
            self.like,
            self.first_member,
        )


@dataclass(frozen=True)
class HiddenLayer:
    """Hidden layer `number`, from [M, N, n_in] to [M, N, n_out].

    `weight_mask` is what DropConnect draws. The linear map gives `width` numbers, more than n_out where the activation
    takes several pieces. No penalty applies to the weights of the last `n_free` inputs.
    """

    number: int
    n_in: int
    n_out: int
    activation: Activation
    normalizer: Normalizer | None
    dropout: UnitDropout | None
    weight_mask: Mask | None
    n_free: int = 0

    @property
    def width(self) -> int:
        return self.n_out * self.activation.pieces

    @property
    def weight(self) -> str:
        """Name of the linear map's weights, [n_in, width]."""
        return f"hidden{self.number}.weight"

    @property
    def bias(self) -> str:
        """Name of the linear map's bias, which a layer before batch normalization has not."""
        return f"hidden{self.number}.bias"

    @property
    def unit_mask(self) -> str:
        """Name of the dropout of units, and of the masks that it draws for members."""
        return f"dropout{self.number}"

    @property
    def offset(self) -> str:
        """Name of what each unit adds last before its activation: the shift of a normalization, or else the bias."""
        return self.bias if self.normalizer is None else f"norm{self.number}.shift"

    @property
    def has_bias(self) -> bool:
        return self.normalizer is None or not self.normalizer.makes_bias_redundant

    def components(self) -> Iterator[tuple[str, Component, int]]:
        """The components in order: a name of each, and the width that it works on."""
        if self.normalizer is not None:
            yield f"norm{self.number}", self.normalizer, self.width
        yield f"activation{self.number}", self.activation, self.width
        if self.dropout is not None:
            yield self.unit_mask, self.dropout, self.n_out

    def declare(self, layout: ParameterLayout, statistics: ParameterLayout) -> None:
        """Give every parameter and running statistic its place."""
        layout.add(self.weight, (self.n_in, self.width), n_penalized=(self.n_in - self.n_free) * self.width)
        if self.has_bias:
            layout.add(self.bias, (self.width,))
        for name, component, width in self.components():
            for parameter, (shape, _) in component.parameters(width).items():
                layout.add(f"{name}.{parameter}", shape)
            for statistic, (shape, _) in component.statistics(width).items():
                statistics.add(f"{name}.{statistic}", shape)

    def fill(self, parameters: Arrays, statistics: Arrays) -> None:
        """Set the parameters and statistics of the components to where they start."""
        for name, component, width in self.components():
            for parameter, (_, value) in component.parameters(width).items():
                parameters[f"{name}.{parameter}"].fill_(value)
            for statistic, (_, value) in component.statistics(width).items():
                statistics[f"{name}.{statistic}"].fill_(value)

    def noise(self) -> Iterator[tuple[str, Noise]]:
        """Sources of random numbers, by name."""
        if self.weight_mask is not None:
            yield self.weight, self.weight_mask
        for name, component, width in self.components():
            source = component.noise(width)
            if source is not None:
                yield name, source

    def layers(self, network: NetworkInTraining) -> tuple[Layer, list[Layer]]:
        """Return the training forms of the linear map and of the components."""
        p, g = network.parameters, network.gradients
        arrays = p[self.weight], p.get(self.bias), g[self.weight], g.get(self.bias)
        linear: Layer
        if self.weight_mask is None:
            linear = LinearLayer(*arrays, network.first_member)
        else:
            linear = DropConnectLayer(network.sources[self.weight], *arrays, network.first_member)
        return linear, [c.layer(network.place(name, c, width)) for name, c, width in self.components()]

    def draw_masks(self, generators: Generators, parameters: Arrays) -> dict[str, Tensor]:
        """Draw the masks, by name, that make members out of one network with these parameters: [S, ...] each."""
        if self.weight_mask is not None:
            return {self.weight: self.weight_mask.draw(generators, 1, dtype=torch.float64)[:, 0]}
        if self.dropout is not None:
            own = arrays_of(self.unit_mask, self.dropout.parameters(self.n_out), parameters)
            return {self.unit_mask: self.dropout.member_masks(generators, self.n_out, own)}
        return {}

    def dropout_rates(self, parameters: Arrays) -> Tensor:
        """The rate at which each member drops units of the layer, or weights into it, [M] or [1]."""
        if self.dropout is not None:
            return self.dropout.rates(arrays_of(self.unit_mask, self.dropout.parameters(self.n_out), parameters))
        return torch.tensor([0.0 if self.weight_mask is None else self.weight_mask.rate], dtype=torch.float64)

    def steps(
        self,
        parameters: Arrays,
        statistics: Arrays,
        masks: Arrays,
        input_mask: Tensor | None,
        *,
        shares_input: bool,
        absorbs: bool,
    ) -> tuple[Step, list[Step]]:
        """Return the prediction forms of the linear map and of the components.

        `input_mask` is what the layer before has drawn. Where nothing else reads the linear map's output it `absorbs`
        a normalization that is an affine map.
        """
        weight = parameters[self.weight]
        bias = parameters[self.bias] if self.has_bias else weight.new_zeros(len(weight), self.width)
        if self.weight in masks:
            weight = weight * masks[self.weight]
        steps = []
        for name, component, width in self.components():
            own = arrays_of(name, component.parameters(width), parameters)
            running = arrays_of(name, component.statistics(width), statistics)
            affine = component.affine(own, running) if absorbs and isinstance(component, Normalizer) else None
            if affine is None:
                steps.append(component.step(own, running))
            else:
                weight, bias = weight * affine[0].unsqueeze(1), bias * affine[0] + affine[1]
        linear = fold_linear(weight, bias, input_mask, shares_input=shares_input)
        return linear, [step for step in steps if step is not None]
