"""Fixup: residual networks that start as their shortcuts, and train without normalization."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor

from uncertainty.components.activation import Activation
from uncertainty.components.initializers.automatic import automatic_initializer
from uncertainty.components.initializers.initializer import Draw, Initializer

if TYPE_CHECKING:
    from uncertainty.components.mlp import MLP


class Fixup(Initializer):
    """For `residual`: the first layer of each of L blocks scaled by L^(-1/2), the second zero, the rest as by "auto".

    Forward, the stream passes every block unchanged at the start, and backward so does its gradient: both have the
    variance that the first hidden layer gives, at any depth and for any activation. The scale L^(-1 / (2 m - 2)), with
    m = 2 layers in a block, keeps the change of the network's output in one step of gradient descent from growing with
    L. The paper's further rules: the output layer starts at zero, as it always does here; the scalar biases before
    each linear map and activation are covered by the bias of each unit; the scalar multiplier of a block is left out,
    since the block's second layer can take any scale. A normalization inside the blocks takes off the scale of their
    first layer, and is what this initializer is meant to replace.

    Raises
    ------
    ValueError
        Without residual blocks.

    References
    ----------
    Zhang, Dauphin & Ma (2019), Fixup initialization: residual learning without normalization, section 3.
    """

    short_name = "fixup"

    def build(self, fan_in: int, fan_out: int, activation: Activation | None = None) -> Draw:
        return automatic_initializer(activation).build(fan_in, fan_out, activation)

    def finish_(self, mlp: MLP, values: Tensor) -> None:
        if not mlp.residual.starts:
            raise ValueError(
                "initializer 'fixup' must have residual blocks to start, got residual=None. Set residual='residual', "
                "or initializer='auto'."
            )
        views, starts = mlp.layout.views(values), mlp.residual.starts
        for start in starts:
            first, second = mlp.hidden_layers[start : start + 2]
            views[first.weight].mul_(len(starts) ** -0.5)
            views[second.weight].zero_()
