"""Batch normalization on the member axis."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from uncertainty.components.spec import Spec, check_number


class BatchNorm(Spec):
    """Batch normalization before the activation, with running statistics for prediction.

    In training each member's batch has its own mean and variance (weighted, when rows are); at prediction the running
    statistics are used and never change. They are exponential moving averages, new = (1 - momentum) old + momentum
    batch, which during the first 1 / momentum batches is a plain average, so that a short fit is not held back by the
    starting values 0 and 1. The running variance is the population form, which is the one training divides by and
    the one for which a row of weight 2 is two rows.

    Parameters
    ----------
    momentum : float in (0, 1], default 0.1
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
class BatchNormalizer:
    """Runtime form of `BatchNorm`; `scale`, `shift`, `mean` and `variance` are [M, H]."""

    momentum: float
    epsilon: float

    def forward(
        self,
        z: Tensor,
        scale: Tensor,
        shift: Tensor,
        *,
        running_mean: Tensor,
        running_variance: Tensor,
        n_updates: int,
        weight: Tensor | None = None,
    ) -> Tensor:
        """Normalize `z` [M, B, H] by its own batch and update the running statistics in place.

        `weight` [M, B] weighs the rows; `n_updates` counts the batches that the running statistics have seen.
        """
        mean, variance = _batch_moments(z, weight)  # [M, 1, H]
        with torch.no_grad():
            step = max(self.momentum, 1.0 / (n_updates + 1))
            running_mean.lerp_(mean[:, 0], step)
            running_variance.lerp_(variance[:, 0], step)
        return (z - mean) * (torch.rsqrt(variance + self.epsilon) * scale.unsqueeze(1)) + shift.unsqueeze(1)

    def affine(self, scale: Tensor, shift: Tensor, mean: Tensor, variance: Tensor) -> tuple[Tensor, Tensor]:
        """Return (a, b), each [M, H], such that prediction normalizes by a z + b."""
        a = scale * torch.rsqrt(variance + self.epsilon)
        return a, shift - a * mean


def _batch_moments(z: Tensor, weight: Tensor | None) -> tuple[Tensor, Tensor]:
    if weight is None:
        variance, mean = torch.var_mean(z, dim=1, correction=0, keepdim=True)
        return mean, variance
    share = (weight / weight.sum(dim=1, keepdim=True)).unsqueeze(2)  # [M, B, 1]
    mean = (share * z).sum(dim=1, keepdim=True)
    return mean, (share * (z - mean).square()).sum(dim=1, keepdim=True)
