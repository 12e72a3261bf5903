"""Whitening: rotating and scaling standardised inputs so that no column tells of another."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from uncertainty.training.threads import one_blas_thread, torch_threads

Array = NDArray[np.float64]

# Directions with less than this share of the largest variance are scaled as if they had it. They are mostly noise, and
# would otherwise enter a hundred times larger, or more, beside the ones that carry the data.
SMALLEST_VARIANCE_SHARE = 1e-4


class Whitening:
    """Linear map of standardised inputs z to v = (z - mean) S^-1/2, whose weighted covariance is the identity.

    S is the weighted correlation matrix, and the symmetric root makes this ZCA-cor whitening (Kessy, Lewin & Strimmer
    2018, Table 1): of all whitenings the one whose columns stay closest to the columns that went in, which therefore
    keep their meaning (for cutout, noise and adversarial steps), and the one that needs no order and no signs of
    eigenvectors, so that it moves little where the data do. PCA whitening turns freely among near-equal variances.

    Directions with less than 1e-4 of the largest variance are scaled as if they had it. Directions in which the
    training rows do not vary at all (constant columns, copies of columns, more columns than rows) are not scaled: they
    enter as zeros, as constant columns do.

    No training row is further from the centre than the `radius_`; the distance d beyond it of a row to come enters as
    log(1 + d), and likewise its whole distance r in directions without variation: continuous with slope 1, and still
    growing. A row may break a correlation of the training rows well within the range of each column, and a small
    variance turns that into a large number.
    """

    def fit(self, z: Array, weight: Array | None) -> Whitening:
        """Learn from standardised rows z [N, D] with row weights [N]."""
        weight = np.ones(len(z)) if weight is None else weight
        with one_blas_thread():  # so that no bit depends on the number of threads
            self.mean_ = np.average(z, axis=0, weights=weight)
            centred = z - self.mean_
            covariance = (weight[:, None] * centred).T @ centred / weight.sum()
            variances, directions = np.linalg.eigh(covariance)
            # A rounding error of z in every row and column, which no variance can be told from.
            rounding = 64 * len(variances) * np.finfo(np.float64).eps * variances[-1]
            varies = variances > rounding
            floored = np.maximum(variances[varies], SMALLEST_VARIANCE_SHARE * variances[-1])
            self.matrix_ = (directions[:, varies] / np.sqrt(floored)) @ directions[:, varies].T
            self.constant_ = directions[:, ~varies] @ directions[:, ~varies].T if not varies.all() else None
        v = _product(centred, self.matrix_)
        self.radius_ = float(_length(v).max())
        self.range_ = np.ptp(v, axis=0)
        return self

    def transform(self, z: Array) -> Array:
        """Return the whitened z [N, D]."""
        centred = z - self.mean_
        whitened = _damp(_product(centred, self.matrix_), self.radius_)
        return whitened if self.constant_ is None else whitened + _damp(_product(centred, self.constant_), 0.0)


def _product(z: Array, matrix: Array) -> Array:
    with torch_threads(1):
        return (torch.from_numpy(z) @ torch.from_numpy(matrix)).numpy()


def _length(v: Array) -> Array:
    return np.sqrt(np.square(v).sum(axis=1, keepdims=True))


def _damp(v: Array, radius: float) -> Array:
    """Rows longer than `radius` brought back to radius + log(1 + what is beyond), in their direction."""
    length = _length(v)
    beyond = np.maximum(length - radius, 0.0)
    if not beyond.any():
        return v
    return v * np.divide(radius + np.log1p(beyond), length, out=np.ones_like(length), where=beyond > 0.0)
