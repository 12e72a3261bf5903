"""Shared building blocks on the member axis: arrays are [M, N, H], members first."""

from uncertainty.components.batch_norm import BatchNorm
from uncertainty.components.dropout import Dropout
from uncertainty.components.group_norm import GroupNorm, LayerNorm
from uncertainty.components.initializers.data_dependent import DataDependent
from uncertainty.components.initializers.fixup import Fixup
from uncertainty.components.initializers.lsuv import LSUV
from uncertainty.components.initializers.orthogonal import Orthogonal
from uncertainty.components.initializers.random_walk import RandomWalk
from uncertainty.components.initializers.unscaled import Constant, RandomNormal, Zeros
from uncertainty.components.initializers.variance_scaling import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LeCunNormal,
)
from uncertainty.components.maxout import Maxout
from uncertainty.components.mlp import MLP
from uncertainty.components.pointwise import ELU, SELU, LeakyReLU
from uncertainty.components.prelu import PReLU
from uncertainty.components.randomized_relu import RandomizedReLU
from uncertainty.components.residual import Residual

__all__ = [
    "ELU",
    "LSUV",
    "MLP",
    "SELU",
    "BatchNorm",
    "Constant",
    "DataDependent",
    "Dropout",
    "Fixup",
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
    "RandomWalk",
    "RandomizedReLU",
    "Residual",
    "Zeros",
]
