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

# Narrowest and widest component, in scales of the first: e^-1.2 to e^1.2. A component that a row has no use for keeps a
# small weight; without a bound it would also keep a width like the spread of y, and swell the variance of the row.
LOG_WIDTH_BOUND = 1.2


class MixtureDensity(HeadSpec):
    """Mixture of K normal components, for noise with several modes, skew or heavy tails.

    The first component has the mean mu and the standard deviation sigma; each other one lies at ``mu + sigma d_k`` and
    has the standard deviation ``sigma exp(b tanh(c_k / b))`` with b = 1.2, between 0.3 and 3.3 sigma. So all move and
    shrink together as the network learns, and the variance of a row is of the size of its noise. With several targets a
    component spans all of them, so targets are dependent through the component.

    Parameters
    ----------
    n_components : int >= 1, default 3
        K. One component is the Gaussian head.
    floor : float > 0, default 1e-3
        Smallest standard deviation of the first component, in units of the standardised target.

    References
    ----------
    Bishop (1994), Mixture density networks, eqs. 22-29 and the gradients 37-39, there of the means and standard
    deviations themselves.
    """

    short_name = "mixture_density"
    target_kinds = frozenset({"continuous"})

    def __init__(self, n_components: int = 3, floor: float = 1e-3) -> None:
        self.n_components = n_components
        self.floor = floor

    def build(self, n_targets: int, n_classes: int = 0) -> MixtureDensityHead:
        n_components = check_integer("n_components", self.n_components)
        return MixtureDensityHead(n_targets, n_components, check_number("floor", self.floor, low_open=True))


class MixtureDensityHead(Head):
    """Raw outputs: T K locations, T K widths, K logits of the weights.

    Location and width of the first component are its mean and its rho; of another one they are d_k and c_k.
    """

    def __init__(self, n_targets: int, n_components: int, floor: float) -> None:
        self.n_targets = n_targets
        self.n_components = n_components
        self.n_raw = (2 * n_targets + 1) * n_components
        self.floor = floor

    def init_raw(self, y: Tensor, weight: Tensor) -> Tensor:
        """Start with components that differ and together have the variance of y; equal ones would stay equal.

        One target: at the (k + 1/2) / K quantiles of y, the middle one first. Several: all at the mean, with widths
        from narrow to wide, as quantiles of each target alone would have all targets rise together.
        """
        mean, std = (moment.unsqueeze(1) for moment in weighted_moments(y, weight))  # [T, 1]
        middle_first = np.argsort(np.abs(np.arange(self.n_components) - (self.n_components - 1) // 2), kind="stable")
        offsets = widths = y.new_zeros(self.n_targets, self.n_components)
        scale = std
        if self.n_components > 1 and self.n_targets == 1:
            levels = (middle_first + 0.5) / self.n_components
            means = _weighted_quantiles(y[:, 0], weight, levels).unsqueeze(0)
            between = (means - means.mean()).square().mean()
            scale = torch.sqrt((std.square() - between).clamp_min(0.04 * std.square())).clamp_min(1.1 * self.floor)
            mean, offsets = means[:, :1], (means - means[:, :1]) / scale
        elif self.n_components > 1:
            log_width = y.new_tensor(np.linspace(-0.5, 0.5, self.n_components)[middle_first])
            log_width = log_width - log_width[0]
            scale = std / torch.exp(2.0 * log_width).mean().sqrt()
            widths = (LOG_WIDTH_BOUND * torch.atanh(log_width / LOG_WIDTH_BOUND)).expand_as(widths)
        locations = torch.cat([mean, offsets[:, 1:]], dim=1)
        widths = torch.cat([raw_from_scale(scale, self.floor), widths[:, 1:]], dim=1)
        return torch.cat([locations.reshape(-1), widths.reshape(-1), torch.zeros_like(locations[0])])

    def log_prob(self, raw: Tensor, y: Tensor) -> Tensor:
        locations, widths, logits = self._rows_last(raw)
        means, sigma = self._means_and_scales(locations, widths)
        z = (means - y.transpose(-1, -2).unsqueeze(-2)) / sigma
        return torch.logsumexp(self._log_joint(logits, sigma, z), dim=-2)

    def nll_and_score(self, raw: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        locations, widths, logits = self._rows_last(raw)
        means, sigma = self._means_and_scales(locations, widths)
        z = (means - y.transpose(-1, -2).unsqueeze(-2)).div_(sigma)  # [..., T, K, N]
        log_joint = self._log_joint(logits, sigma, z)
        responsibility = torch.softmax(log_joint, dim=-2)  # [..., K, N]
        # In units of each component's scale: the gradients of its mean, and of the logarithm of its scale.
        d_mean = z * responsibility.unsqueeze(-3)
        d_log_scale = torch.addcmul(responsibility.unsqueeze(-3), z, d_mean, value=-1.0)
        score = self._score(locations, widths, sigma, d_mean.div_(sigma), d_log_scale)
        d_logits = torch.softmax(logits, dim=-2).sub_(responsibility)
        return -torch.logsumexp(log_joint, dim=-2), torch.cat([*score, d_logits], dim=-2).transpose(-1, -2)

    def _score(
        self, locations: Tensor, widths: Tensor, sigma: Tensor, d_mean: Tensor, d_log_scale: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Gradients [..., T K, N] of locations and widths: the first mean and scale move every component."""
        scale = sigma[..., :1, :]
        d_offset = d_mean[..., 1:, :] * scale
        d_scale = (d_offset * locations[..., 1:, :]).sum(dim=-2, keepdim=True)
        d_scale += d_log_scale.sum(dim=-2, keepdim=True)
        d_rho = d_scale.div_(scale).mul_(scale_derivative(widths[..., :1, :]))
        bent = torch.tanh(widths[..., 1:, :] / LOG_WIDTH_BOUND)
        d_width = torch.addcmul(d_log_scale[..., 1:, :], d_log_scale[..., 1:, :], bent.square_(), value=-1.0)
        d_location = torch.cat([d_mean.sum(dim=-2, keepdim=True), d_offset], dim=-2)
        return d_location.flatten(-3, -2), torch.cat([d_rho, d_width], dim=-2).flatten(-3, -2)

    def _means_and_scales(self, locations: Tensor, widths: Tensor) -> tuple[Tensor, Tensor]:
        """Means and standard deviations [..., T, K, N] of all components."""
        mean, scale = locations[..., :1, :], scale_from_raw(widths[..., :1, :], self.floor)
        factors = torch.exp(LOG_WIDTH_BOUND * torch.tanh(widths[..., 1:, :] / LOG_WIDTH_BOUND))
        means = torch.cat([mean, torch.addcmul(mean, scale, locations[..., 1:, :])], dim=-2)
        return means, torch.cat([scale, scale * factors], dim=-2)

    def _rows_last(self, raw: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Locations and widths [..., T, K, N] and logits [..., K, N]: views with the rows last.

        Kernels then take a vector of rows at a time; a last axis of a few components is done number by number.
        """
        n, shape = self.n_targets * self.n_components, (self.n_targets, self.n_components)
        locations, widths, logits = raw.transpose(-1, -2).split_with_sizes([n, n, self.n_components], dim=-2)
        return locations.unflatten(-2, shape), widths.unflatten(-2, shape), logits

    def _log_joint(self, logits: Tensor, sigma: Tensor, z: Tensor) -> Tensor:
        """Log of weight times density of each component, [..., K, N]."""
        minus_log_density = torch.log(sigma).addcmul(z, z, value=0.5).sum(dim=-3)
        return torch.log_softmax(logits, dim=-2) - minus_log_density - self.n_targets * HALF_LOG_2PI

    def distribution(self, raw: NDArray[np.float64]) -> NormalMixture:
        n, shape = self.n_targets * self.n_components, (*raw.shape[:-1], self.n_targets, self.n_components)
        locations, widths, logits = raw[..., :n].reshape(shape), raw[..., n : 2 * n].reshape(shape), raw[..., 2 * n :]
        mean, scale = locations[..., :1], predicted_scale(widths[..., :1], self.floor)
        factors = np.exp(LOG_WIDTH_BOUND * np.tanh(widths[..., 1:] / LOG_WIDTH_BOUND))
        means = np.concatenate([mean, mean + scale * locations[..., 1:]], axis=-1)
        return NormalMixture(softmax(logits, axis=-1), means, np.concatenate([scale, scale * factors], axis=-1))


def _weighted_quantiles(y: Tensor, weight: Tensor, levels: NDArray[np.float64]) -> Tensor:
    """Quantiles [Q] of y [N] as the inverse of the weighted empirical cdf, for which weight 2 is two rows."""
    # A hair below the levels: where the cdf steps exactly at one, the rounding of the weights must not decide.
    below = levels - 1e-6
    values = np.quantile(y.double().cpu().numpy(), below, weights=weight.double().cpu().numpy(), method="inverted_cdf")
    return torch.as_tensor(values, dtype=y.dtype, device=y.device)
