"""The multi-layer perceptron of a stack of members: x -> raw outputs [M, N, R].

Training and prediction are two functions of the same parameters. `layers` gives the training form: batch statistics,
dropout masks, gradients. `fold` gives the prediction form: running statistics and masks are absorbed into the weights,
which leaves nothing random and no mode to switch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from uncertainty.components.activation import Activation
from uncertainty.components.component import Step
from uncertainty.components.dropout import NO_DROPOUT, DropoutRates
from uncertainty.components.folded import FoldedMLP
from uncertainty.components.hidden_layer import HiddenLayer, NetworkInTraining
from uncertainty.components.initializers import Initializer
from uncertainty.components.layer import Layer, Scratch
from uncertainty.components.linear import OutputLayer
from uncertainty.components.noise import Noise
from uncertainty.components.normalization import Normalizer
from uncertainty.components.parameters import ParameterLayout
from uncertainty.components.residual import NO_BLOCKS, ResidualBlocks, ResidualLayer, ResidualStep
from uncertainty.components.unit_dropout import MaskLayer

OUTPUT_WEIGHT, OUTPUT_BIAS = "output.weight", "output.bias"
INPUT_MASK = "input"


@dataclass(frozen=True)
class MLP:
    """Architecture of one member; `hidden_layer_sizes=()` is a generalised linear model.

    `layout` places the learned parameters in a row of a buffer [M, P], `statistics_layout` the running statistics of
    batch normalization in a row of [M, Q]. Hidden weights are stored [in, out], the output weights [R, H]. `noise`
    holds the sources of random numbers, by name, in the order in which they are drawn. The weights of the last
    `n_gap_inputs` of the inputs start at zero and are not penalized.
    """

    n_inputs: int
    hidden_layer_sizes: tuple[int, ...]
    n_raw: int
    activation: Activation
    normalizer: Normalizer | None = None
    dropout: DropoutRates = NO_DROPOUT
    residual: ResidualBlocks = NO_BLOCKS
    n_gap_inputs: int = 0
    layout: ParameterLayout = field(init=False, repr=False, compare=False)
    statistics_layout: ParameterLayout = field(init=False, repr=False, compare=False)
    hidden_layers: tuple[HiddenLayer, ...] = field(init=False, repr=False, compare=False)
    noise: dict[str, Noise] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        layout, statistics = ParameterLayout(), ParameterLayout()
        hidden = tuple(self._hidden_layer(i) for i in range(self.n_hidden_layers))
        for layer in hidden:
            layer.declare(layout, statistics)
        layout.add(OUTPUT_WEIGHT, (self.n_raw, self.n_last), n_penalized=self.n_raw * self.n_last)
        layout.add(OUTPUT_BIAS, (self.n_raw,))
        object.__setattr__(self, "layout", layout)
        object.__setattr__(self, "statistics_layout", statistics)
        object.__setattr__(self, "hidden_layers", hidden)
        object.__setattr__(self, "noise", dict(self._sources(hidden)))

    def _hidden_layer(self, number: int) -> HiddenLayer:
        n_in, n_out = (self.n_inputs, *self.hidden_layer_sizes)[number : number + 2]
        if self.normalizer is not None:
            self.normalizer.check_width(n_out * self.activation.pieces)
        of_units = self.dropout.of_units(number)
        of_weights = self.dropout.of_weights(number, n_in, n_out * self.activation.pieces)
        n_free = self.n_gap_inputs if number == 0 else 0
        return HiddenLayer(number, n_in, n_out, self.activation, self.normalizer, of_units, of_weights, n_free)

    def _sources(self, hidden: Sequence[HiddenLayer]) -> Iterator[tuple[str, Noise]]:
        of_inputs = self.dropout.of_inputs(self.n_inputs)
        if of_inputs is not None:
            yield INPUT_MASK, of_inputs
        for layer in hidden:
            yield from layer.noise()
        yield from self.residual.noise()

    @property
    def n_hidden_layers(self) -> int:
        return len(self.hidden_layer_sizes)

    @property
    def n_last(self) -> int:
        """Width of the last hidden layer, which the output layer reads."""
        return self.hidden_layer_sizes[-1] if self.hidden_layer_sizes else self.n_inputs

    @property
    def widest(self) -> int:
        """Most numbers that a layer of one member holds for a row."""
        return max(self.n_inputs, self.n_raw, *(layer.width for layer in self.hidden_layers))

    @property
    def multiply_adds(self) -> int:
        """Multiply-adds of one forward pass of one row through one member."""
        return sum(layer.n_in * layer.width for layer in self.hidden_layers) + self.n_last * self.n_raw

    def initialize(
        self, generators: Sequence[np.random.Generator], initializer: Initializer, *, dtype: torch.dtype
    ) -> tuple[Tensor, Tensor]:
        """Draw the initial parameters [M, P] and running statistics [M, Q], member m from generator m alone.

        The output weights start at zero: with the head's best constant for a bias, training starts exactly at the
        marginal distribution of y, and members differ by their hidden layers.
        """
        values = torch.zeros(len(generators), self.layout.size, dtype=dtype)
        statistics = torch.zeros(len(generators), self.statistics_layout.size, dtype=dtype)
        views, running = self.layout.views(values), self.statistics_layout.views(statistics)
        for layer in self.hidden_layers:
            shape = (layer.n_in - layer.n_free, layer.n_out)
            draw = initializer.build(*shape, layer.activation)
            for weight, generator in zip(views[layer.weight], generators, strict=True):
                for piece in weight[: shape[0]].split(layer.n_out, dim=1):
                    piece.copy_(torch.from_numpy(draw(generator, shape)))
            layer.fill(views, running)
            views[layer.offset].fill_(initializer.initial_bias())
        initializer.finish_(self, values)
        return values, statistics

    def draw_noise(
        self,
        generators: Sequence[np.random.Generator],
        n_rows: int,
        n_batches: int,
        *,
        dtype: torch.dtype,
        scratch: Sequence[Scratch | None] | None = None,
    ) -> list[Tensor]:
        """Draw what training needs for so many rows in so many batches: [M, n_rows or n_batches, ...] a source.

        With `scratch`, one a source, the numbers lie in its memory.
        """
        memory = scratch or (None,) * len(self.noise)
        return [
            source.draw(generators, n_rows if source.per_row else n_batches, dtype=dtype, scratch=of_source)
            for source, of_source in zip(self.noise.values(), memory, strict=True)
        ]

    def draw_masks(self, generators: Sequence[np.random.Generator], values: Tensor) -> dict[str, Tensor]:
        """Draw the masks that make members out of one network, whose parameters are `values` [1, P]: [S, ...] each."""
        parameters = self.layout.views(values)
        of_inputs = self.dropout.of_inputs(self.n_inputs)
        masks = {} if of_inputs is None else {INPUT_MASK: of_inputs.draw(generators, 1, dtype=torch.float64)[:, 0]}
        for layer in self.hidden_layers:
            masks |= layer.draw_masks(generators, parameters)
        return masks

    def dropout_rates(self, values: Tensor) -> Tensor:
        """Return the rates [M, L] at which members with the parameters `values` [M, P] drop units of L hidden layers.

        With DropConnect they are those of the weights into a layer.
        """
        parameters = self.layout.views(values)
        rates = [layer.dropout_rates(parameters).expand(len(values)) for layer in self.hidden_layers]
        return torch.stack(rates, dim=1) if rates else torch.zeros(len(values), 0, dtype=torch.float64)

    def layers(
        self,
        values: Tensor,
        gradient: Tensor,
        statistics: Tensor,
        first_member: int = 0,
        *,
        around_linear: Callable[[HiddenLayer, Layer], Layer] | None = None,
    ) -> list[Layer]:
        """Return the training form of the members in `values` [M, P]: layers from x to raw outputs.

        They read `values`, write the gradients of all parameters to `gradient` [M, P], and move the running
        `statistics` [M, Q] in place. `first_member` is where in a larger stack these members begin. `around_linear`
        may put a layer around the linear map of each hidden layer.
        """
        p, g, s = self.layout.views(values), self.layout.views(gradient), self.statistics_layout.views(statistics)
        sources = {name: number for number, name in enumerate(self.noise)}
        network = NetworkInTraining(p, g, s, sources, values, first_member)

        def block(number: int, inner: list[Layer]) -> Layer:
            return ResidualLayer(inner, sources.get(f"block{number}"), values, first_member)

        made = [layer.layers(network) for layer in self.hidden_layers]
        if around_linear is not None:
            pairs = zip(self.hidden_layers, made, strict=True)
            made = [(around_linear(layer, linear), after) for layer, (linear, after) in pairs]
        hidden = self.residual.arrange(made, block)
        before: list[Layer] = [MaskLayer(sources[INPUT_MASK], values, first_member)] if INPUT_MASK in sources else []
        output = OutputLayer(p[OUTPUT_WEIGHT], p[OUTPUT_BIAS], g[OUTPUT_WEIGHT], g[OUTPUT_BIAS], first_member)
        return [*before, *hidden, output]

    def hidden_weights(self, values: Tensor) -> list[Tensor]:
        """Views [M, in, out] of the weights that come into the units of each hidden layer, in `values` [M, P].

        Without those of the gaps.
        """
        views = self.layout.views(values)
        return [views[layer.weight][:, : layer.n_in - layer.n_free] for layer in self.hidden_layers]

    def is_settled(self, n_updates: int) -> bool:
        """Whether a training step, after so many batches, no longer depends on how many there were."""
        return self.normalizer is None or self.normalizer.is_settled(n_updates)

    def fold(self, values: Tensor, statistics: Tensor, masks: dict[str, Tensor] | None = None) -> FoldedMLP:
        """Return the prediction form of the members in `values` [M, P].

        `masks` (from `draw_masks`, [S, ...] each) makes S members out of each layer that follows a mask: the mask is
        folded into that layer's weights, and the layers before the first mask stay shared.
        """
        p, s = self.layout.views(values), self.statistics_layout.views(statistics)
        masks = masks or {}
        mask, shares_input = masks.get(INPUT_MASK), True
        hidden: list[tuple[Step, list[Step]]] = []
        for layer in self.hidden_layers:
            absorbs = not self.residual.feeds_stream(layer.number)
            linear, after = layer.steps(p, s, masks, mask, shares_input=shares_input, absorbs=absorbs)
            hidden.append((linear, after))
            shares_input = shares_input and linear.n_members == 1
            mask = masks.get(layer.unit_mask)
        output = p[OUTPUT_WEIGHT] if mask is None else p[OUTPUT_WEIGHT] * mask.unsqueeze(1)
        steps = self.residual.arrange(hidden, lambda number, inner: ResidualStep(inner))
        return FoldedMLP(tuple(steps), output, p[OUTPUT_BIAS])
