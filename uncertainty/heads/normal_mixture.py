"""Mixtures of normal distributions over arrays of any shape: what the continuous heads hand to the predictive."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

Array = NDArray[np.float64]


@dataclass(frozen=True)
class NormalMixture:
    """K normal components over T targets; given the component, the targets are independent.

    weights : [..., N, K], means and scales : [..., N, T, K]. Scales are standard deviations.
    """

    weights: Array
    means: Array
    scales: Array

    def mean(self) -> Array:
        """Mean [..., N, T]."""
        return self._expect(self.means)

    def variance(self) -> Array:
        """Variance [..., N, T]: the within- plus the between-component part."""
        if self.means.shape[-1] == 1:
            return self.scales[..., 0] ** 2
        spread = self.means - self.mean()[..., None]
        return self._expect(self.scales**2 + spread**2)

    def cdf(self, y: Array) -> Array:
        """Probability of at most y, for y [..., N, T] and each target on its own."""
        return self._tail(y, 1.0)

    def sf(self, y: Array) -> Array:
        """Probability of more than y, accurate where it is small."""
        return self._tail(y, -1.0)

    def _tail(self, y: Array, sign: float) -> Array:
        return self._expect(ndtr(sign * (np.asarray(y)[..., None] - self.means) / self.scales))

    def affine(self, location: Array, scale: Array) -> NormalMixture:
        """The distribution of location + scale * Y, with location and scale of shape [T]."""
        factor = np.asarray(scale)[:, None]
        means = self.means * factor
        means += np.asarray(location)[:, None]
        return NormalMixture(self.weights, means, self.scales * factor)

    def pool(self) -> NormalMixture:
        """The equal-weight mixture over the leading axis: [M, N, ...] with K components becomes [N, ...] with M K."""
        n_members = self.weights.shape[0]

        def last(a: Array) -> Array:
            moved = np.moveaxis(a, 0, -2)  # [N, (T,) M, K]
            return moved.reshape(*moved.shape[:-2], moved.shape[-2] * moved.shape[-1])

        return NormalMixture(last(self.weights) / n_members, last(self.means), last(self.scales))

    def components(self) -> tuple[Array, Array, Array]:
        """Weights, means and scales [M K, N, T] of all components of the equal-weight mixture over M."""
        n_members, n, n_targets, n_components = self.means.shape

        def first(a: Array) -> Array:
            moved = np.moveaxis(np.broadcast_to(a, self.means.shape), -1, 1)  # [M, K, N, T]
            return moved.reshape(n_members * n_components, n, n_targets)

        return first(self.weights[..., None, :] / n_members), first(self.means), first(self.scales)

    def rows(self, index: slice | NDArray[np.intp]) -> NormalMixture:
        """The rows `index` of [M, N, ...] arrays."""
        return NormalMixture(self.weights[:, index], self.means[:, index], self.scales[:, index])

    def _expect(self, values: Array) -> Array:
        if values.shape[-1] == 1:
            return values[..., 0]
        return np.asarray((self.weights[..., None, :] * values).sum(axis=-1))
