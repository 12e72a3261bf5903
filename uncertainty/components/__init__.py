"""Shared building blocks on the member axis: arrays are [M, N, H], members first."""

from uncertainty.components.dropout import Dropout
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
from uncertainty.components.normalization import BatchNorm
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
    "HeNormal",
    "HeUniform",
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
