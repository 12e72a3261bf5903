"""Initializers that adjust drawn weights to rows of data, layer after layer, in one pass of the training form."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from uncertainty.components.batch_norm import batch_moments, row_shares
from uncertainty.components.initializers.initializer import Initializer
from uncertainty.components.layer import Batch, Layer

if TYPE_CHECKING:
    from uncertainty.components.hidden_layer import HiddenLayer
    from uncertainty.components.mlp import MLP

# A standard deviation below this share of the mean is that of a constant, up to rounding.
SMALLEST_SHARE = 1e-4


class DataDriven(Initializer):
    """An initializer whose weights are adjusted to the pre-activations that rows of data give.

    The network runs in its training form: dropout, random slopes, stochastic depth and batch normalization by the
    rows' own moments act as they will in training, and count in what later layers measure (DropConnect alone does
    not: one mask is too few to measure by). Rows count by their weights.
    """

    def adjust_(self, mlp: MLP, values: Tensor, statistics: Tensor, batch: Batch) -> None:
        """Adjust in place the parameters [M, P], which have been drawn, to the rows of `batch`.

        Running statistics are left alone.
        """
        views = mlp.layout.views(values)

        def adjusting(hidden: HiddenLayer, linear: Layer) -> Layer:
            return _AdjustingLayer(self, linear, views[hidden.weight], views.get(hidden.bias))

        h = batch.x
        for layer in mlp.layers(values, torch.zeros_like(values), statistics.clone(), around_linear=adjusting):
            h = layer.forward(h, batch, 0)

    def rescale_(self, mean: Tensor, variance: Tensor, weight: Tensor, bias: Tensor | None) -> None:
        """Change weights [M, D, H] and biases [M, H] in place, given the moments [M, 1, H] of what they produce."""
        raise NotImplementedError


class _AdjustingLayer(Layer):
    """A linear map whose parameters are adjusted to every batch that it sees, before it maps it."""

    def __init__(self, initializer: DataDriven, linear: Layer, weight: Tensor, bias: Tensor | None) -> None:
        self.initializer = initializer
        self.linear = linear
        self.weight = weight
        self.bias = bias

    def forward(self, x: Tensor, batch: Batch, n_updates: int) -> Tensor:
        mean, variance = batch_moments(self.linear.forward(x, batch, n_updates), row_shares(batch.weight))
        self.initializer.rescale_(mean, variance, self.weight, self.bias)
        return self.linear.forward(x, batch, n_updates)

    def set_parameter_gradients(self, gradient: Tensor) -> None:
        self.linear.set_parameter_gradients(gradient)

    def input_gradient(self, gradient: Tensor) -> Tensor:
        return self.linear.input_gradient(gradient)


def varies(mean: Tensor, variance: Tensor) -> Tensor:
    """Return whether it is more than rounding by which something varies: what is constant has no scale to set."""
    return variance > (SMALLEST_SHARE * mean).square()
