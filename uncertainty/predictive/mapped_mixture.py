"""Normal mixtures of one target whose cdf is mapped piecewise linearly: masses, points, moments, CRPS and entropy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from uncertainty.metrics.pointwise import normal_mixture_logpdf
from uncertainty.predictive.cdf_map import CdfMap
from uncertainty.predictive.entropy import BLOCK_NUMBERS, BREAKS, NODE_WEIGHTS, NODES
from uncertainty.predictive.quantiles import normal_mixture_quantile

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

# Points next to the components at which an integrand is split.
MAX_BREAKS = 160
# Shares of the probability in an outermost piece at which it is split once more: there the raw density falls fastest.
TAIL_SHARES = np.array([1e-13, 1e-9, 1e-6, 1e-4, 1e-2, 0.1, 0.4])
SMALLEST = float(np.finfo(np.float64).tiny)
_INV_SQRT_2PI = float(1.0 / np.sqrt(2.0 * np.pi))


@dataclass(frozen=True)
class MappedMixture:
    """Normal mixtures of n rows, arrays [n, K], whose cdf F becomes R(F)."""

    weights: Array
    means: Array
    scales: Array
    cdf_map: CdfMap

    def _blocks(self, numbers_a_row: int) -> Iterator[slice]:
        """Blocks of rows with bounded temporary arrays."""
        n, n_components = self.means.shape
        rows = max(BLOCK_NUMBERS // (n_components * max(numbers_a_row, 1)), 1)
        return (slice(start, start + rows) for start in range(0, n, rows))

    def _rows(self, block: slice) -> MappedMixture:
        return MappedMixture(self.weights[block], self.means[block], self.scales[block], self.cdf_map)

    def raw_mass(self, y: Array) -> tuple[Array, Flags]:
        """Raw probability on the smaller side of points y [n, S], and whether that is the upper side."""
        mass, upper = np.empty(y.shape), np.empty(y.shape, dtype=bool)
        for block in self._blocks(y.shape[1]):
            z = (y[block, :, None] - self.means[block, None, :]) / self.scales[block, None, :]
            weights = self.weights[block, None, :]
            below, above = (weights * ndtr(z)).sum(axis=-1), (weights * ndtr(-z)).sum(axis=-1)
            upper[block] = above < below
            mass[block] = np.minimum(below, above)
        return mass, upper

    def raw_points(self, mass: Array, upper: Flags) -> Array:
        """Points [n, S] with raw probability `mass` below them, or above them where `upper`; arrays [n, S] or [S]."""
        shape = len(self.means), mass.shape[-1]
        points, masses, uppers = np.empty(shape), np.broadcast_to(mass, shape), np.broadcast_to(upper, shape)
        for block in self._blocks(shape[1]):
            weights, means, scales = (a[block].T for a in (self.weights, self.means, self.scales))
            above_zero = np.maximum(masses[block], SMALLEST)
            points[block] = normal_mixture_quantile(weights, means, scales, above_zero, uppers[block])
        return points

    def moments(self) -> tuple[Array, Array]:
        """Mean and variance [n]: in every piece the density is a multiple of the raw one, whose partial moments are
        known in closed form."""
        mass, upper = self.cdf_map.knots()
        mean, variance = np.empty(len(self.means)), np.empty(len(self.means))
        for block in self._blocks(len(mass)):
            mean[block], variance[block] = self._rows(block)._moments(mass, upper)
        return mean, variance

    def _moments(self, mass: Array, upper: Flags) -> tuple[Array, Array]:
        centre = (self.weights * self.means).sum(axis=1)  # about it, squares do not cancel
        edges = self.raw_points(mass, upper)[:, None, :]  # [n, 1, J]
        means, scales = self.means[..., None], self.scales[..., None]
        z = (edges - means) / scales
        density = _INV_SQRT_2PI * np.exp(-0.5 * z * z)
        # From edge to edge, the outermost at infinity, where both densities vanish.
        probability = _pieces_of_normal(z)
        fall, moment_fall = (-np.diff(a, prepend=0.0, append=0.0, axis=-1) for a in (density, z * density))
        offset = means - centre[:, None, None]
        first = offset * probability + scales * fall
        second = (offset**2 + scales**2) * probability + 2.0 * offset * scales * fall + scales**2 * moment_fall
        share = self.weights[..., None] * self.cdf_map.slopes()
        shift = (share * first).sum(axis=(1, 2))
        return centre + shift, (share * second).sum(axis=(1, 2)) - shift**2

    def crps(self, y: Array) -> Array:
        """Continuous ranked probability score [n] of y [n]: the integrated squared distance of the cdf from a step."""

        def squared_distance(rows: MappedMixture, points: Array, step: Array) -> Array:
            mass, upper = rows.raw_mass(points)
            mapped = self.cdf_map.apply(mass, upper)
            return np.where(upper == (points >= step[:, None]), mapped, 1.0 - mapped) ** 2

        return self._integral(squared_distance, y)

    def entropy(self) -> Array:
        """Differential entropy [n], in nats."""

        def surprise(rows: MappedMixture, points: Array, _: Array) -> Array:
            arrays = (a[:, None, :] for a in (rows.weights, rows.means, rows.scales))
            log_density = normal_mixture_logpdf(points, *arrays) + np.log(self.cdf_map.slope(*rows.raw_mass(points)))
            density = np.exp(log_density)
            return -density * np.where(density > 0.0, log_density, 0.0)

        return self._integral(surprise, self.means[:, 0])

    def _integral(self, integrand: Callable[[MappedMixture, Array, Array], Array], step: Array) -> Array:
        """Integral [n] over y of `integrand(rows, points, step)`, which may have a kink at each knot and a jump at
        `step` [n]: Gauss-Legendre between these, points around the components and further quantiles."""
        mass, upper = self.cdf_map.knots()
        mass = np.concatenate([mass[0] * TAIL_SHARES, mass, mass[-1] * TAIL_SHARES])
        upper = np.concatenate([np.repeat(upper[0], len(TAIL_SHARES)), upper, np.repeat(upper[-1], len(TAIL_SHARES))])
        integral = np.zeros(len(step))
        for block in self._blocks(MAX_BREAKS + len(mass)):
            rows = self._rows(block)
            near = np.sort((rows.means[..., None] + rows.scales[..., None] * BREAKS).reshape(len(rows.means), -1))
            if near.shape[1] > MAX_BREAKS:
                near = near[:, np.linspace(0, near.shape[1] - 1, MAX_BREAKS).astype(np.intp)]
            points = np.sort(np.concatenate([near, rows.raw_points(mass, upper), step[block, None]], axis=1))
            half = 0.5 * np.diff(points)
            centre = points[:, :-1] + half
            for node, node_weight in zip(NODES, NODE_WEIGHTS, strict=True):
                values = integrand(rows, centre + half * node, step[block])
                integral[block] += node_weight * (half * values).sum(axis=1)
        return integral


def _pieces_of_normal(z: Array) -> Array:
    """Standard normal probabilities [..., J + 1] between edges z [..., J] and beyond the outermost.

    Above zero it is the probabilities above the edges that are subtracted, which keeps tiny ones accurate.
    """
    below, above = ndtr(z), ndtr(-z)
    inner = np.where(z[..., :-1] > 0.0, above[..., :-1] - above[..., 1:], below[..., 1:] - below[..., :-1])
    return np.concatenate([below[..., :1], inner, above[..., -1:]], axis=-1)
