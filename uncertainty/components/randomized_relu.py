"""Randomized rectifier: the slope of the negative side is random in training and its mean at prediction."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from uncertainty.components.activation import Activation, ActivationLayer, ActivationSpec
from uncertainty.components.component import Arrays, Place, Step
from uncertainty.components.layer import Batch, Layer, Scratch
from uncertainty.components.noise import Noise, Uniform
from uncertainty.components.pointwise import Pointwise
from uncertainty.components.spec import check_number


class RandomizedReLU(ActivationSpec):
    """z where positive, a z elsewhere, with a drawn uniformly between `lower` and `upper` for each row and unit.

    At prediction a is the mean (lower + upper) / 2, as in `torch.nn.RReLU`.

    Parameters
    ----------
    lower, upper : float in [0, 1], default 1/8 and 1/3

    References
    ----------
    Xu et al. (2015), Empirical evaluation of rectified activations, section 2.4, who divide by a number drawn from 3
    to 8 instead.
    """

    short_name = "rrelu"

    def __init__(self, lower: float = 1 / 8, upper: float = 1 / 3) -> None:
        self.lower = lower
        self.upper = upper

    def build(self) -> Activation:
        lower = check_number("lower", self.lower, high=1.0)
        return RandomizedRectifier(lower, check_number("upper", self.upper, low=lower, high=1.0))


@dataclass(frozen=True)
class RandomizedRectifier(Activation):
    """Runtime form of `RandomizedReLU`."""

    lower: float
    upper: float

    @property
    def negative_slope(self) -> float:
        return 0.5 * (self.lower + self.upper)

    def noise(self, width: int) -> Noise:
        return Uniform(self.lower, self.upper, (width,))

    def layer(self, place: Place) -> Layer:
        assert place.noise is not None
        return RandomizedReLULayer(place.noise, place.like, place.first_member)

    def step(self, parameters: Arrays, statistics: Arrays) -> Step:
        return Pointwise("leaky_relu", (self.negative_slope,)).step(parameters, statistics)


class RandomizedReLULayer(ActivationLayer):
    """The rectifier in training, with the slopes that the batch has drawn as source `number`."""

    def __init__(self, number: int, like: Tensor, first_member: int) -> None:
        self.number = number
        self._one = like.new_ones(())
        self._derivative = Scratch(like, first_member)

    def forward(self, x: Tensor, batch: Batch, n_updates: int) -> Tensor:
        negative = torch.lt(x, 0.0, out=self._derivative(*x.shape))
        # 1 where z is positive or 0, the slope elsewhere.
        self._slopes = torch.lerp(self._one, batch.noise[self.number], negative, out=negative)
        return x.mul_(self._slopes)

    def set_parameter_gradients(self, gradient: Tensor) -> None:
        pass

    def input_gradient(self, gradient: Tensor) -> Tensor:
        return gradient.mul_(self._slopes)
