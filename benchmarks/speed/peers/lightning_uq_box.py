# mypy: disable-error-code="import-not-found, import-untyped"
"""lightning-uq-box: a mean-variance network for each member, one trainer after the other, and its MC-dropout."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch.utils.data import DataLoader, Dataset

from ..problems import Problem
from .lightning_trainer import import_torchvision, trainer_options
from .plain_torch import to_tensors

import_torchvision()

from lightning import Trainer  # noqa: E402  # after torchvision
from lightning_uq_box.models import MLP  # noqa: E402
from lightning_uq_box.uq_methods import NLL, MCDropoutRegression, MVERegression  # noqa: E402


class _Rows(Dataset[dict[str, torch.Tensor]]):
    """The rows as the dictionaries it wants."""

    def __init__(self, problem: Problem) -> None:
        self.x, self.y = to_tensors(problem)

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, row: int) -> dict[str, torch.Tensor]:
        return {"input": self.x[row], "target": self.y[row]}


def _network(problem: Problem, dropout: float = 0.0) -> Any:
    return MLP(
        dropout_p=dropout,
        n_inputs=problem.n_features,
        n_hidden=list(problem.layers),
        n_outputs=problem.n_raw,
        activation_fn=torch.nn.ReLU(),
    )


def prepare(problem: Problem) -> Callable[[int], None]:
    """Return what trains the members of its deep ensemble."""
    loader = DataLoader(_Rows(problem), batch_size=problem.batch_size, shuffle=True)
    optimizer = partial(torch.optim.Adam, lr=problem.learning_rate)

    def train(n_epochs: int) -> None:
        for _ in range(problem.n_members):
            member = MVERegression(_network(problem), burnin_epochs=0, optimizer=optimizer)
            Trainer(**trainer_options(n_epochs)).fit(member, loader)

    return train


def prepare_mc_dropout(problem: Problem, n_masks: int, rate: float) -> Callable[[], object]:
    """Return what predicts mean and variances of all rows in one batch."""
    x, _ = to_tensors(problem)
    model = MCDropoutRegression(_network(problem, rate), num_mc_samples=n_masks, loss_fn=NLL())
    return lambda: model.predict_step(x)
