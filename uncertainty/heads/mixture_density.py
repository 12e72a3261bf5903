"""Mixture density head: K normal components per row."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import softmax
from torch import Tensor

from uncertainty.components.spec import check_integer, check_number
from uncertainty.components.whole_vectors import in_whole_vectors
from uncertainty.heads.base import Head, HeadSpec
from uncertainty.heads.gaussian import HALF_LOG_2PI, weighted_moments
from uncertainty.heads.normal_mixture import NormalMixture
from uncertainty.heads.scale import predicted_scale, raw_from_scale, scale_derivative, scale_from_raw


class MixtureDensity(HeadSpec):
    """Mixture of K normal components, for noise with several modes, skew or heavy tails.

    With several targets a component spans all of them, so targets are dependent through the component.

    Parameters
    ----------
    n_components : int >= 1, default 5
        K. One component is the Gaussian head.
    floor : float > 0, default 1e-3
        Smallest standard deviation of a component, in units of the standardised target.

    References
    ----------
    Bishop (1994), Mixture density networks, eqs. 22-29 and the gradients 37-39.
    """

    short_name = "mixture_density"
    target_kinds = frozenset({"continuous"})

    def __init__(self, n_components: int = 5, floor: float = 1e-3) -> None:
        self.n_components = n_components
        self.floor = floor

    def build(self, n_targets: int, n_classes: int = 0) -> MixtureDensityHead:
        n_components = check_integer("n_components", self.n_components)
        return MixtureDensityHead(n_targets, n_components, check_number("floor", self.floor, low_open=True))


class MixtureDensityHead(Head):
    """Raw outputs: T K means, T K values rho of the standard deviations, K logits of the weights."""

    def __init__(self, n_targets: int, n_components: int, floor: float) -> None:
        self.n_targets = n_targets
        self.n_components = n_components
        self.n_raw = (2 * n_targets + 1) * n_components
        self.floor = floor

    def init_raw(self, y: Tensor, weight: Tensor) -> Tensor:
        """Start component k at the (k + 1/2) / K quantile of y, with widths that keep the variance of y in all."""
        mean, std = weighted_moments(y, weight)
        means = mean.unsqueeze(1)
        if self.n_components > 1:
            levels = (np.arange(self.n_components) + 0.5) / self.n_components
            means = torch.stack([_weighted_quantiles(column, weight, levels) for column in y.T])  # [T, K]
        between = (means - means.mean(dim=1, keepdim=True)).square().mean(dim=1)
        within = torch.sqrt((std.square() - between).clamp_min(0.04 * std.square()))
        rho = raw_from_scale(within, self.floor).unsqueeze(1).expand_as(means)
        return torch.cat([means.reshape(-1), rho.reshape(-1), torch.zeros_like(means[0])])

    def log_prob(self, raw: Tensor, y: Tensor) -> Tensor:
        means, rho, logits = self._split(raw)
        sigma = scale_from_raw(rho, self.floor)
        return torch.logsumexp(self._log_joint(logits, sigma, (y.unsqueeze(-1) - means) / sigma), dim=-1)

    def nll_and_score(self, raw: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        means, rho, logits = self._split(raw)
        sigma = scale_from_raw(rho, self.floor)
        z = (y.unsqueeze(-1) - means) / sigma  # [..., N, T, K]
        log_joint = self._log_joint(logits, sigma, z)
        log_prob = torch.logsumexp(log_joint, dim=-1)
        responsibility = in_whole_vectors(torch.exp)(log_joint - log_prob.unsqueeze(-1))  # [..., N, K]
        shared = (responsibility.unsqueeze(-2) / sigma).expand_as(z)
        d_means = (-z * shared).flatten(-2)
        d_rho = (scale_derivative(rho) * (1.0 - z.square()) * shared).flatten(-2)
        d_logits = torch.softmax(logits, dim=-1) - responsibility
        return -log_prob, torch.cat([d_means, d_rho, d_logits], dim=-1)

    def distribution(self, raw: NDArray[np.float64]) -> NormalMixture:
        means, rho, logits = self._split(raw)
        return NormalMixture(softmax(logits, axis=-1), means, predicted_scale(rho, self.floor))

    def _split(self, raw):  # type: ignore[no-untyped-def]  # torch and numpy arrays alike
        n = self.n_targets * self.n_components
        shape = (*raw.shape[:-1], self.n_targets, self.n_components)
        return raw[..., :n].reshape(shape), raw[..., n : 2 * n].reshape(shape), raw[..., 2 * n :]

    def _log_joint(self, logits: Tensor, sigma: Tensor, z: Tensor) -> Tensor:
        """Log of weight times density of each component, [..., N, K]."""
        log_density = -(torch.log(sigma) + 0.5 * z.square() + HALF_LOG_2PI).sum(dim=-2)
        return torch.log_softmax(logits, dim=-1) + log_density


def _weighted_quantiles(y: Tensor, weight: Tensor, levels: NDArray[np.float64]) -> Tensor:
    """Quantiles [Q] of y [N] as the inverse of the weighted empirical cdf, for which weight 2 is two rows."""
    # A hair below the levels: where the cdf steps exactly at one, the rounding of the weights must not decide.
    below = levels - 1e-6
    values = np.quantile(y.double().cpu().numpy(), below, weights=weight.double().cpu().numpy(), method="inverted_cdf")
    return torch.as_tensor(values, dtype=y.dtype, device=y.device)
