"""A slow start before another schedule."""

from __future__ import annotations

import torch
from torch import Tensor

from uncertainty.components.spec import check_integer
from uncertainty.optim.schedules.base import Factor, RateControl, Schedule
from uncertainty.optim.schedules.decay import ConstantRate


class LinearWarmup(Schedule):
    """The rate grows in a straight line to its full value at the end of `n_epochs`; then another schedule begins.

    Parameters
    ----------
    n_epochs : int, default 5
    then : Schedule or None
        What follows, on the epochs that are left; None stays at the full rate.

    References
    ----------
    Goyal et al. (2017), Accurate, large minibatch SGD, section 2.2.
    """

    short_name = "linear_warmup"

    def __init__(self, n_epochs: int = 5, then: Schedule | None = None) -> None:
        self.n_epochs = n_epochs
        self.then = then

    def _next(self) -> Schedule:
        if self.then is not None and not isinstance(self.then, Schedule):
            raise TypeError(f"then must be a Schedule object or None, got {self.then!r}.")
        return ConstantRate() if self.then is None else self.then

    def build(self, n_epochs: int, steps_per_epoch: int) -> Factor:
        own = check_integer("n_epochs", self.n_epochs)
        n_steps = own * steps_per_epoch
        following = self._next().build(max(n_epochs - own, 1), steps_per_epoch)
        return lambda step: (step + 1) / n_steps if step < n_steps else following(step - n_steps)

    def control(self, n_members: int) -> RateControl | None:
        following = self._next().control(n_members)
        return None if following is None else _Later(following, check_integer("n_epochs", self.n_epochs), n_members)


class _Later(RateControl):
    """Another control, which sees no losses of the first `n_epochs`."""

    def __init__(self, control: RateControl, n_epochs: int, n_members: int) -> None:
        self.control = control
        self.n_epochs_left = n_epochs
        self.ones = torch.ones(n_members, dtype=torch.float64)

    def update(self, losses: Tensor) -> Tensor:
        if self.n_epochs_left == 0:
            return self.control.update(losses)
        self.n_epochs_left -= 1
        return self.ones

    def restart(self, members: Tensor) -> None:
        self.control.restart(members)

    def select(self, members: Tensor) -> None:
        self.control.select(members)
        self.ones = self.ones[members]
