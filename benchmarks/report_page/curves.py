"""The curves of the records, brought together over the splits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

MIN_ROWS = 20  # of a bin of the reliability curve: the accuracy of fewer says little


def central_coverage(pit_counts: Sequence[Sequence[float]]) -> tuple[FloatArray, FloatArray]:
    """Return nominal levels and the share of rows inside the central interval of each.

    Parameters
    ----------
    pit_counts : one list of counts for each split
        Rows whose cdf at y falls into each of an even number of equal bins; the splits are added up.
    """
    counts = np.sum(np.asarray(pit_counts, dtype=float), axis=0)
    half = len(counts) // 2
    # The k bins to the left and to the right of 1/2 are the central interval of level 2 k / n_bins.
    inside = np.cumsum(counts[half:] + counts[:half][::-1])
    levels = np.arange(half + 1) / half
    return levels, np.concatenate([[0.0], inside]) / counts.sum()


def pooled_reliability(curves: Sequence[dict[str, Any]]) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return confidence, accuracy and number of rows of the bins with at least `MIN_ROWS` rows, splits pooled."""
    counts = np.array([curve["count"] for curve in curves], dtype=float)
    total = counts.sum(axis=0)
    kept = total >= MIN_ROWS

    def pooled(name: str) -> FloatArray:
        values = np.array([curve[name] for curve in curves], dtype=float)  # None becomes NaN: an empty bin
        sums = np.where(counts > 0, counts * values, 0.0).sum(axis=0)
        return np.asarray(sums[kept] / total[kept])

    return pooled("confidence"), pooled("accuracy"), total[kept]


def relative_risk(curves: Sequence[dict[str, Any]]) -> tuple[FloatArray, FloatArray]:
    """Return the fraction of rows kept and the risk over that of all rows, averaged over the splits.

    Splits without any risk on all rows have nothing to divide by and are left out.
    """
    kept = np.asarray(curves[0]["kept"], dtype=float)
    risks = np.array([curve["risk"] for curve in curves], dtype=float)
    everything = risks[:, int(np.argmax(kept))]
    used = everything > 0.0
    if not used.any():
        return kept, np.full(len(kept), np.nan)
    return kept, np.asarray(np.mean(risks[used] / everything[used, None], axis=0))
