"""Differential entropy of normal mixtures."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from uncertainty.metrics.pointwise import joint_normal_mixture_logpdf, normal_mixture_logpdf

Array = NDArray[np.float64]

# Points at which the integrand is split, in standard deviations of a component.
BREAKS = np.linspace(-9.0, 9.0, 25)
# With many components their points lie close together; every so-manieth is enough.
MAX_BREAKS = 256
# Numbers in a temporary array of log densities.
BLOCK_NUMBERS = 1 << 21
# Points of a joint density, shared out among the components.
JOINT_POINTS = 2048
# Gauss-Legendre nodes in each piece.
NODES, NODE_WEIGHTS = np.polynomial.legendre.leggauss(5)


def normal_mixture_entropy(weights: Array, means: Array, scales: Array) -> Array:
    """Return -int p log p [n] of mixtures with arrays [n, K], in nats.

    Gauss-Legendre on pieces between points at fixed numbers of standard deviations around every component, so that
    narrow and wide components, near or far apart, are all resolved.
    """
    rows = max(BLOCK_NUMBERS // (MAX_BREAKS * weights.shape[1]), 1)
    blocks = [slice(start, start + rows) for start in range(0, len(means), rows)]
    parts = [_entropy(weights[block], means[block], scales[block]) for block in blocks]
    return np.concatenate(parts) if parts else np.empty(0)


def _entropy(weights: Array, means: Array, scales: Array) -> Array:
    points = (means[..., None] + scales[..., None] * BREAKS).reshape(len(means), -1)
    points = np.sort(points, axis=1)
    if points.shape[1] > MAX_BREAKS:
        points = points[:, np.linspace(0, points.shape[1] - 1, MAX_BREAKS).astype(np.intp)]
    half = 0.5 * np.diff(points, axis=1)  # [n, P]
    centre = points[:, :-1] + half
    total = np.zeros(len(means))
    for node, node_weight in zip(NODES, NODE_WEIGHTS, strict=True):
        y = centre + half * node
        log_density = normal_mixture_logpdf(y, weights[:, None, :], means[:, None, :], scales[:, None, :])
        density = np.exp(log_density)
        total -= node_weight * (half * density * np.where(density > 0.0, log_density, 0.0)).sum(axis=1)
    return total


def joint_normal_mixture_entropy(weights: Array, means: Array, scales: Array) -> Array:
    """Return the entropy [n] of the joint density of T targets, means and scales [n, T, K], in nats.

    The expectation of -log p under each component is taken over the same fixed normal draws and their negatives.
    """
    n_components = weights.shape[1]
    half = np.random.default_rng(0).standard_normal((max(JOINT_POINTS // (2 * n_components), 8), means.shape[1]))
    draws = np.concatenate([half, -half])
    total = np.zeros(len(means))
    for k in range(n_components):
        for z in draws:
            log_density = joint_normal_mixture_logpdf(means[..., k] + scales[..., k] * z, weights, means, scales)
            total -= weights[:, k] * log_density / len(draws)
    return total
