"""A rate that falls when the loss no longer does."""

from __future__ import annotations

import torch
from torch import Tensor

from uncertainty.components.spec import check_integer, check_number
from uncertainty.optim.schedules.base import Factor, RateControl, Schedule


class ReduceOnPlateau(Schedule):
    """The rate times `factor` once the monitored loss has not improved for more than `patience` epochs.

    The loss is that of the validation rows where there are any, else that of the training rows. Every member has its
    own: one that still improves keeps its rate. Early stopping counts on beside it, so `n_iter_no_change` should be
    several times the patience here. After the warm-up of a head (`Gaussian(mean_warmup)`) it begins anew.

    Parameters
    ----------
    factor : float in (0, 1), default 0.1
    patience : int >= 0, default 10
    tol : float >= 0, default 1e-4
        Improvement that counts, in nats. (Absolute: a negative log-likelihood may well be negative, of which a relative
        improvement means nothing.)
    min_factor : float in [0, 1], default 0
        Smallest multiple of `learning_rate_init`.
    cooldown : int >= 0, default 0
        Epochs after a reduction that are not counted.
    """

    short_name = "plateau"

    def __init__(
        self,
        factor: float = 0.1,
        patience: int = 10,
        tol: float = 1e-4,
        min_factor: float = 0.0,
        cooldown: int = 0,
    ) -> None:
        self.factor = factor
        self.patience = patience
        self.tol = tol
        self.min_factor = min_factor
        self.cooldown = cooldown

    def build(self, n_epochs: int, steps_per_epoch: int) -> Factor:
        return lambda step: 1.0

    def control(self, n_members: int) -> RateControl:
        return _Plateau(
            n_members,
            factor=check_number("factor", self.factor, low_open=True, high=1.0, high_open=True),
            patience=check_integer("patience", self.patience, low=0),
            tol=check_number("tol", self.tol),
            min_factor=check_number("min_factor", self.min_factor, high=1.0),
            cooldown=check_integer("cooldown", self.cooldown, low=0),
        )


class _Plateau(RateControl):
    """`best` losses, `bad_epochs` since and epochs left to `cool` down, of each member in training, all [m]."""

    def __init__(
        self, n_members: int, *, factor: float, patience: int, tol: float, min_factor: float, cooldown: int
    ) -> None:
        self.factor = factor
        self.patience = patience
        self.tol = tol
        self.min_factor = min_factor
        self.cooldown = cooldown
        self.best = torch.full((n_members,), torch.inf, dtype=torch.float64)
        self.multiples = torch.ones(n_members, dtype=torch.float64)
        self.bad_epochs, self.cool = (torch.zeros(n_members, dtype=torch.long) for _ in range(2))

    def update(self, losses: Tensor) -> Tensor:
        better = losses < self.best - self.tol
        self.best = torch.where(better, losses, self.best)
        uncounted = better | (self.cool > 0)
        self.bad_epochs = torch.where(uncounted, 0, self.bad_epochs + 1)
        self.cool = (self.cool - 1).clamp_min(0)
        flat = self.bad_epochs > self.patience
        self.multiples = torch.where(flat, (self.multiples * self.factor).clamp_min(self.min_factor), self.multiples)
        self.cool[flat] = self.cooldown
        self.bad_epochs[flat] = 0
        return self.multiples

    def restart(self, members: Tensor) -> None:
        self.best[members], self.multiples[members] = torch.inf, 1.0
        self.bad_epochs[members], self.cool[members] = 0, 0

    def select(self, members: Tensor) -> None:
        self.best, self.multiples = self.best[members], self.multiples[members]
        self.bad_epochs, self.cool = self.bad_epochs[members], self.cool[members]
