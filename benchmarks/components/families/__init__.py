"""Every family and its options. What is not named is the default of the network: (64, 64), silu, Adam at 3e-3."""

from __future__ import annotations

from collections.abc import Callable

from ..family import Family
from .descent import averaging, batch_size, optimizers, regularization, schedules
from .layers import activations, depth, dropout, initializers, normalization
from .objective import augmentation, heads, pretraining, standardization

# name -> the family for a number of epochs
FAMILIES: dict[str, Callable[[int], Family]] = {
    "activations": activations,
    "initializers": initializers,
    "normalization": normalization,
    "depth": depth,
    "dropout": dropout,
    "optimizers": optimizers,
    "schedules": schedules,
    "batch_size": batch_size,
    "regularization": regularization,
    "augmentation": augmentation,
    "heads": heads,
    "averaging": averaging,
    "pretraining": pretraining,
    "standardization": standardization,
}
