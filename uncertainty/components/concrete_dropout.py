"""Concrete dropout: the dropout rate of each layer is a parameter, learned by gradient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import log

import torch
from torch import Tensor

from uncertainty.components.component import Component, Place, Step
from uncertainty.components.layer import Batch, Layer, Scratch
from uncertainty.components.noise import Generators, Noise, Uniform, draw_mask
from uncertainty.components.whole_vectors import whole_memory

# The paper's temperature of the relaxation, which its authors hold fixed.
TEMPERATURE = 0.1


@dataclass(frozen=True)
class ConcreteDropout(Component):
    """Dropout whose rate p of a layer starts at `rate` and is learned, as its logit, with the weights.

    In training a unit is kept by the relaxed Bernoulli share 1 - sigmoid((logit p + logit u) / 0.1) of a uniform u
    instead of by 0 or 1, which has a gradient in p (eq. 5), divided by 1 - p. Without more, the likelihood would drive
    p to 0. The Kullback-Leibler term of the variational posterior adds -H H(p) / n to the mean loss of n rows, for H
    units and the entropy H(p) of a coin (eqs. 3-4). Its other part, |W|^2 / (1 - p) times the prior's precision, is
    left to `alpha`, without the factor in p: at the authors' own length scale of 1e-4 it is ten thousand times
    smaller than what the entropy does.

    At prediction MC-dropout draws ordinary masks at the learned rate.

    References
    ----------
    Gal, Hron & Kendall (2017), Concrete dropout, eqs. 2-5.
    """

    rate: float

    def parameters(self, width: int) -> dict[str, tuple[tuple[int, ...], float]]:
        return {"logit": ((1,), log(self.rate / (1.0 - self.rate)))}

    def noise(self, width: int) -> Noise:
        return _ConcreteNoise(0.0, 1.0, (width,))

    def layer(self, place: Place) -> Layer:
        assert place.noise is not None
        logit, gradient = place.parameters["logit"], place.gradients["logit"]
        return ConcreteDropoutLayer(logit, gradient, place.noise, place.first_member)

    def step(self, parameters: Mapping[str, Tensor], statistics: Mapping[str, Tensor]) -> Step | None:
        return None


class _ConcreteNoise(Uniform):
    """Uniform numbers in training, masks at the learned rate for members."""

    def member_masks(self, generators: Generators, parameters: Mapping[str, Tensor]) -> Tensor:
        rate = float(torch.sigmoid(parameters["logit"].double()))
        return draw_mask(generators, rate, self.shape, dtype=torch.float64)


class ConcreteDropoutLayer(Layer):
    """Concrete dropout in training; `logit` and its `gradient` are [M, 1]."""

    def __init__(self, logit: Tensor, gradient: Tensor, number: int, first_member: int) -> None:
        self.logit = logit
        self.number = number
        self._logit_gradient = gradient
        self._dropped, self._mask, self._output = (Scratch(logit, first_member) for _ in range(3))

    def forward(self, x: Tensor, batch: Batch, n_updates: int) -> Tensor:
        self._x, self._n_train = x, batch.n_train
        rate = torch.sigmoid(self.logit).unsqueeze(2)  # [M, 1, 1]
        uniform = batch.noise[self.number]
        dropped = self._dropped(*x.shape).copy_(uniform)
        whole_memory(dropped).clamp_(1e-6, 1.0 - 1e-6).logit_()
        dropped.add_(self.logit.unsqueeze(2)).div_(TEMPERATURE)
        whole_memory(dropped).sigmoid_()
        self._kept = 1.0 - rate
        mask = torch.sub(1.0, dropped, out=self._mask(*x.shape)).div_(self._kept)
        return torch.mul(x, mask, out=self._output(*x.shape))

    def set_parameter_gradients(self, gradient: Tensor) -> None:
        """With s the relaxed indicator, mask = (1 - s) / (1 - p) and d mask / d logit p below."""
        mask, dropped, work = self._mask(*gradient.shape), self._dropped(*gradient.shape), self._output(*gradient.shape)
        rate = 1.0 - self._kept
        # d mask = mask p - s (1 - s) / (temperature (1 - p)), since dp / d logit = p (1 - p).
        torch.mul(dropped, mask, out=work).div_(-TEMPERATURE).addcmul_(mask, rate)
        work.mul_(gradient).mul_(self._x)
        entropy_slope = -self.logit * (rate * self._kept)[:, 0]  # d H(p) / d logit, [M, 1]
        n_units = gradient.shape[2]
        self._logit_gradient.copy_(work.sum(dim=(1, 2)).unsqueeze(1)).sub_(entropy_slope * (n_units / self._n_train))

    def input_gradient(self, gradient: Tensor) -> Tensor:
        return gradient.mul_(self._mask(*gradient.shape))
