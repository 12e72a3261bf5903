"""Initial weights adjusted to a sample of each member's training rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from uncertainty.components.initializers.data_driven import DataDriven
from uncertainty.components.layer import Batch
from uncertainty.components.mlp import MLP
from uncertainty.training.data import TrainingData
from uncertainty.training.threads import one_blas_thread, torch_threads

# A standard deviation measured on so many rows is good to some 5 %, which is far better than a start has to be.
MAX_ROWS = 256


def adjust_to_rows_(
    initializer: DataDriven,
    mlp: MLP,
    values: Tensor,
    statistics: Tensor,
    data: TrainingData,
    generators: Sequence[np.random.Generator],
) -> None:
    """Adjust drawn parameters [M, P] on the CPU in place, to at most `MAX_ROWS` training rows of each member.

    A member's rows and random numbers come from its own generator, and no bit depends on the other members or on
    threads.
    """
    batch = _sample(mlp, data, generators)
    with torch_threads(1), one_blas_thread(), torch.inference_mode():
        initializer.adjust_(mlp, values, statistics, batch)


def _sample(mlp: MLP, data: TrainingData, generators: Sequence[np.random.Generator]) -> Batch:
    """All training rows of each member, or a random sample without replacement."""
    index = data.train_index.cpu()
    n_rows = min(data.n_train, MAX_ROWS)
    if n_rows < data.n_train:
        chosen = np.stack([generator.choice(data.n_train, n_rows, replace=False) for generator in generators])
        index = index.gather(1, torch.from_numpy(chosen))
    rows = data.rows.take(index.to(data.train_index.device))
    weight = None if rows.weight is None else rows.weight.cpu()
    drawn = mlp.draw_noise(generators, n_rows, 1, dtype=rows.x.dtype)
    # A mask of weights is shared by all rows, and one draw of it may leave nothing of a unit: its mean is 1.
    noise = [a if source.per_row else a.fill_(1.0) for a, source in zip(drawn, mlp.noise.values(), strict=True)]
    return Batch(rows.x.cpu(), rows.y.cpu(), weight, noise, data.n_train)
