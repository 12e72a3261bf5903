"""Layer-sequential unit variance."""

from __future__ import annotations

import torch
from torch import Tensor

from uncertainty.components.activation import Activation
from uncertainty.components.initializers.data_driven import DataDriven, varies
from uncertainty.components.initializers.initializer import Draw
from uncertainty.components.initializers.orthogonal import Orthogonal


class LSUV(DataDriven):
    """Orthogonal weights, then each layer scaled until its pre-activations have variance 1 on the training rows.

    Forward, the variance over rows and units of every layer's pre-activations is 1, for any activation, widths and
    dropout, on the rows measured: up to 256 of each member's own. As the biases are zero, one division per layer does
    what the paper iterates for. Where residual blocks are used, each adds a variance of about 1 to the stream, which
    thus grows with the number of blocks and not exponentially (`Fixup` starts them at nothing). The pieces of
    `Maxout` are scaled together. A normalization takes off the scale again, which then only sets how fast the weights
    turn. Where an activation has a large mean, as "sigmoid" and "softplus" have, most of the variance is between
    units and little of it between rows: there `DataDependent` is better.

    References
    ----------
    Mishkin & Matas (2016), All you need is a good init, Algorithm 1.
    """

    short_name = "lsuv"

    def build(self, fan_in: int, fan_out: int, activation: Activation | None = None) -> Draw:
        return Orthogonal().build(fan_in, fan_out)

    def rescale_(self, mean: Tensor, variance: Tensor, weight: Tensor, bias: Tensor | None) -> None:
        # The variance over rows and units together: within units, and between their means.
        whole = variance.mean(dim=2) + mean.var(dim=2, correction=0)  # [M, 1]
        std = torch.where(varies(mean.mean(dim=2), whole), whole, 1.0).sqrt()
        weight.div_(std.unsqueeze(2))
