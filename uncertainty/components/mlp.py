"""The multi-layer perceptron of a stack of members: x -> raw outputs [M, N, R].

Training and prediction are two functions of the same parameters. `layers` gives the training form: batch statistics,
dropout masks, gradients. `fold` gives the prediction form: running statistics and masks are absorbed into the weights,
which leaves plain affine layers and no mode to switch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from uncertainty.components.activations import ACTIVATIONS, ActivationLayer
from uncertainty.components.dropout import DropoutLayer, draw_mask
from uncertainty.components.folded import FoldedLayer, FoldedMLP, fold_layer
from uncertainty.components.initializers import Initializer
from uncertainty.components.layer import Layer, Scratch
from uncertainty.components.linear import LinearLayer, OutputLayer
from uncertainty.components.normalization import BatchNormalizer, BatchNormLayer
from uncertainty.components.parameters import ParameterLayout

OUTPUT_WEIGHT, OUTPUT_BIAS = "output.weight", "output.bias"


@dataclass(frozen=True)
class MLP:
    """Architecture of one member; `hidden_layer_sizes=()` is a generalised linear model.

    `layout` places the learned parameters in a row of a buffer [M, P], `statistics_layout` the running statistics of
    batch normalization in a row of [M, Q]. Hidden weights are stored [in, out], the output weights [R, H].
    """

    n_inputs: int
    hidden_layer_sizes: tuple[int, ...]
    n_raw: int
    activation: str
    normalizer: BatchNormalizer | None = None
    dropout_rates: tuple[float, ...] = ()
    layout: ParameterLayout = field(init=False, repr=False, compare=False)
    statistics_layout: ParameterLayout = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        layout, statistics = ParameterLayout(), ParameterLayout()
        for i, (n_in, n_out) in enumerate(self._hidden_shapes()):
            layout.add(f"hidden{i}.weight", (n_in, n_out), penalized=True)
            layout.add(f"hidden{i}.bias", (n_out,))
            if self.normalizer is not None:
                layout.add(f"norm{i}.scale", (n_out,))
                layout.add(f"norm{i}.shift", (n_out,))
                statistics.add(f"norm{i}.mean", (n_out,))
                statistics.add(f"norm{i}.variance", (n_out,))
        layout.add(OUTPUT_WEIGHT, (self.n_raw, self.n_last), penalized=True)
        layout.add(OUTPUT_BIAS, (self.n_raw,))
        object.__setattr__(self, "layout", layout)
        object.__setattr__(self, "statistics_layout", statistics)

    def _hidden_shapes(self) -> list[tuple[int, int]]:
        return list(zip((self.n_inputs, *self.hidden_layer_sizes), self.hidden_layer_sizes, strict=False))

    @property
    def n_hidden_layers(self) -> int:
        return len(self.hidden_layer_sizes)

    @property
    def n_last(self) -> int:
        """Width of the last hidden layer, which the output layer reads."""
        return self.hidden_layer_sizes[-1] if self.hidden_layer_sizes else self.n_inputs

    @property
    def multiply_adds(self) -> int:
        """Multiply-adds of one forward pass of one row through one member."""
        return sum(n_in * n_out for n_in, n_out in self._hidden_shapes()) + self.n_last * self.n_raw

    def initialize(
        self, generators: Sequence[np.random.Generator], initializer: Initializer, *, dtype: torch.dtype
    ) -> tuple[Tensor, Tensor]:
        """Draw the initial parameters [M, P] and running statistics [M, Q], member m from generator m alone.

        The output weights start at zero: with the head's best constant for a bias, training starts exactly at the
        marginal distribution of y, and members differ by their hidden layers.
        """
        values = torch.zeros(len(generators), self.layout.size, dtype=dtype)
        views = self.layout.views(values)
        for i, shape in enumerate(self._hidden_shapes()):
            draw = initializer.build(*shape)
            for m, generator in enumerate(generators):
                views[f"hidden{i}.weight"][m] = torch.from_numpy(draw(generator, shape))
        statistics = torch.zeros(len(generators), self.statistics_layout.size, dtype=dtype)
        for i in range(self.n_hidden_layers if self.normalizer is not None else 0):
            views[f"norm{i}.scale"].fill_(1.0)
            self.statistics_layout.views(statistics)[f"norm{i}.variance"].fill_(1.0)
        return values, statistics

    def draw_masks(
        self,
        generators: Sequence[np.random.Generator],
        rows: tuple[int, ...] = (),
        *,
        dtype: torch.dtype,
        scratch: Sequence[Scratch | None] | None = None,
    ) -> list[Tensor | None]:
        """Draw a dropout mask [M, *rows, H] for each hidden layer, None where nothing is dropped.

        With `scratch`, one a hidden layer, the masks lie in its memory.
        """
        memory = scratch or (None,) * self.n_hidden_layers
        return [
            draw_mask(generators, rate, (*rows, width), dtype=dtype, scratch=of_layer) if rate > 0.0 else None
            for rate, width, of_layer in zip(self.dropout_rates, self.hidden_layer_sizes, memory, strict=True)
        ]

    def layers(self, values: Tensor, gradient: Tensor, statistics: Tensor, first_member: int = 0) -> list[Layer]:
        """Return the training form of the members in `values` [M, P]: layers from x to raw outputs.

        They read `values`, write the gradients of all parameters to `gradient` [M, P], and move the running
        `statistics` [M, Q] in place. `first_member` is where in a larger stack these members begin.
        """
        p, g, s = self.layout.views(values), self.layout.views(gradient), self.statistics_layout.views(statistics)
        layers: list[Layer] = []
        for i in range(self.n_hidden_layers):
            weight, bias, scale, shift = (f"hidden{i}.weight", f"hidden{i}.bias", f"norm{i}.scale", f"norm{i}.shift")
            layers.append(LinearLayer(p[weight], p[bias], g[weight], g[bias], first_member))
            if self.normalizer is not None:
                running = s[f"norm{i}.mean"], s[f"norm{i}.variance"]
                affine, gradients = (p[scale], p[shift]), (g[scale], g[shift])
                layers.append(BatchNormLayer(self.normalizer, affine, gradients, running, first_member))
            layers.append(ActivationLayer(ACTIVATIONS[self.activation], values, first_member))
            if self.dropout_rates and self.dropout_rates[i] > 0.0:
                layers.append(DropoutLayer(i, values, first_member))
        output = p[OUTPUT_WEIGHT], p[OUTPUT_BIAS], g[OUTPUT_WEIGHT], g[OUTPUT_BIAS]
        return [*layers, OutputLayer(*output, first_member)]

    def hidden_weights(self, values: Tensor) -> list[Tensor]:
        """Views [M, in, out] of the weights that come into the units of each hidden layer, in `values` [M, P]."""
        views = self.layout.views(values)
        return [views[f"hidden{i}.weight"] for i in range(self.n_hidden_layers)]

    def is_settled(self, n_updates: int) -> bool:
        """Whether a training step, after so many batches, no longer depends on how many there were."""
        return self.normalizer is None or n_updates * self.normalizer.momentum >= 1.0

    def fold(self, values: Tensor, statistics: Tensor, masks: Sequence[Tensor | None] | None = None) -> FoldedMLP:
        """Return the prediction form of the members in `values` [M, P].

        `masks` (one [S, H] a hidden layer, or None) makes S members out of each layer that follows a mask: the mask
        is folded into that layer's weights, and the layers before the first mask stay shared.
        """
        parameters = self.layout.views(values)
        running = self.statistics_layout.views(statistics)
        masks = masks if masks is not None else (None,) * self.n_hidden_layers
        layers: list[FoldedLayer] = []
        mask: Tensor | None = None
        for i in range(self.n_hidden_layers):
            weight, bias = parameters[f"hidden{i}.weight"], parameters[f"hidden{i}.bias"]
            if self.normalizer is not None:
                a, b = self.normalizer.affine(
                    parameters[f"norm{i}.scale"],
                    parameters[f"norm{i}.shift"],
                    running[f"norm{i}.mean"],
                    running[f"norm{i}.variance"],
                )
                weight, bias = weight * a.unsqueeze(1), bias * a + b
            shares_input = all(layer.n_members == 1 for layer in layers)
            layers.append(fold_layer(weight, bias, mask, shares_input=shares_input))
            mask = masks[i]
        output = parameters[OUTPUT_WEIGHT]
        output = output if mask is None else output * mask.unsqueeze(1)
        return FoldedMLP(tuple(layers), output, parameters[OUTPUT_BIAS], ACTIVATIONS[self.activation])
