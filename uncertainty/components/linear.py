"""Affine maps on the member axis: as functions, for prediction, and as layers in training."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from uncertainty.components.layer import Batch, Layer, Scratch


def linear(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Return x W + b for every member.

    Parameters
    ----------
    x : [M, N, D], or [1, N, D] when all members share their input
    weight : [M, D, H], or [1, D, H] when all members share their weights
    bias : [M, H] or [1, H]

    Returns
    -------
    [M, N, H]
    """
    if x.shape[0] == weight.shape[0]:
        return torch.baddbmm(bias.unsqueeze(1), x, weight)
    if x.shape[0] == 1:
        return _shared_input(x, weight, bias)
    return torch.matmul(x, weight) + bias.unsqueeze(1)


def _shared_input(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """One product [N, D] x [D, M * H] instead of M small ones."""
    n_members, n_inputs, width = weight.shape
    columns = weight.transpose(0, 1).reshape(n_inputs, n_members * width)
    wide = torch.addmm(bias.expand(n_members, -1).reshape(-1), x[0], columns)  # [N, M * H]
    return wide.view(x.shape[1], n_members, width).transpose(0, 1)


def side_by_side(weight: Tensor) -> Tensor:
    """Return the weights [M, D, H] with the columns of all members side by side in memory.

    `linear` then makes one product of an input that all members share without copying them first.
    """
    return weight.transpose(0, 1).contiguous().transpose(0, 1)


def output_linear(h: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Return h W^T + b for the output layer, whose weights are stored [M, R, H].

    With few raw outputs a product whose last axis is R is three to four times slower than one whose last axis is N,
    so the product is made as W h^T and handed back as its transposed view.

    Parameters
    ----------
    h : [M, N, H] or [1, N, H]
    weight : [M, R, H] or [1, R, H]
    bias : [M, R] or [1, R]

    Returns
    -------
    [M, N, R], each raw output contiguous over the rows
    """
    if h.shape[0] != weight.shape[0]:
        if h.shape[0] == 1:
            n_members, n_raw, width = weight.shape
            column = bias.expand(n_members, -1).reshape(-1, 1)
            tall = torch.addmm(column, weight.reshape(-1, width), h[0].T)  # [M * R, N]
            return tall.view(n_members, n_raw, -1).transpose(1, 2)
        weight, bias = weight.expand(h.shape[0], -1, -1), bias.expand(h.shape[0], -1)
    return torch.baddbmm(bias.unsqueeze(2), weight, h.transpose(1, 2)).transpose(1, 2)


def multiply(a: Tensor, b: Tensor, out: Tensor) -> Tensor:
    """Write the products a b of [M, I, J] and [M, J, K] to `out` [M, I, K], and return it.

    On a CPU the products are numpy's. For matrices as small as these its BLAS takes 0.5 to 0.8 of the time of torch's,
    and members that do not follow each other in memory cost nothing extra.
    """
    if out.is_cuda:
        return torch.bmm(a, b, out=out)
    np.matmul(a.numpy(), b.numpy(), out=out.numpy())
    return out


class LinearLayer(Layer):
    """x W + b of a hidden layer: `weight` [M, D, H], `bias` [M, H] or None, and where their gradients go."""

    def __init__(
        self,
        weight: Tensor,
        bias: Tensor | None,
        weight_gradient: Tensor,
        bias_gradient: Tensor | None,
        first_member: int,
    ) -> None:
        self.weight = weight
        self.weight_gradient = weight_gradient
        self.bias_gradient = bias_gradient
        self._bias = None if bias is None else bias.unsqueeze(1)
        self._transposed = weight.transpose(1, 2)
        self._output, self._input_gradient = (Scratch(weight, first_member) for _ in range(2))

    def forward(self, x: Tensor, batch: Batch, n_updates: int) -> Tensor:
        self._x = x
        out = multiply(x, self.weight, self._output(*x.shape[:2], self.weight.shape[2]))
        return out if self._bias is None else out.add_(self._bias)

    def set_parameter_gradients(self, gradient: Tensor) -> None:
        multiply(self._x.transpose(1, 2), gradient, self.weight_gradient)
        if self.bias_gradient is not None:
            torch.sum(gradient, 1, out=self.bias_gradient)

    def input_gradient(self, gradient: Tensor) -> Tensor:
        # The one product that torch's BLAS does faster.
        return torch.bmm(gradient, self._transposed, out=self._input_gradient(*self._x.shape))


class OutputLayer(Layer):
    """h W^T + b of the output layer, as `output_linear`: `weight` [M, R, H], `bias` [M, R]."""

    def __init__(
        self, weight: Tensor, bias: Tensor, weight_gradient: Tensor, bias_gradient: Tensor, first_member: int
    ) -> None:
        self.weight = weight
        self.weight_gradient = weight_gradient
        self.bias_gradient = bias_gradient
        self._bias = bias.unsqueeze(2)
        self._output, self._input_gradient = (Scratch(weight, first_member) for _ in range(2))

    def forward(self, x: Tensor, batch: Batch, n_updates: int) -> Tensor:
        self._x = x
        out = self._output(x.shape[0], self.weight.shape[1], x.shape[1])  # [M, R, B]
        return multiply(self.weight, x.transpose(1, 2), out).add_(self._bias).transpose(1, 2)

    def set_parameter_gradients(self, gradient: Tensor) -> None:
        transposed = gradient.transpose(1, 2)  # [M, R, B]
        multiply(transposed, self._x, self.weight_gradient)
        torch.sum(transposed, 2, out=self.bias_gradient)

    def input_gradient(self, gradient: Tensor) -> Tensor:
        return multiply(gradient, self.weight, self._input_gradient(*self._x.shape))
