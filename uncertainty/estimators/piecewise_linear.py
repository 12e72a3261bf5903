"""Piecewise-linear encoding: inputs that let a network bend, or step, at the quantiles of a column."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from uncertainty.components.spec import Spec, check_integer, check_number

Array = NDArray[np.float64]

# All columns of X together add at most this many inputs.
MAX_ADDED_INPUTS = 256
# A bin whose encoding varies less than this share of its width, because hardly a row lies in it or on one side of it,
# is scaled as if it varied that much: a single row among n would otherwise stand sqrt(n) standard deviations out.
SMALLEST_STD_SHARE = 0.02
# Quantiles are taken this much lower (relatively), so that rounded sums of weights break no tie differently.
TIE = 1e-9
# A standard deviation of at most this share of the values' size is rounding error.
ROUNDING = 16 * np.finfo(np.float64).eps


class PiecewiseLinear(Spec):
    """Piecewise-linear encoding of each column of X, as further inputs beside the standardised columns.

    The edges e_0 < ... < e_K of a column's bins are its distinct (weighted) quantiles at 0, 1/n_bins, ..., 1. A value x
    becomes the K numbers clip((x - e_{k-1}) / (e_k - e_{k-1}), 0, 1): 1 for each bin below x, 0 for each above, the
    place of x within its own. They are centred over the training rows and scaled to the standard deviation `scale`.
    A linear function of them is continuous and bends at the edges; beyond the training range it is constant.

    Constant columns and those with two values (K < 2) add nothing. All columns together add at most 256 inputs: with
    D columns there are at most 256 // D bins each, and nothing is added where that is less than 2 (D > 128).

    Straight across a stretch without training values the members of an ensemble would agree, and know nothing of it. So
    a column with gaps, empty stretches of at least a tenth of its range, adds one input more: the distance to its
    nearest training value, in standard deviations. For training rows it is 0, its weights are never trained, and each
    member but the first has its own random ones: inside a gap members disagree the more, the deeper a row lies in it.

    Parameters
    ----------
    n_bins : int >= 2, default 8
    scale : float > 0, default 0.2
        Standard deviation of each added input; that of the standardised columns is 1. The smaller it is, the longer
        smooth functions are preferred to steps.

    References
    ----------
    Gorishniy, Rubachev & Babenko (2022), On embeddings for numerical features in tabular deep learning, section 3.2,
    equations 1 and 2, of which this keeps the columns themselves, too. The gaps: Osband, Aslanides & Cassirer (2018),
    Randomized prior functions for deep reinforcement learning, whose random functions vanish on the training rows here.
    """

    short_name = "piecewise_linear"

    def __init__(self, n_bins: int = 8, scale: float = 0.2) -> None:
        self.n_bins = n_bins
        self.scale = scale

    def build(self) -> Bins:
        return Bins(check_integer("n_bins", self.n_bins, low=2), check_number("scale", self.scale, low_open=True))


@dataclass(frozen=True)
class Bins:
    """The checked arguments of a `PiecewiseLinear`."""

    n_bins: int
    scale: float

    def fit(self, x: Array, weight: Array | None) -> PiecewiseLinearEncoding:
        """Learn the edges and moments of x [N, D], whose outliers are at the edge of the range, with row weights [N].

        As the encoding is centred and scaled, it is that of clip(x, e_{k-1}, e_k): the bin's width cancels.
        """
        n_bins = min(self.n_bins, MAX_ADDED_INPUTS // x.shape[1])
        weight = np.ones(len(x)) if weight is None else weight
        parts = [] if n_bins < 2 else [_bins_of_column(x[:, j], weight, n_bins) for j in range(x.shape[1])]
        column = np.repeat(np.arange(len(parts)), [part.shape[1] for part in parts])
        low, high, mean, std = np.concatenate([np.empty((4, 0)), *parts], axis=1)
        return PiecewiseLinearEncoding(column, low, high, mean, self.scale / std)


@dataclass(frozen=True)
class PiecewiseLinearEncoding:
    """The C inputs that are added: factor (clip(x, low, high) - mean) of their column of X; all arrays are [C]."""

    column: NDArray[np.intp]
    low: Array
    high: Array
    mean: Array
    factor: Array

    def transform(self, x: Array) -> Array:
        """Return the added inputs [N, C] of x [N, D], in the units of the user."""
        added = x[:, self.column]
        np.clip(added, self.low, self.high, out=added)
        added -= self.mean
        added *= self.factor
        return added

    def range(self) -> Array:
        """Width [C] of the range of each added input."""
        return (self.high - self.low) * self.factor


def _bins_of_column(x: Array, weight: Array, n_bins: int) -> Array:
    """Lower edge, upper edge, mean and standard deviation of the clipped values, [4, K], of a column's K bins."""
    probabilities = np.linspace(0.0, 1.0, n_bins + 1) * (1.0 - TIE)
    edges = np.unique(np.quantile(x, probabilities, weights=weight, method="inverted_cdf"))
    if len(edges) < 3:
        return np.empty((4, 0))
    low, high = edges[:-1], edges[1:]
    clipped = np.clip(x[:, None], low, high)  # [N, K]
    mean = np.average(clipped, axis=0, weights=weight)
    std = np.sqrt(np.average((clipped - mean) ** 2, axis=0, weights=weight))
    varies = std > ROUNDING * np.abs(mean)
    return np.stack([low, high, mean, np.maximum(std, SMALLEST_STD_SHARE * (high - low))])[:, varies]
