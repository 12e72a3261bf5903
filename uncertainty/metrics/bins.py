"""Assignment of values to bins of equal width or equal weight; equal values always share a bin."""

import numpy as np

from .checks import FloatArray, IntArray


def check_n_bins(n_bins: int, default: int) -> int:
    """Return `n_bins` as an integer of at least 1."""
    if isinstance(n_bins, bool) or not isinstance(n_bins, (int, np.integer)) or n_bins < 1:
        raise ValueError(f"n_bins must be an integer of at least 1, got {n_bins!r}. The default is {default}.")
    return int(n_bins)


def grouped_sum(index: IntArray, values: FloatArray, n_groups: int = 0) -> FloatArray:
    """Return the sum of the `values` of each group, 0 ... at least `n_groups` - 1."""
    return np.bincount(index, values, n_groups).astype(np.float64, copy=False)


def equal_width_bins(values: FloatArray, n_bins: int) -> IntArray:
    """Return the bin of each value among bins of equal width between the smallest and the largest value.

    A bin owns its left edge, the last one both edges.
    """
    edges = np.linspace(values.min(), values.max(), n_bins + 1)
    return np.searchsorted(edges[1:-1], values, side="right")


def equal_mass_bins(values: FloatArray, weight: FloatArray, n_bins: int) -> tuple[FloatArray, IntArray, IntArray]:
    """Return the distinct values, the bin of each of them, and the bin of each row, for bins of equal weight."""
    distinct, inverse = np.unique(values, return_inverse=True)
    mass = grouped_sum(inverse, weight)
    middle = (np.cumsum(mass) - 0.5 * mass) / mass.sum()  # a value goes where the middle of its mass falls
    # The small term settles exact borders, which rounding would place differently for weights on another scale.
    bin_of_value = np.minimum(np.floor(n_bins * middle + 1e-9).astype(np.intp), n_bins - 1)
    return distinct, bin_of_value, bin_of_value[inverse]


def bins_of_rows(values: FloatArray, weight: FloatArray, strategy: str, n_bins: int) -> IntArray:
    """Return the bin of each value, of equal width for "uniform" and of equal weight for "quantile"."""
    return equal_width_bins(values, n_bins) if strategy == "uniform" else equal_mass_bins(values, weight, n_bins)[2]
