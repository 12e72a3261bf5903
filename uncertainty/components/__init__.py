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
from uncertainty.components.mlp import MLP
from uncertainty.components.normalization import BatchNorm

__all__ = [
    "MLP",
    "BatchNorm",
    "Constant",
    "Dropout",
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "LeCunNormal",
    "Orthogonal",
    "RandomNormal",
    "Zeros",
]
