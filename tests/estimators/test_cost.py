"""What five members cost beside what a user would write in plain torch."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

from uncertainty import DeepEnsembleRegressor, ProbabilisticMLPRegressor

N_ROWS, N_INPUTS, WIDTH, BATCH, N_MEMBERS = 8192, 8, 50, 100, 5


def seconds_per_epoch(fit: Callable[[int], None], n_epochs: int) -> float:
    """Seconds of a fit, set-up included, over its epochs."""
    start = time.perf_counter()
    fit(n_epochs)
    return (time.perf_counter() - start) / n_epochs


def plain_torch(x: torch.Tensor, y: torch.Tensor, n_epochs: int) -> None:
    for _ in range(N_MEMBERS):
        network = torch.nn.Sequential(torch.nn.Linear(N_INPUTS, WIDTH), torch.nn.ReLU(), torch.nn.Linear(WIDTH, 2))
        optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
        loss = torch.nn.GaussianNLLLoss(full=True)
        for _ in range(n_epochs):
            for xb, yb in DataLoader(TensorDataset(x, y), batch_size=BATCH, shuffle=True):
                optimizer.zero_grad()
                mean, rho = network(xb).unbind(dim=1)
                loss(mean, yb, torch.nn.functional.softplus(rho) ** 2).backward()
                optimizer.step()


@pytest.mark.slow
def test_five_members_cost_at_most_a_twelfth_of_five_plain_torch_networks() -> None:
    generator = np.random.default_rng(0)
    x = generator.normal(size=(N_ROWS, N_INPUTS))
    y = np.sin(2.0 * x[:, 0]) + 0.1 * generator.normal(size=N_ROWS)
    xt, yt = torch.tensor(x, dtype=torch.float32), torch.tensor(y, dtype=torch.float32)
    network = ProbabilisticMLPRegressor(
        (WIDTH,), "relu", head="gaussian", batch_size=BATCH, embedding=None, early_stopping=False
    )

    def ours(n_epochs: int) -> None:
        ensemble = DeepEnsembleRegressor(network, n_estimators=N_MEMBERS, random_state=0)
        ensemble.set_params(estimator__max_iter=n_epochs).fit(x, y)

    def theirs(n_epochs: int) -> None:
        plain_torch(xt, yt, n_epochs)

    ours(1), theirs(1)  # imports and allocations
    # In turns, so that a slow spell of the machine hits both.
    pairs = [(seconds_per_epoch(ours, 10), seconds_per_epoch(theirs, 3)) for _ in range(5)]
    ratios = [mine / plain for mine, plain in pairs]
    print(f"seconds per epoch (ours, plain torch): {np.round(pairs, 4).tolist()}, ratios {np.round(ratios, 3)}")
    assert np.median(ratios) <= 1 / 12
