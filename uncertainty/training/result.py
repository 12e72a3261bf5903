"""What comes out of a training run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class TrainingResult:
    """Outcome of a fit: `values` [M, P] and `statistics` [M, Q] on the CPU, and what happened on the way.

    `history` has one record an epoch; `best_epochs` [M] is where each member's weights come from;
    `optimizer_state`, `n_updates` (batches that the running statistics have seen) and `n_epochs` (good epochs of the
    networks, those of earlier fits included) continue the fit. Where weights are averaged, `values` and `statistics`
    are the averages. `n_unfinished` members would have trained on when the run was ended before its last epoch: by
    its time budget, a hook, a watcher or an interrupt.
    """

    values: NDArray[Any]
    statistics: NDArray[Any]
    history: list[dict[str, float]]
    best_epochs: NDArray[np.intp]
    best_losses: NDArray[np.float64]
    optimizer_state: dict[str, Any]
    n_updates: int
    n_epochs: int
    n_unfinished: int = 0
