# mypy: disable-error-code="import-not-found, import-untyped"
"""torch-uncertainty: its deep ensemble, trained by its routine, and its MC-dropout."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.utils.data import DataLoader, TensorDataset

from ..problems import Problem
from .lightning_trainer import import_torchvision, trainer_options
from .plain_torch import to_tensors

import_torchvision()

from torch_uncertainty import TUTrainer  # noqa: E402  # after torchvision
from torch_uncertainty.losses import DistributionNLLLoss  # noqa: E402
from torch_uncertainty.methods import deep_ensembles, mc_dropout  # noqa: E402
from torch_uncertainty.models.mlp import mlp  # noqa: E402
from torch_uncertainty.routines import RegressionRoutine  # noqa: E402
from torch_uncertainty.transforms import RepeatTarget  # noqa: E402


def prepare(problem: Problem) -> Callable[[int], None]:
    """Return what trains a Gaussian deep ensemble of at least two members."""
    loader = DataLoader(TensorDataset(*to_tensors(problem)), batch_size=problem.batch_size, shuffle=True)

    def train(n_epochs: int) -> None:
        core = mlp(problem.n_features, 1, hidden_dims=list(problem.layers), dist_family="normal")
        model = deep_ensembles(core, num_estimators=problem.n_members, task="regression", probabilistic=True)
        routine = RegressionRoutine(
            output_dim=1,
            model=model,
            loss=DistributionNLLLoss(),
            optim_recipe=torch.optim.Adam(model.parameters(), lr=problem.learning_rate),
            dist_family="normal",
            is_ensemble=True,
            format_batch_fn=RepeatTarget(problem.n_members),
        )
        TUTrainer(**trainer_options(n_epochs)).fit(routine, loader)

    return train


def prepare_mc_dropout(problem: Problem, n_masks: int, rate: float) -> Callable[[], object]:
    """Return what predicts mean and variance of all rows in one batch, with its default of one pass for all masks."""
    x, _ = to_tensors(problem)
    core = mlp(problem.n_features, 1, hidden_dims=list(problem.layers), dropout_rate=rate, dist_family="normal")
    model = mc_dropout(core, num_estimators=n_masks, task="regression", probabilistic=True).eval()

    def predict() -> tuple[Tensor, Tensor]:
        with torch.no_grad():
            outputs = {name: output.reshape(n_masks, len(x)) for name, output in model(x).items()}
        means, scales = outputs["loc"], outputs["scale"]
        return means.mean(dim=0), scales.square().mean(dim=0) + means.var(dim=0, correction=0)

    return predict
