"""X in chunks of rows, where whole predictive distributions of all rows at once would take too much memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import _safe_indexing, indexable
from sklearn.utils.validation import _num_samples

# Rows whose whole predictive distributions exist at a time.
ROWS_AT_A_TIME = 4096


def row_chunks(X: Any, size: int) -> Iterator[tuple[NDArray[np.intp], Any]]:
    """Yield the numbers of at most `size` rows, and X for these; X itself if it is no longer."""
    n_rows = _num_samples(X)
    if n_rows <= size:
        yield np.arange(n_rows), X
        return
    (X,) = indexable(X)
    for start in range(0, n_rows, size):
        rows = np.arange(start, min(start + size, n_rows))
        yield rows, _safe_indexing(X, rows)
