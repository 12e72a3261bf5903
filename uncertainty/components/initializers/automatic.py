"""The initializer that an activation asks for."""

from __future__ import annotations

from uncertainty.components.activation import RECTIFIER, SELF_NORMALIZING, Activation
from uncertainty.components.initializers.initializer import Initializer
from uncertainty.components.initializers.variance_scaling import GlorotUniform, HeNormal, LeCunNormal


def automatic_initializer(activation: Activation | None) -> Initializer:
    """Return He for rectifiers, LeCun for "selu" and maxout, and Glorot for "tanh", "sigmoid" and linear units."""
    if activation is not None and activation.family == RECTIFIER:
        return HeNormal()
    if activation is not None and activation.family == SELF_NORMALIZING:
        return LeCunNormal()
    return GlorotUniform()
