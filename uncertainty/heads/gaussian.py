"""Gaussian head: mean and standard deviation per row, or one learned standard deviation."""

from __future__ import annotations

from math import log, pi

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from uncertainty.components.spec import check_number
from uncertainty.heads.base import Head, HeadSpec
from uncertainty.heads.normal_mixture import NormalMixture
from uncertainty.heads.scale import predicted_scale, raw_from_scale, scale_derivative, scale_from_raw

HALF_LOG_2PI = 0.5 * log(2.0 * pi)


class Gaussian(HeadSpec):
    """Normal distribution of each target, independent given x.

    Parameters
    ----------
    variance : "learned" or "constant", default "learned"
        "learned" predicts a variance for each row (Nix & Weigend 1994). "constant" learns one variance for all rows,
        which is squared-error training with an honest noise level.
    floor : float > 0, default 1e-3
        Smallest standard deviation, in units of the standardised target.

    References
    ----------
    Nix & Weigend (1994), Estimating the mean and variance of the target probability distribution, eq. 4.
    Lakshminarayanan et al. (2017), Simple and scalable predictive uncertainty estimation, eq. 1.
    """

    short_name = "gaussian"
    target_kinds = frozenset({"continuous"})

    def __init__(self, variance: str = "learned", floor: float = 1e-3) -> None:
        self.variance = variance
        self.floor = floor

    def build(self, n_targets: int, n_classes: int = 0) -> GaussianHead:
        if self.variance not in ("learned", "constant"):
            raise ValueError(f"variance must be 'learned' or 'constant', got {self.variance!r}.")
        floor = check_number("floor", self.floor, low_open=True)
        return GaussianHead(n_targets, floor, constant_variance=self.variance == "constant")


class GaussianHead(Head):
    """Raw outputs: T means, then T values rho of the standard deviations."""

    def __init__(self, n_targets: int, floor: float, *, constant_variance: bool) -> None:
        self.n_targets = n_targets
        self.n_raw = 2 * n_targets
        self.floor = floor
        self.constant_variance = constant_variance

    @property
    def bias_only(self) -> tuple[bool, ...]:
        return (False,) * self.n_targets + (self.constant_variance,) * self.n_targets

    def init_raw(self, y: Tensor, weight: Tensor) -> Tensor:
        mean, std = weighted_moments(y, weight)
        return torch.cat([mean, raw_from_scale(std, self.floor)])

    def log_prob(self, raw: Tensor, y: Tensor) -> Tensor:
        mean, rho = raw.split(self.n_targets, dim=-1)
        sigma = scale_from_raw(rho, self.floor)
        z = (y - mean) / sigma
        return -(torch.log(sigma) + 0.5 * z.square() + HALF_LOG_2PI).sum(dim=-1)

    def nll_and_score(self, raw: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        mean, rho = raw.chunk(2, dim=-1)
        sigma = scale_from_raw(rho, self.floor)
        inverse = sigma.reciprocal()
        z = (mean - y).mul_(inverse)
        score = torch.empty_like(raw)
        d_mean, d_rho = score.chunk(2, dim=-1)
        torch.mul(z, inverse, out=d_mean)
        torch.addcmul(inverse, z, d_mean, value=-1.0, out=d_rho).mul_(scale_derivative(rho))  # (1 - z^2) / sigma
        nll = sigma.log_().addcmul_(z, z, value=0.5).sum(dim=-1).add_(self.n_targets * HALF_LOG_2PI)
        return nll, score

    def distribution(self, raw: NDArray[np.float64]) -> NormalMixture:
        mean, rho = raw[..., : self.n_targets], raw[..., self.n_targets :]
        weights = np.broadcast_to(1.0, (*raw.shape[:-1], 1))
        return NormalMixture(weights, mean[..., None], predicted_scale(rho, self.floor)[..., None])


def weighted_moments(y: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """Return the weighted mean and standard deviation [T] of y [N, T]."""
    share = (weight / weight.sum()).unsqueeze(1)
    mean = (share * y).sum(dim=0)
    return mean, (share * (y - mean).square()).sum(dim=0).sqrt()
