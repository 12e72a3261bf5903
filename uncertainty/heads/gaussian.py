"""Gaussian head: mean and standard deviation per row, or one learned standard deviation."""

from __future__ import annotations

from functools import partial
from math import log, pi

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from uncertainty.components.spec import check_integer, check_number
from uncertainty.components.whole_vectors import in_whole_vectors
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
    beta : float in [0, 1], default 0
        Weight each row's gradient by sigma^(2 beta), held constant (beta-NLL). The NLL divides the error of the mean
        by sigma^2, so rows that fit badly and are given a large sigma are then neglected by the mean. 0 is the NLL, 1
        gives the mean the gradient of squared error, and 0.5 is the paper's advice.
    mean_warmup : int >= 0, default 0
        Epochs, from a member's first, in which the mean alone is trained, at the variance of the marginal.

    Notes
    -----
    Neither option changes what is reported and watched: losses are plain NLL. The warm-up counts a member's own good
    epochs, over all calls that continue a fit: with `partial_fit` it lasts for so many passes, and a warm start goes on
    where it ended. What follows is a training of its own: the optimizer, a plateau schedule and averages of weights
    begin anew, and patience counts from there. `max_iter` includes the warm-up, and has to be larger for the variance
    to be learned at all; a snapshot ensemble's first cycle should be longer.

    References
    ----------
    Nix & Weigend (1994), Estimating the mean and variance of the target probability distribution, eq. 4, and the
    separate training of the mean; Sluijterman, Cator & Heskes (2023), Optimal training of mean variance estimation
    neural networks, section 3.
    Seitzer, Tavakoli, Antic & Martius (2022), On the pitfalls of heteroscedastic uncertainty estimation with
    probabilistic neural networks, eq. 5.
    Lakshminarayanan et al. (2017), Simple and scalable predictive uncertainty estimation, eq. 1.
    """

    short_name = "gaussian"
    target_kinds = frozenset({"continuous"})

    def __init__(self, variance: str = "learned", floor: float = 1e-3, beta: float = 0.0, mean_warmup: int = 0) -> None:
        self.variance = variance
        self.floor = floor
        self.beta = beta
        self.mean_warmup = mean_warmup

    def build(self, n_targets: int, n_classes: int = 0) -> GaussianHead:
        if self.variance not in ("learned", "constant"):
            raise ValueError(f"variance must be 'learned' or 'constant', got {self.variance!r}.")
        return GaussianHead(
            n_targets,
            check_number("floor", self.floor, low_open=True),
            constant_variance=self.variance == "constant",
            beta=check_number("beta", self.beta, high=1.0),
            mean_warmup=check_integer("mean_warmup", self.mean_warmup, low=0),
        )


class GaussianHead(Head):
    """Raw outputs: T means, then T values rho of the standard deviations. `mean_only` trains the means alone."""

    def __init__(
        self,
        n_targets: int,
        floor: float,
        *,
        constant_variance: bool,
        beta: float = 0.0,
        mean_warmup: int = 0,
        mean_only: bool = False,
    ) -> None:
        self.n_targets = n_targets
        self.n_raw = 2 * n_targets
        self.floor = floor
        self.constant_variance = constant_variance
        self.beta = beta
        self.mean_warmup = mean_warmup
        self.mean_only = mean_only

    @property
    def bias_only(self) -> tuple[bool, ...]:
        return (False,) * self.n_targets + (self.constant_variance,) * self.n_targets

    @property
    def n_warmup_epochs(self) -> int:
        return self.mean_warmup

    def in_warmup(self) -> GaussianHead:
        # Where rho has no gradient its output weights stay at zero, where they start, and its bias at the marginal.
        return GaussianHead(
            self.n_targets, self.floor, constant_variance=self.constant_variance, beta=self.beta, mean_only=True
        )

    def init_raw(self, y: Tensor, weight: Tensor) -> Tensor:
        mean, std = weighted_moments(y, weight)
        return torch.cat([mean, raw_from_scale(std, self.floor)])

    def log_prob(self, raw: Tensor, y: Tensor) -> Tensor:
        mean, rho = raw.split(self.n_targets, dim=-1)
        return -self._nll_of_each(mean, scale_from_raw(rho, self.floor), y).sum(dim=-1)

    def training_loss(self, raw: Tensor, y: Tensor) -> Tensor:
        mean, rho = raw.split(self.n_targets, dim=-1)
        sigma = scale_from_raw(rho.detach() if self.mean_only else rho, self.floor)
        return (sigma.detach() ** (2.0 * self.beta) * self._nll_of_each(mean, sigma, y)).sum(dim=-1)

    def _nll_of_each(self, mean: Tensor, sigma: Tensor, y: Tensor) -> Tensor:
        return torch.log(sigma) + 0.5 * ((y - mean) / sigma).square() + HALF_LOG_2PI

    def nll_and_score(self, raw: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        mean, rho = raw.chunk(2, dim=-1)
        sigma = scale_from_raw(rho, self.floor)
        inverse = sigma.reciprocal()
        z = (mean - y).mul_(inverse)
        score = torch.empty_like(raw)
        d_mean, d_rho = score.chunk(2, dim=-1)
        torch.mul(z, inverse, out=d_mean)
        torch.addcmul(inverse, z, d_mean, value=-1.0, out=d_rho).mul_(scale_derivative(rho))  # (1 - z^2) / sigma
        if self.beta > 0.0:
            factor = in_whole_vectors(partial(torch.pow, exponent=2.0 * self.beta))(sigma)
            d_mean.mul_(factor)
            d_rho.mul_(factor)
        if self.mean_only:
            d_rho.zero_()
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
