"""Maxout: each unit is the largest of several linear maps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from uncertainty.components.activation import Activation, ActivationLayer, ActivationSpec
from uncertainty.components.component import Place, Step
from uncertainty.components.layer import Batch, Layer, Scratch
from uncertainty.components.spec import check_integer


class Maxout(ActivationSpec):
    """The largest of `n_pieces` linear maps of the layer's input: a convex function that is learned.

    A layer of H units then has n_pieces * (D + 1) * H parameters instead of (D + 1) * H.

    Parameters
    ----------
    n_pieces : int >= 2, default 2

    References
    ----------
    Goodfellow et al. (2013), Maxout networks, section 2.
    """

    short_name = "maxout"

    def __init__(self, n_pieces: int = 2) -> None:
        self.n_pieces = n_pieces

    def build(self) -> Activation:
        return LargestPiece(check_integer("n_pieces", self.n_pieces, low=2))


@dataclass(frozen=True)
class LargestPiece(Activation):
    """Runtime form of `Maxout`: piece j of all H units lies at columns j H to (j + 1) H."""

    pieces: int

    def layer(self, place: Place) -> Layer:
        return MaxoutLayer(self.pieces, place.like, place.first_member)

    def step(self, parameters: Mapping[str, Tensor], statistics: Mapping[str, Tensor]) -> Step:
        return MaxoutStep(self.pieces)


class MaxoutStep(Step):
    """The largest piece at prediction."""

    def __init__(self, pieces: int) -> None:
        self.pieces = pieces

    def forward(self, h: Tensor) -> Tensor:
        return h.unflatten(2, (self.pieces, -1)).amax(dim=2)


class MaxoutLayer(ActivationLayer):
    """The largest piece in training; the gradient goes to that piece alone, the first of equal ones."""

    def __init__(self, pieces: int, like: Tensor, first_member: int) -> None:
        self.pieces = pieces
        self._largest = torch.empty(0, dtype=torch.long, device=like.device)
        self._output, self._input_gradient = (Scratch(like, first_member) for _ in range(2))

    def forward(self, x: Tensor, batch: Batch, n_updates: int) -> Tensor:
        pieces = x.unflatten(2, (self.pieces, -1))  # [M, B, k, H]
        out = self._output(*x.shape[:2], pieces.shape[3])
        values, self._largest = torch.max(pieces, dim=2)
        return out.copy_(values)

    def set_parameter_gradients(self, gradient: Tensor) -> None:
        pass

    def input_gradient(self, gradient: Tensor) -> Tensor:
        n_members, n_rows, width = gradient.shape
        out = self._input_gradient(n_members, n_rows, self.pieces * width).zero_()
        by_piece = out.view(n_members, n_rows, self.pieces, width)
        by_piece.scatter_(2, self._largest.unsqueeze(2), gradient.unsqueeze(2))
        return out
