"""DropConnect: dropout of weights instead of units."""

from __future__ import annotations

import torch
from torch import Tensor

from uncertainty.components.layer import Batch, Layer, Scratch
from uncertainty.components.linear import LinearLayer


class DropConnectLayer(Layer):
    """A linear layer under a mask [M, D, H] of its weights, which all rows of a batch share.

    One mask a row, as Wan et al. (2013) draw it, would need B times the memory of the weights. `number` is that of the
    mask among what a batch has drawn; the other arguments are those of `LinearLayer`.
    """

    def __init__(
        self,
        number: int,
        weight: Tensor,
        bias: Tensor | None,
        weight_gradient: Tensor,
        bias_gradient: Tensor | None,
        first_member: int,
    ) -> None:
        self.number = number
        self.weight = weight
        self._masked = Scratch(weight, first_member)(*weight.shape)
        self._linear = LinearLayer(self._masked, bias, weight_gradient, bias_gradient, first_member)

    def forward(self, x: Tensor, batch: Batch, n_updates: int) -> Tensor:
        self._mask = batch.noise[self.number][:, 0]
        torch.mul(self.weight, self._mask, out=self._masked)
        return self._linear.forward(x, batch, n_updates)

    def set_parameter_gradients(self, gradient: Tensor) -> None:
        self._linear.set_parameter_gradients(gradient)
        self._linear.weight_gradient.mul_(self._mask)

    def input_gradient(self, gradient: Tensor) -> Tensor:
        return self._linear.input_gradient(gradient)
