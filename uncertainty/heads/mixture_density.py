"""Mixture density head: K normal components per row."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import softmax
from torch import Tensor

from uncertainty.components.spec import check_integer, check_number
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
        """Start with components that differ and together have the variance of y; equal ones would stay equal.

        One target: component k at the (k + 1/2) / K quantile of y. Several: all at the mean, with widths from narrow to
        wide, as quantiles of each target alone would have all targets rise together.
        """
        mean, std = weighted_moments(y, weight)
        if self.n_targets == 1:
            means, widths = self._spread_over_quantiles(y, weight, std)
        else:
            means = mean.unsqueeze(1).expand(-1, self.n_components)
            factors = torch.as_tensor(np.geomspace(0.5, 2.0, self.n_components), dtype=y.dtype, device=y.device)
            widths = std.unsqueeze(1) * factors / factors.square().mean().sqrt()
        rho = raw_from_scale(widths, self.floor)
        return torch.cat([means.reshape(-1), rho.reshape(-1), torch.zeros_like(means[0])])

    def _spread_over_quantiles(self, y: Tensor, weight: Tensor, std: Tensor) -> tuple[Tensor, Tensor]:
        """Means and widths [1, K]; a single component is at the mean."""
        if self.n_components == 1:
            return weighted_moments(y, weight)[0].unsqueeze(1), std.unsqueeze(1)
        levels = (np.arange(self.n_components) + 0.5) / self.n_components
        means = _weighted_quantiles(y[:, 0], weight, levels).unsqueeze(0)
        between = (means - means.mean()).square().mean()
        within = torch.sqrt((std.square() - between).clamp_min(0.04 * std.square()))
        return means, within.unsqueeze(1).expand_as(means)

    def log_prob(self, raw: Tensor, y: Tensor) -> Tensor:
        means, rho, logits = self._rows_last(raw)
        sigma = scale_from_raw(rho, self.floor)
        z = (means - y.transpose(-1, -2).unsqueeze(-2)) / sigma
        return torch.logsumexp(self._log_joint(logits, sigma, z), dim=-2)

    def nll_and_score(self, raw: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        means, rho, logits = self._rows_last(raw)
        sigma = scale_from_raw(rho, self.floor)
        inverse = sigma.reciprocal()
        z = (means - y.transpose(-1, -2).unsqueeze(-2)).mul_(inverse)  # [..., T, K, N]
        log_joint = self._log_joint(logits, sigma, z)
        responsibility = torch.softmax(log_joint, dim=-2)  # [..., K, N]
        shared = responsibility.unsqueeze(-3) * inverse
        d_means = z * shared
        d_rho = torch.addcmul(shared, z, d_means, value=-1.0).mul_(scale_derivative(rho))
        d_logits = torch.softmax(logits, dim=-2).sub_(responsibility)
        score = torch.cat([d_means.flatten(-3, -2), d_rho.flatten(-3, -2), d_logits], dim=-2)  # [..., R, N]
        return -torch.logsumexp(log_joint, dim=-2), score.transpose(-1, -2)

    def _rows_last(self, raw: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Means and rho [..., T, K, N] and logits [..., K, N]: views with the rows last.

        Kernels then take a vector of rows at a time; a last axis of a few components is done number by number.
        """
        n, shape = self.n_targets * self.n_components, (self.n_targets, self.n_components)
        means, rho, logits = raw.transpose(-1, -2).split_with_sizes([n, n, self.n_components], dim=-2)
        return means.unflatten(-2, shape), rho.unflatten(-2, shape), logits

    def _log_joint(self, logits: Tensor, sigma: Tensor, z: Tensor) -> Tensor:
        """Log of weight times density of each component, [..., K, N]."""
        minus_log_density = torch.log(sigma).addcmul(z, z, value=0.5).sum(dim=-3)
        return torch.log_softmax(logits, dim=-2) - minus_log_density - self.n_targets * HALF_LOG_2PI

    def distribution(self, raw: NDArray[np.float64]) -> NormalMixture:
        n, shape = self.n_targets * self.n_components, (*raw.shape[:-1], self.n_targets, self.n_components)
        means, rho, logits = raw[..., :n].reshape(shape), raw[..., n : 2 * n].reshape(shape), raw[..., 2 * n :]
        return NormalMixture(softmax(logits, axis=-1), means, predicted_scale(rho, self.floor))


def _weighted_quantiles(y: Tensor, weight: Tensor, levels: NDArray[np.float64]) -> Tensor:
    """Quantiles [Q] of y [N] as the inverse of the weighted empirical cdf, for which weight 2 is two rows."""
    # A hair below the levels: where the cdf steps exactly at one, the rounding of the weights must not decide.
    below = levels - 1e-6
    values = np.quantile(y.double().cpu().numpy(), below, weights=weight.double().cpu().numpy(), method="inverted_cdf")
    return torch.as_tensor(values, dtype=y.dtype, device=y.device)
