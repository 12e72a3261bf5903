"""A random number for each row that depends on the row alone."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse


def row_uniforms(X: Any, seed: int) -> NDArray[np.float64]:
    """Return (n,) numbers that are uniform in [0, 1) for all that can be seen, by hashing each row.

    A row has the same number in any batch and any order, so a prediction that uses it is a function of x. Equal rows
    share their number.
    """
    key = int(seed).to_bytes(8, "little")
    digests = [blake2b(row, digest_size=8, key=key).digest() for row in _row_bytes(X)]
    return np.frombuffer(b"".join(digests), dtype="<u8") * 2.0**-64 if digests else np.empty(0)


def _row_bytes(X: Any) -> list[bytes]:
    if issparse(X):
        rows = X.tocsr().astype(np.float64)
        rows.sum_duplicates()
        rows.eliminate_zeros()
        return [
            rows.indices[a:b].astype(np.int64).tobytes() + rows.data[a:b].tobytes()
            for a, b in zip(rows.indptr[:-1], rows.indptr[1:], strict=True)
        ]
    table = np.asarray(X)
    if table.dtype.kind in "biuf":
        # Adding 0 turns -0 into 0, which is equal to it but has other bytes.
        return [row.tobytes() for row in np.ascontiguousarray(table, dtype=np.float64) + 0.0]
    return [repr(row).encode() for row in table.tolist()]
