"""What an activation is, and how the `activation` slot is resolved to one."""

from __future__ import annotations

from typing import ClassVar

from uncertainty.components.component import Component
from uncertainty.components.layer import Layer
from uncertainty.components.spec import Spec

RECTIFIER, SIGMOIDAL, SELF_NORMALIZING = "rectifier", "sigmoidal", "self_normalizing"


class Activation(Component):
    """Runtime form of an activation, which turns the `pieces` * H numbers of a linear map into H.

    `family` decides which initializer "auto" is. Through a "rectifier" about half of the second moment passes, through
    a "self_normalizing" one all of it.
    `negative_slope` is where a rectifier's slope on the negative side starts.
    """

    pieces = 1
    family: str = RECTIFIER

    @property
    def negative_slope(self) -> float:
        return 0.0


class ActivationLayer(Layer):
    """Abstract training form of an activation: what diagnostics look for among the layers of a network."""


class ActivationSpec(Spec):
    """An activation with its options; `build()` makes the runtime object."""

    short_name: ClassVar[str | None] = None

    def build(self) -> Activation:
        raise NotImplementedError
