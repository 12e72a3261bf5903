"""Best weights and patience, for each member on its own."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass
class BestSoFar:
    """The best monitored loss of each of all M members, where it was reached, and the weights there.

    `losses`, `epochs` : [M]; `values` [M, P], `statistics` [M, Q]. `references` [M] are the losses that patience
    counts from: they follow improvements of at least `tol` only.
    """

    losses: Tensor
    epochs: Tensor
    references: Tensor
    reference_epochs: Tensor
    values: Tensor
    statistics: Tensor

    @classmethod
    def start(cls, values: Tensor, statistics: Tensor, losses: Tensor) -> BestSoFar:
        """Begin with the initial weights, so that a fit that only gets worse ends where it began."""
        zeros = torch.zeros(len(values), dtype=torch.long)
        losses = finite_or_infinite(losses)
        return cls(losses, zeros, losses.clone(), zeros.clone(), values.clone(), statistics.clone())

    def update(
        self, epoch: int, members: Tensor, losses: Tensor, values: Tensor, statistics: Tensor, *, tol: float
    ) -> None:
        """Take in the losses, weights and statistics of the training `members` (their numbers) after `epoch`."""
        losses = finite_or_infinite(losses)
        better = losses < self.losses[members]
        if bool(better.any()):
            improved, rows = members[better], better.to(values.device)
            self.losses[improved] = losses[better]
            self.epochs[improved] = epoch
            self.values[improved.to(self.values.device)] = values[rows]
            self.statistics[improved.to(self.values.device)] = statistics[rows]
        much_better = members[losses < self.references[members] - tol]
        self.references[much_better] = self.losses[much_better]
        self.reference_epochs[much_better] = epoch

    def postpone(self, epoch: int, members: Tensor) -> None:
        """Let the patience with `members` begin no sooner than after `epoch`."""
        self.reference_epochs[members] = epoch

    def patient(self, epoch: int, members: Tensor, patience: int) -> Tensor:
        """Whether each of `members` has improved within the last `patience` epochs."""
        return epoch - self.reference_epochs[members] < patience


def finite_or_infinite(losses: Tensor) -> Tensor:
    """Losses on the CPU in float64 with NaN read as +inf, so that it never counts as an improvement."""
    losses = losses.detach().to("cpu", torch.float64)
    return torch.where(torch.isnan(losses), torch.inf, losses)
