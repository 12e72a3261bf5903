"""Shared building blocks on the member axis: arrays are [M, N, H], members first."""

from uncertainty.components.batch_norm import BatchNorm
from uncertainty.components.dropout import Dropout
from uncertainty.components.group_norm import GroupNorm, LayerNorm
from uncertainty.components.initializers import (
    Constant,
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LeCunNormal,
    Orthogonal,
    RandomNormal,
    Zeros,
)
from uncertainty.components.maxout import Maxout
from uncertainty.components.mlp import MLP
from uncertainty.components.pointwise import ELU, SELU, LeakyReLU
from uncertainty.components.prelu import PReLU
from uncertainty.components.randomized_relu import RandomizedReLU
from uncertainty.components.residual import Residual

__all__ = [
    "ELU",
    "MLP",
    "SELU",
    "BatchNorm",
    "Constant",
    "Dropout",
    "GlorotNormal",
    "GlorotUniform",
    "GroupNorm",
    "HeNormal",
    "HeUniform",
    "LayerNorm",
    "LeCunNormal",
    "LeakyReLU",
    "Maxout",
    "Orthogonal",
    "PReLU",
    "RandomNormal",
    "RandomizedReLU",
    "Residual",
    "Zeros",
]
