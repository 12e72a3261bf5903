# mypy: disable-error-code="import-not-found, import-untyped"
"""skorch: plain torch networks behind scikit-learn's interface, one after the other."""

from __future__ import annotations

from collections.abc import Callable

import skorch
import torch
from torch import Tensor, nn

from ..problems import Problem
from .plain_torch import LOSSES, build_network, to_tensors


def prepare(problem: Problem) -> Callable[[int], None]:
    """Return what fits `n_members` networks, without a validation split and without a printed log."""
    x, y = (tensor.numpy() for tensor in to_tensors(problem))

    class Criterion(nn.Module):
        def forward(self, raw: Tensor, target: Tensor) -> Tensor:
            return LOSSES[problem.head](raw, target)

    def train(n_epochs: int) -> None:
        for _ in range(problem.n_members):
            skorch.NeuralNet(
                build_network(problem),
                Criterion,
                optimizer=torch.optim.Adam,
                lr=problem.learning_rate,
                max_epochs=n_epochs,
                batch_size=problem.batch_size,
                iterator_train__shuffle=True,
                train_split=None,
                callbacks__print_log=None,
                verbose=0,
            ).fit(x, y)

    return train
