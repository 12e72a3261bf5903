"""Maxout: each unit is the largest of several linear maps."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from uncertainty.components.activation import SELF_NORMALIZING, Activation, ActivationLayer, ActivationSpec
from uncertainty.components.component import Arrays, Place, Step
from uncertainty.components.layer import Batch, Layer, Scratch
from uncertainty.components.spec import check_integer


class Maxout(ActivationSpec):
    """The largest of `n_pieces` linear maps of the layer's input: a convex function that is learned.

    A layer of H units on D inputs then has n_pieces * (D + 1) * H parameters instead of (D + 1) * H.

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
    family = SELF_NORMALIZING  # of two pieces alike, the larger one has the second moment that both have

    def layer(self, place: Place) -> Layer:
        return MaxoutLayer(self.pieces, place.like, place.first_member)

    def step(self, parameters: Arrays, statistics: Arrays) -> Step:
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
        self._output, self._input_gradient = (Scratch(like, first_member) for _ in range(2))

    def forward(self, x: Tensor, batch: Batch, n_updates: int) -> Tensor:
        self._pieces = x.unflatten(2, (self.pieces, -1))  # [M, B, k, H]
        self._largest = torch.amax(self._pieces, 2, out=self._output(*x.shape[:2], x.shape[2] // self.pieces))
        return self._largest

    def set_parameter_gradients(self, gradient: Tensor) -> None:
        pass

    def input_gradient(self, gradient: Tensor) -> Tensor:
        out = self._input_gradient(*gradient.shape[:2], self._pieces.shape[2] * gradient.shape[2])
        by_piece = out.view(self._pieces.shape)
        # Kernels over whole pieces take a fraction of the time of `torch.max` with its indices and a scatter.
        for piece, of_piece in zip(self._pieces.unbind(2), by_piece.unbind(2), strict=True):
            torch.eq(piece, self._largest, out=of_piece).mul_(gradient)
            gradient.sub_(of_piece)  # nothing is left for the pieces behind
        return out
