"""Plain torch, as it is written by hand: one network, one optimizer and one shuffle for each member, in a loop."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.distributions import Categorical, MixtureSameFamily, Normal
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from ..problems import Problem

FLOOR = 1e-6


def build_network(problem: Problem, dropout: float = 0.0) -> nn.Sequential:
    """Return one member's network."""
    layers: list[nn.Module] = []
    for before, after in pairwise((problem.n_features, *problem.layers)):
        layers += [nn.Linear(before, after), nn.ReLU()]
        if dropout:
            layers.append(nn.Dropout(dropout))
    return nn.Sequential(*layers, nn.Linear((problem.n_features, *problem.layers)[-1], problem.n_raw))


def gaussian_nll(raw: Tensor, y: Tensor) -> Tensor:
    """Mean NLL of y [B, 1] under raw outputs [B, 2]: mean, and variance before its softplus."""
    return functional.gaussian_nll_loss(raw[:, :1], y, functional.softplus(raw[:, 1:]) + FLOOR)


def mixture_nll(raw: Tensor, y: Tensor) -> Tensor:
    """Mean NLL of y [B, 1] under raw outputs [B, 3 K]: means, standard deviations before softplus, logits."""
    means, scales, logits = raw.chunk(3, dim=1)
    mixture = MixtureSameFamily(Categorical(logits=logits), Normal(means, functional.softplus(scales) + FLOOR))
    return -mixture.log_prob(y[:, 0]).mean()


LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "gaussian": gaussian_nll,
    "mixture": mixture_nll,
    "classes": functional.cross_entropy,
}


def to_tensors(problem: Problem) -> tuple[Tensor, Tensor]:
    """Return X [N, D] in float32, and y [N, 1] in float32 or class numbers [N]."""
    X, y = problem.arrays()
    target = torch.from_numpy(y)
    return torch.from_numpy(X).float(), target if problem.head == "classes" else target.float().unsqueeze(1)


def _train(problem: Problem, n_epochs: int, batches: Callable[[], Iterable[tuple[Tensor, ...]]]) -> None:
    loss_of = LOSSES[problem.head]
    for _ in range(problem.n_members):
        network = build_network(problem)
        optimizer = torch.optim.Adam(network.parameters(), lr=problem.learning_rate)
        for _ in range(n_epochs):
            for x, y in batches():
                loss = loss_of(network(x), y)
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call, unused-ignore]
                optimizer.step()


def prepare(problem: Problem) -> Callable[[int], None]:
    """Return what trains with one index per batch."""
    x, y = to_tensors(problem)

    def batches() -> Iterable[tuple[Tensor, Tensor]]:
        for rows in torch.randperm(len(x)).split(problem.batch_size):
            yield x[rows], y[rows]

    return lambda n_epochs: _train(problem, n_epochs, batches)


def prepare_with_loader(problem: Problem) -> Callable[[int], None]:
    """Return what trains with torch's DataLoader."""
    loader = DataLoader(TensorDataset(*to_tensors(problem)), batch_size=problem.batch_size, shuffle=True)
    return lambda n_epochs: _train(problem, n_epochs, lambda: loader)


def prepare_mc_dropout(problem: Problem, n_masks: int, rate: float) -> Callable[[], object]:
    """Return what predicts mean and variance from `n_masks` stochastic passes over all rows."""
    x, _ = to_tensors(problem)
    network = build_network(problem, dropout=rate).train()

    def predict() -> tuple[Tensor, Tensor]:
        with torch.no_grad():
            raw = torch.stack([network(x) for _ in range(n_masks)])  # [M, N, 2]
        return _moments(raw)

    return predict


def prepare_predictions(problem: Problem, X: NDArray[np.float64]) -> dict[str, Callable[[], object]]:
    """Return an ensemble's mean, interval and distribution for X: standardise, one pass a network, reduce.

    The interval is that of the one normal distribution with the mixture's mean and variance: an approximation.
    """
    networks = [build_network(problem).eval() for _ in range(problem.n_members)]
    centre, scale = X.mean(axis=0), X.std(axis=0) + FLOOR

    def raw() -> Tensor:
        with torch.no_grad():
            x = torch.from_numpy((X - centre) / scale).float()
            return torch.stack([network(x) for network in networks])  # [M, N, 2]

    def interval() -> NDArray[np.float32]:
        mean, variance = _moments(raw())
        half = 1.6448536 * variance.sqrt()
        return torch.stack([mean - half, mean + half], dim=1).numpy()

    def distribution() -> tuple[Tensor, Tensor]:
        outputs = raw()
        return outputs[..., 0], (functional.softplus(outputs[..., 1]) + FLOOR).sqrt()

    return {"mean": lambda: raw()[..., 0].mean(dim=0).numpy(), "interval": interval, "dist": distribution}


def _moments(raw: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and variance [N] of the mixture over members of raw [M, N, 2]."""
    means, variances = raw[..., 0], functional.softplus(raw[..., 1]) + FLOOR
    return means.mean(dim=0), variances.mean(dim=0) + means.var(dim=0, correction=0)
