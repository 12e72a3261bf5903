"""Concrete dropout: the dropout rate of each layer is a parameter, learned by gradient."""

from __future__ import annotations

from dataclasses import dataclass
from math import log

import torch
from torch import Tensor

from uncertainty.components.component import Arrays, Place
from uncertainty.components.layer import Batch, Layer, Scratch
from uncertainty.components.noise import Noise, Uniform
from uncertainty.components.unit_dropout import UnitDropout
from uncertainty.components.whole_vectors import whole_memory

# The paper's temperature of the relaxation, which its authors hold fixed.
TEMPERATURE = 0.1


@dataclass(frozen=True)
class ConcreteDropout(UnitDropout):
    """Dropout whose rate p of a layer starts at `rate` and is learned, as its logit, with the weights.

    In training a unit is kept by the relaxed Bernoulli share 1 - s with s = sigmoid((logit p + logit u) / 0.1) of a
    uniform u instead of by 0 or 1, which has a gradient in p (eq. 5), divided by 1 - p. Without more, the likelihood
    would drive p to 0. The Kullback-Leibler term of the variational posterior adds -H H(p) / n to the mean loss of n
    rows, for H units and the entropy H(p) of a coin (eqs. 3-4): the more rows, the smaller the rate. n counts the rows
    that a member trains on (in `partial_fit` those of the call), whatever their weights.

    The other part of that term, |W|^2 / (1 - p) times l^2 / 2n for weights W behind the dropout and a prior of length
    scale l, is left to `alpha`, without the factor in p. The authors set l to 1e-4, where it does nothing.

    At prediction MC-dropout draws ordinary masks at the learned rate. A layer of a few units for each ten rows has
    little entropy to weigh against the likelihood, and ends near p = 0, whatever rate would predict best; in a layer as
    wide as there are rows the learned rate is about that one.

    References
    ----------
    Gal, Hron & Kendall (2017), Concrete dropout, eqs. 2-5.
    """

    rate: float

    def parameters(self, width: int) -> dict[str, tuple[tuple[int, ...], float]]:
        return {"logit": ((1,), log(self.rate / (1.0 - self.rate)))}

    def noise(self, width: int) -> Noise:
        return Uniform(0.0, 1.0, (width,))

    def rates(self, parameters: Arrays) -> Tensor:
        return torch.sigmoid(parameters["logit"].double())[:, 0]

    def layer(self, place: Place) -> Layer:
        assert place.noise is not None
        logit, gradient = place.parameters["logit"], place.gradients["logit"]
        return ConcreteDropoutLayer(logit, gradient, place.noise, place.first_member)


class ConcreteDropoutLayer(Layer):
    """Concrete dropout in training; `logit` and its `gradient` are [M, 1]."""

    def __init__(self, logit: Tensor, gradient: Tensor, number: int, first_member: int) -> None:
        self.logit = logit
        self.number = number
        self._logit_gradient = gradient
        self._dropped, self._mask, self._output = (Scratch(logit, first_member) for _ in range(3))

    def forward(self, x: Tensor, batch: Batch, n_updates: int) -> Tensor:
        self._x, self._n_train = x, batch.n_train
        self._rate = torch.sigmoid(self.logit).unsqueeze(2)  # [M, 1, 1]
        dropped = self._dropped(*x.shape).copy_(batch.noise[self.number])
        whole_memory(dropped).logit_()
        dropped.add_(self.logit.unsqueeze(2)).div_(TEMPERATURE)
        whole_memory(dropped).sigmoid_()
        mask = torch.sub(1.0, dropped, out=self._mask(*x.shape)).div_(1.0 - self._rate)
        return torch.mul(x, mask, out=self._output(*x.shape))

    def set_parameter_gradients(self, gradient: Tensor) -> None:
        """With s the relaxed indicator, mask = (1 - s) / (1 - p) and d mask / d logit p below."""
        mask, dropped, work = self._mask(*gradient.shape), self._dropped(*gradient.shape), self._output(*gradient.shape)
        # d mask = mask p - s (1 - s) / (temperature (1 - p)), since dp / d logit = p (1 - p).
        torch.mul(dropped, mask, out=work).div_(-TEMPERATURE).addcmul_(mask, self._rate)
        work.mul_(gradient).mul_(self._x)
        entropy_slope = -self.logit * (self._rate * (1.0 - self._rate))[:, 0]  # d H(p) / d logit, [M, 1]
        n_units = gradient.shape[2]
        self._logit_gradient.copy_(work.sum(dim=(1, 2)).unsqueeze(1)).sub_(entropy_slope * (n_units / self._n_train))

    def input_gradient(self, gradient: Tensor) -> Tensor:
        return gradient.mul_(self._mask(*gradient.shape))
