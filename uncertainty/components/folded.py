"""The prediction form of a stack: a chain of steps, nothing random and nothing to update."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from uncertainty.components.component import Step
from uncertainty.components.linear import linear, output_linear, side_by_side


class AffineStep(Step):
    """h W + b; the weights are laid out for one product where all members share h."""

    def __init__(self, weight: Tensor, bias: Tensor, *, shares_input: bool) -> None:
        self.n_members, _, self.width = weight.shape
        self.weight = side_by_side(weight) if shares_input else weight
        self.bias = bias.expand(self.n_members, -1)

    def forward(self, h: Tensor) -> Tensor:
        return linear(h, self.weight, self.bias)


class MaskedSharedStep(Step):
    """(h * mask) W + b of one network under many masks [S, D] of an h that they share, one member a mask.

    Most entries of a mask are its largest value, that of a unit which is kept. The product with all of them at that
    value is the same for every member; only the difference that the few others make is a product of its own.
    """

    def __init__(self, weight: Tensor, bias: Tensor, mask: Tensor) -> None:
        self.n_members, self.width = len(mask), weight.shape[2]
        kept = mask.max()
        change = mask - kept
        # As many columns as the mask with most changes has; where a mask has fewer the rest changes nothing.
        index = change.abs().topk(most_changed(mask), dim=1).indices  # [S, d]
        self.weight = kept * weight[0].T  # [H, D]
        self.bias = bias.T  # [H, 1]
        self.index = index.reshape(-1)
        self.change = (weight[0][index] * change.gather(1, index).unsqueeze(2)).transpose(1, 2).contiguous()  # [S,H,d]

    def forward(self, h: Tensor) -> Tensor:
        units = h[0].T.contiguous()  # [D, N]
        whole = torch.addmm(self.bias, self.weight, units)  # [H, N]
        changed = units.index_select(0, self.index).view(self.n_members, -1, units.shape[1])  # [S, d, N]
        return torch.baddbmm(whole.unsqueeze(0), self.change, changed).transpose(1, 2)


def most_changed(mask: Tensor) -> int:
    """Return the largest number of entries in a row of `mask` [S, D] that differ from the largest value."""
    return int((mask != mask.max()).sum(dim=1).max())


def fold_linear(weight: Tensor, bias: Tensor, mask: Tensor | None, *, shares_input: bool) -> Step:
    """Return (h * mask) W + b in its faster form."""
    if mask is None:
        return AffineStep(weight, bias, shares_input=shares_input)
    if shares_input and len(weight) == 1 and 2 * most_changed(mask) <= mask.shape[1]:
        return MaskedSharedStep(weight, bias, mask)
    return AffineStep(weight * mask.unsqueeze(2), bias, shares_input=shares_input)


@dataclass(frozen=True)
class FoldedMLP:
    """A whole stack: the steps of the hidden layers, and the output layer."""

    steps: tuple[Step, ...]
    output_weight: Tensor
    output_bias: Tensor

    @property
    def widest(self) -> int:
        """Most numbers that a hidden layer holds for one row, over all members that do not share it."""
        n_members = widest = 1
        for step in self.steps:
            n_members = max(n_members, step.n_members)
            widest = max(widest, n_members * step.width)
        return widest

    def hidden(self, x: Tensor) -> Tensor:
        """Map x [M, N, D], or [1, N, D] when shared by all members, to what the output layer reads."""
        h = x
        for step in self.steps:
            h = step.forward(h)
        return h

    def forward(self, x: Tensor) -> Tensor:
        """Map x [M, N, D], or [1, N, D] when shared by all members, to raw outputs [M, N, R]."""
        return output_linear(
            self.hidden(x), self.output_weight, self.output_bias.expand(self.output_weight.shape[0], -1)
        )
