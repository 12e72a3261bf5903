"""The `activation` slot: a short name or a spec."""

from __future__ import annotations

from typing import Any

from uncertainty.components.activation import Activation, ActivationSpec
from uncertainty.components.maxout import Maxout
from uncertainty.components.pointwise import ELU, KERNELS, SELU, LeakyReLU, pointwise
from uncertainty.components.prelu import PReLU
from uncertainty.components.randomized_relu import RandomizedReLU
from uncertainty.components.spec import resolve

SPECS = (ELU, LeakyReLU, Maxout, PReLU, RandomizedReLU, SELU)
WITHOUT_CONSTANTS = [name for name in KERNELS if name not in ("leaky_relu", "elu")]


def resolve_activation(value: Any) -> Activation:
    """Return the activation that a short name or a spec stands for."""
    choices: dict[str, Any] = {name: name for name in WITHOUT_CONSTANTS}
    choices |= {spec.short_name: spec() for spec in SPECS}
    found = resolve("activation", value, choices, ActivationSpec)
    return pointwise(found) if isinstance(found, str) else found.build()
