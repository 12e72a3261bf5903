"""One hidden layer: a linear map, then normalization, activation and dropout, each a component."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from torch import Tensor

from uncertainty.components.activation import Activation
from uncertainty.components.component import Component, Place, Step
from uncertainty.components.drop_connect import DropConnectLayer
from uncertainty.components.folded import fold_linear
from uncertainty.components.layer import Layer
from uncertainty.components.linear import LinearLayer
from uncertainty.components.noise import Mask, Noise
from uncertainty.components.normalization import Normalizer
from uncertainty.components.parameters import ParameterLayout

Arrays = Mapping[str, Tensor]


@dataclass(frozen=True)
class HiddenLayer:
    """Hidden layer `number`, from [M, N, n_in] to [M, N, n_out].

    `weight_mask` is what DropConnect draws. The linear map gives `width` numbers, more than n_out where the activation
    takes several pieces.
    """

    number: int
    n_in: int
    n_out: int
    activation: Activation
    normalizer: Normalizer | None
    dropout: Component | None
    weight_mask: Mask | None

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
    def has_bias(self) -> bool:
        return self.normalizer is None or not self.normalizer.makes_bias_redundant

    def components(self) -> Iterator[tuple[str, Component, int]]:
        """The components in order: a name of each, and the width that it works on."""
        if self.normalizer is not None:
            yield f"norm{self.number}", self.normalizer, self.width
        yield f"activation{self.number}", self.activation, self.width
        if self.dropout is not None:
            yield f"dropout{self.number}", self.dropout, self.n_out

    def declare(self, layout: ParameterLayout, statistics: ParameterLayout) -> None:
        """Give every parameter and running statistic its place."""
        layout.add(self.weight, (self.n_in, self.width), penalized=True)
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

    def layers(self, at: Place, sources: Mapping[str, int]) -> tuple[Layer, list[Layer]]:
        """Return the training forms of the linear map and of the components; `at` holds the arrays of all layers.

        `sources` numbers the sources of random numbers.
        """
        p, g = at.parameters, at.gradients
        arrays = p[self.weight], p.get(self.bias), g[self.weight], g.get(self.bias)
        linear: Layer
        if self.weight_mask is None:
            linear = LinearLayer(*arrays, at.first_member)
        else:
            linear = DropConnectLayer(sources[self.weight], *arrays, at.first_member)
        places = [
            Place(
                of_component(name, p),
                of_component(name, g),
                of_component(name, at.statistics),
                sources.get(name),
                at.like,
                at.first_member,
            )
            for name, _, _ in self.components()
        ]
        after = [c.layer(place) for (_, c, _), place in zip(self.components(), places, strict=True)]
        return linear, after

    def steps(
        self,
        parameters: Arrays,
        statistics: Arrays,
        masks: Mapping[str, Tensor],
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
        steps: list[Step] = []
        for name, component, _ in self.components():
            own, running = of_component(name, parameters), of_component(name, statistics)
            affine = component.affine(own, running) if absorbs and isinstance(component, Normalizer) else None
            if affine is not None:
                a, b = affine
                weight, bias = weight * a.unsqueeze(1), bias * a + b
                continue
            step = component.step(own, running)
            steps += [] if step is None else [step]
        shares_input = shares_input and self.weight not in masks
        return fold_linear(weight, bias, input_mask, shares_input=shares_input), steps


def of_component(name: str, arrays: Arrays) -> dict[str, Tensor]:
    """The arrays of one component, by their names within it."""
    return {key.removeprefix(f"{name}."): array for key, array in arrays.items() if key.startswith(f"{name}.")}
