"""Half cosines: one for the whole fit, or one after another with warm restarts."""

from __future__ import annotations

from bisect import bisect_right
from math import cos, pi

from uncertainty.components.spec import check_integer, check_number
from uncertainty.optim.schedules.base import Factor, Schedule


class Cosine(Schedule):
    """One half cosine from the full rate to `min_factor` of it at the last step (Loshchilov & Hutter 2017, eq. 5)."""

    short_name = "cosine"

    def __init__(self, min_factor: float = 0.0) -> None:
        self.min_factor = min_factor

    def build(self, n_epochs: int, steps_per_epoch: int) -> Factor:
        low = check_number("min_factor", self.min_factor, high=1.0)
        n_steps = max(n_epochs * steps_per_epoch, 1)
        return lambda step: half_cosine(min(step / n_steps, 1.0), 1.0, low)


class CosineRestarts(Schedule):
    """Cosine annealing with warm restarts, SGDR: in cycle c from max_decay^c down to min_factor * min_decay^c.

    Parameters
    ----------
    cycle_length : int, default 50
        Epochs of the first cycle.
    multiplier : float >= 1, default 1
        Each cycle is this many times as long as the one before.
    min_factor : float in [0, 1], default 0
        Of the first cycle.
    max_decay : float in (0, 1], default 1
        The upper bound of each cycle is this multiple of that of the one before.
    min_decay : float in (0, max_decay] or None
        The same for the lower bound; None is as `max_decay`.

    References
    ----------
    Loshchilov & Hutter (2017), SGDR: stochastic gradient descent with warm restarts, eq. 5; section 3 for bounds that
    fall from one restart to the next.
    """

    short_name = "cosine_restarts"

    def __init__(
        self,
        cycle_length: int = 50,
        multiplier: float = 1.0,
        min_factor: float = 0.0,
        max_decay: float = 1.0,
        min_decay: float | None = None,
    ) -> None:
        self.cycle_length = cycle_length
        self.multiplier = multiplier
        self.min_factor = min_factor
        self.max_decay = max_decay
        self.min_decay = min_decay

    def build(self, n_epochs: int, steps_per_epoch: int) -> Factor:
        length = check_integer("cycle_length", self.cycle_length) * steps_per_epoch
        multiplier = check_number("multiplier", self.multiplier, low=1.0)
        low = check_number("min_factor", self.min_factor, high=1.0)
        high_decay = check_number("max_decay", self.max_decay, low_open=True, high=1.0)
        low_decay = high_decay
        if self.min_decay is not None:  # at most max_decay, or the bounds would cross
            low_decay = check_number("min_decay", self.min_decay, low_open=True, high=high_decay)

        def factor(step: int) -> float:
            cycle, start, current = 0, 0.0, float(length)
            while step >= start + current:
                cycle, start, current = cycle + 1, start + current, current * multiplier
            return half_cosine((step - start) / current, high_decay**cycle, low * low_decay**cycle)

        return factor


class CosineCycles(Schedule):
    """Cosine cycles with warm restarts that share out the epochs of a fit as evenly as whole epochs allow.

    Huang et al. (2017), Snapshot ensembles, eq. 2.
    """

    def __init__(self, n_cycles: int = 5) -> None:
        self.n_cycles = n_cycles

    def build(self, n_epochs: int, steps_per_epoch: int) -> Factor:
        ends = [epoch * steps_per_epoch for epoch in cycle_ends(n_epochs, check_integer("n_cycles", self.n_cycles))]

        def factor(step: int) -> float:
            cycle = min(bisect_right(ends, step), len(ends) - 1)
            start = ends[cycle - 1] if cycle else 0
            return half_cosine(min((step - start) / max(ends[cycle] - start, 1), 1.0), 1.0, 0.0)

        return factor


def cycle_ends(n_epochs: int, n_cycles: int) -> list[int]:
    """Return the last epoch of each cycle, counted from 1."""
    return [n_epochs * (cycle + 1) // n_cycles for cycle in range(n_cycles)]


def half_cosine(progress: float, start: float, end: float) -> float:
    """Return the value at `progress` in [0, 1] of a half cosine from `start` to `end`."""
    return end + (start - end) * 0.5 * (1.0 + cos(pi * progress))
