"""Batch normalization on the member axis."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from uncertainty.components.component import Arrays, Place, Step
from uncertainty.components.layer import Batch, Layer
from uncertainty.components.moving_averages import cumulative_then_exponential_step
from uncertainty.components.normalization import Normalization, NormalizationLayer, Normalizer
from uncertainty.components.spec import check_number


class BatchNorm(Normalization):
    """Batch normalization before the activation, with running statistics for prediction.

    In training each member's batch has its own mean and variance (weighted, when rows are); at prediction the running
    statistics are used and never change. They are exponential moving averages, new = (1 - momentum) old + momentum
    batch, which during the first 1 / momentum batches is a plain average, so that a short fit is not held back by the
    starting values 0 and 1. The running variance is the population form, which is the one training divides by and
    the one for which a row of weight 2 is two rows. A linear map before it has no bias, which its mean would take off.

    Parameters
    ----------
    momentum : float in (0, 1], default 0.1
        Weight of the newest batch in the exponential moving averages.
    epsilon : float > 0, default 1e-5
        Added to the variance, in squared units of the pre-activation.

    References
    ----------
    Ioffe & Szegedy (2015), Batch normalization, Algorithms 1 and 2.
    """

    short_name = "batch"

    def __init__(self, momentum: float = 0.1, epsilon: float = 1e-5) -> None:
        self.momentum = momentum
        self.epsilon = epsilon

    def build(self) -> BatchNormalizer:
        return BatchNormalizer(
            check_number("momentum", self.momentum, high=1.0, low_open=True),
            check_number("epsilon", self.epsilon, low_open=True),
        )


@dataclass(frozen=True)
class BatchNormalizer(Normalizer):
    """Runtime form of `BatchNorm`."""

    momentum: float
    epsilon: float
    needs_several_rows = True
    makes_bias_redundant = True

    def statistics(self, width: int) -> dict[str, tuple[tuple[int, ...], float]]:
        return {"mean": ((width,), 0.0), "variance": ((width,), 1.0)}

    def affine(self, parameters: Arrays, statistics: Arrays) -> tuple[Tensor, Tensor] | None:
        a = parameters["scale"] * torch.rsqrt(statistics["variance"] + self.epsilon)
        return a, parameters["shift"] - a * statistics["mean"]

    def is_settled(self, n_updates: int) -> bool:
        return n_updates * self.momentum >= 1.0

    def layer(self, place: Place) -> Layer:
        return BatchNormLayer(self, place)

    def step(self, parameters: Arrays, statistics: Arrays) -> Step:
        affine = self.affine(parameters, statistics)
        assert affine is not None
        return ScaleAndShiftStep(*affine)


class ScaleAndShiftStep(Step):
    """a z + b at prediction, where it cannot be part of the linear map before it; `a` and `b` are [M, H]."""

    def __init__(self, a: Tensor, b: Tensor) -> None:
        self.a, self.b = a.unsqueeze(1), b.unsqueeze(1)

    def forward(self, h: Tensor) -> Tensor:
        return h.mul_(self.a).add_(self.b)  # a linear map of the same members, or of more, has made h


class BatchNormLayer(NormalizationLayer):
    """Batch normalization in training, which moves the running mean and variance [M, H] in place."""

    def __init__(self, normalizer: BatchNormalizer, place: Place) -> None:
        super().__init__(place)
        self.normalizer = normalizer
        self.running_mean, self.running_variance = (place.statistics[name] for name in ("mean", "variance"))

    def forward(self, x: Tensor, batch: Batch, n_updates: int) -> Tensor:
        self._share = row_shares(batch.weight)  # [M, B, 1], or None for equal ones
        mean, variance = batch_moments(x, self._share)  # [M, 1, H]
        step = cumulative_then_exponential_step(self.normalizer.momentum, n_updates + 1)
        self.running_mean.lerp_(mean[:, 0], step)
        self.running_variance.lerp_(variance[:, 0], step)
        self._inverse_std = torch.rsqrt(variance + self.normalizer.epsilon)
        normalized = torch.sub(x, mean, out=self._normalized(*x.shape)).mul_(self._inverse_std)
        return torch.addcmul(self.shift, normalized, self.scale, out=self._output(*x.shape))

    def input_gradient(self, gradient: Tensor) -> Tensor:
        """Ioffe & Szegedy (2015), the derivatives after eq. 4, with the share of a row for 1 / m."""
        through_moments = torch.addcmul(
            self.shift_gradient.unsqueeze(1),
            self._normalized(*gradient.shape),
            self.scale_gradient.unsqueeze(1),
            out=self._output(*gradient.shape),
        )
        through_moments.mul_(1.0 / gradient.shape[1] if self._share is None else self._share)
        return gradient.sub_(through_moments).mul_(self._inverse_std * self.scale)


def row_shares(weight: Tensor | None) -> Tensor | None:
    """Return the share [M, B, 1] of each row in its batch, or None for equal ones."""
    return None if weight is None else (weight / weight.sum(dim=1, keepdim=True)).unsqueeze(2)


def batch_moments(z: Tensor, share: Tensor | None) -> tuple[Tensor, Tensor]:
    """Return the mean and the variance [M, 1, H] of z [M, B, H] over rows of these shares."""
    if share is None:
        variance, mean = torch.var_mean(z, dim=1, correction=0, keepdim=True)
        return mean, variance
    mean = (share * z).sum(dim=1, keepdim=True)
    return mean, (share * (z - mean).square()).sum(dim=1, keepdim=True)
