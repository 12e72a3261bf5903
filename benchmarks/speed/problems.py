"""What is trained in a comparison: the same rows, network, batch and optimizer for everyone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

HeadName = Literal["gaussian", "mixture", "classes"]

N_COMPONENTS = 5
N_CLASSES = 10
HEADS: dict[HeadName, tuple[str, int]] = {  # name -> (in words, raw outputs of one network)
    "gaussian": ("Gaussian", 2),
    "mixture": (f"mixture of {N_COMPONENTS}", 3 * N_COMPONENTS),
    "classes": (f"{N_CLASSES} classes", N_CLASSES),
}


@dataclass(frozen=True)
class Problem:
    """One training problem; the defaults are the base case. Rectifiers, Adam, no penalty, no validation rows."""

    layers: tuple[int, ...] = (50,)
    n_members: int = 5
    n_rows: int = 8192
    n_features: int = 8
    head: HeadName = "gaussian"
    batch_size: int = 100
    learning_rate: float = 1e-3

    @property
    def n_raw(self) -> int:
        """Raw outputs of one network."""
        return HEADS[self.head][1]

    def arrays(self) -> tuple[NDArray[np.float64], NDArray[Any]]:
        """Return X of shape ``(n_rows, n_features)``, about standardised, and y of shape ``(n_rows,)``."""
        generator = np.random.default_rng(0)
        X = generator.standard_normal((self.n_rows, self.n_features))
        signal = np.sin(2.0 * X[:, 0]) + 0.1 * generator.standard_normal(self.n_rows)
        if self.head != "classes":
            return X, signal
        edges = np.quantile(signal, np.arange(1, N_CLASSES) / N_CLASSES)
        return X, np.searchsorted(edges, signal).astype(np.int64)

    def __str__(self) -> str:
        members = "member" if self.n_members == 1 else "members"
        return f"{self.layers} x {self.n_members} {members}, {self.n_rows} rows, {HEADS[self.head][0]}"
