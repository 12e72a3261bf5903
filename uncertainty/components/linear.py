"""Affine maps on the member axis."""

from __future__ import annotations

import torch
from torch import Tensor


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
    columns = weight.permute(1, 0, 2).reshape(n_inputs, n_members * width)
    wide = torch.addmm(bias.expand(n_members, -1).reshape(-1), x[0], columns)  # [N, M * H]
    return wide.view(x.shape[1], n_members, width).permute(1, 0, 2)


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
