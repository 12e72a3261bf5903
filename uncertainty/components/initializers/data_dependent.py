"""Data-dependent initialization: weights and biases that standardise every unit on the training rows."""

from __future__ import annotations

from math import sqrt

import torch
from torch import Tensor

from uncertainty.components.activation import Activation
from uncertainty.components.initializers.data_driven import DataDriven, varies
from uncertainty.components.initializers.initializer import Draw, normal
from uncertainty.components.spec import check_number


class DataDependent(DataDriven):
    """Normal weights, then each unit scaled and shifted so that its pre-activation has mean `bias` and variance 1.

    Forward, mean and variance of every single unit's pre-activation over the training rows are `bias` and 1, for any
    activation, on the rows measured: up to 256 of each member's own. No unit starts dead or saturated. It is what
    batch normalization does to the first batch; together with it only the scale is set, as there is no bias to set,
    and both are taken off again. In residual blocks each linear map of a block is adjusted, so that the stream's
    variance grows by about 1 a block. Each piece of `Maxout` is a unit here. A unit that is constant over the rows is
    left as it was drawn.

    The paper's second algorithm, which equalises the rates at which layers learn, is left out: the output layer starts
    at zero here, and so do all gradients of the hidden ones; optimizers such as Adam equalise the rates.

    Parameters
    ----------
    bias : float, default 0
        Mean of the pre-activations; a small positive number, such as 0.01, suits rectifiers.

    References
    ----------
    Kraehenbuehl et al. (2016), Data-dependent initializations of convolutional neural networks, Algorithm 1.
    """

    short_name = "data_dependent"

    def __init__(self, bias: float = 0.0) -> None:
        self.bias = bias

    def build(self, fan_in: int, fan_out: int, activation: Activation | None = None) -> Draw:
        check_number("bias", self.bias, low=-float("inf"))
        return normal(sqrt(1.0 / fan_in))  # any standard deviation: it is divided out

    def rescale_(self, mean: Tensor, variance: Tensor, weight: Tensor, bias: Tensor | None) -> None:
        adjusted = varies(mean, variance)
        std = torch.where(adjusted, variance, 1.0).sqrt()
        weight.div_(std)
        if bias is not None:
            bias.copy_(torch.where(adjusted, self.bias - mean / std, 0.0)[:, 0])
