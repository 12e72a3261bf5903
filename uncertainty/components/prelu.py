"""Parametric rectifier: the slope of the negative side is learned."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from uncertainty.components.activation import Activation, ActivationLayer, ActivationSpec
from uncertainty.components.component import Arrays, Place, Step
from uncertainty.components.layer import Batch, Layer, Scratch
from uncertainty.components.spec import check_number


class PReLU(ActivationSpec):
    """z where positive, a z elsewhere, with a slope a of each unit that is learned and never penalized.

    A penalty would pull the slopes to zero, which is where a plain rectifier stands.

    Parameters
    ----------
    slope : float in [-1, 1], default 0.25
        Where the slopes start.

    References
    ----------
    He et al. (2015), Delving deep into rectifiers, section 2.1, eqs. 1 and 3.
    """

    short_name = "prelu"

    def __init__(self, slope: float = 0.25) -> None:
        self.slope = slope

    def build(self) -> Activation:
        return ParametricRectifier(check_number("slope", self.slope, low=-1.0, high=1.0))


@dataclass(frozen=True)
class ParametricRectifier(Activation):
    """Runtime form of `PReLU`."""

    slope: float

    @property
    def negative_slope(self) -> float:
        return self.slope

    def parameters(self, width: int) -> dict[str, tuple[tuple[int, ...], float]]:
        return {"slope": ((width,), self.slope)}

    def layer(self, place: Place) -> Layer:
        return PReLULayer(place.parameters["slope"], place.gradients["slope"], place.first_member)

    def step(self, parameters: Arrays, statistics: Arrays) -> Step:
        return PReLUStep(parameters["slope"])


class PReLUStep(Step):
    """max(z, 0) + a min(z, 0), with slopes a [M, H]."""

    def __init__(self, slope: Tensor) -> None:
        self.slope = slope.unsqueeze(1)

    def forward(self, h: Tensor) -> Tensor:
        negative = h.clamp_max(0.0)
        return h.clamp_min_(0.0).addcmul_(negative, self.slope)


class PReLULayer(ActivationLayer):
    """The rectifier in training; `slope` and its `gradient` are [M, H]."""

    def __init__(self, slope: Tensor, gradient: Tensor, first_member: int) -> None:
        self.slope = slope.unsqueeze(1)
        self._slope_gradient = gradient
        self._one = torch.ones_like(self.slope)
        self._negative, self._output, self._work = (Scratch(slope, first_member) for _ in range(3))

    def forward(self, x: Tensor, batch: Batch, n_updates: int) -> Tensor:
        self._negative_part = torch.clamp_max(x, 0.0, out=self._negative(*x.shape))
        positive = torch.clamp_min(x, 0.0, out=self._output(*x.shape))
        return positive.addcmul_(self._negative_part, self.slope)

    def set_parameter_gradients(self, gradient: Tensor) -> None:
        work = torch.mul(gradient, self._negative_part, out=self._work(*gradient.shape))
        torch.sum(work, 1, out=self._slope_gradient)

    def input_gradient(self, gradient: Tensor) -> Tensor:
        # 1 where z is positive or 0, the slope elsewhere.
        negative = torch.lt(self._negative_part, 0.0, out=self._work(*gradient.shape))
        return gradient.mul_(torch.lerp(self._one, self.slope, negative, out=negative))
