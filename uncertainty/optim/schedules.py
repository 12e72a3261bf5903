"""Learning-rate schedules: functions from the step number to a factor of the learning rate, stepped per batch."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from math import cos, pi

from uncertainty.components.spec import Spec, check_integer, check_number

Factor = Callable[[int], float]


class Schedule(Spec):
    """A schedule with its options; `build(n_epochs, steps_per_epoch)` returns the function step -> factor."""

    def build(self, n_epochs: int, steps_per_epoch: int) -> Factor:
        raise NotImplementedError


class ConstantRate(Schedule):
    """The same rate at every step."""

    short_name = "constant"

    def build(self, n_epochs: int, steps_per_epoch: int) -> Factor:
        return lambda step: 1.0


class StepDecay(Schedule):
    """The rate times `gamma` every `step_size` epochs."""

    short_name = "step"

    def __init__(self, step_size: int = 50, gamma: float = 0.5) -> None:
        self.step_size = step_size
        self.gamma = gamma

    def build(self, n_epochs: int, steps_per_epoch: int) -> Factor:
        period = check_integer("step_size", self.step_size) * steps_per_epoch
        gamma = check_number("gamma", self.gamma, low_open=True)
        return lambda step: gamma ** (step // period)


class ExponentialDecay(Schedule):
    """The rate times `gamma` an epoch, spread evenly over its batches."""

    short_name = "exponential"

    def __init__(self, gamma: float = 0.99) -> None:
        self.gamma = gamma

    def build(self, n_epochs: int, steps_per_epoch: int) -> Factor:
        gamma = check_number("gamma", self.gamma, low_open=True)
        return lambda step: gamma ** (step / steps_per_epoch)


class Cosine(Schedule):
    """One half cosine from the full rate to `min_factor` of it at the last step (Loshchilov & Hutter 2017, eq. 5)."""

    short_name = "cosine"

    def __init__(self, min_factor: float = 0.0) -> None:
        self.min_factor = min_factor

    def build(self, n_epochs: int, steps_per_epoch: int) -> Factor:
        low = check_number("min_factor", self.min_factor, high=1.0)
        n_steps = max(n_epochs * steps_per_epoch, 1)
        return lambda step: _half_cosine(min(step / n_steps, 1.0), low)


class CosineRestarts(Schedule):
    """Cosine annealing with warm restarts, SGDR.

    Parameters
    ----------
    cycle_length : int, default 50
        Epochs of the first cycle.
    multiplier : float >= 1, default 1
        Each cycle is this many times as long as the one before.
    min_factor : float in [0, 1], default 0

    References
    ----------
    Loshchilov & Hutter (2017), SGDR: stochastic gradient descent with warm restarts, eq. 5.
    """

    short_name = "cosine_restarts"

    def __init__(self, cycle_length: int = 50, multiplier: float = 1.0, min_factor: float = 0.0) -> None:
        self.cycle_length = cycle_length
        self.multiplier = multiplier
        self.min_factor = min_factor

    def build(self, n_epochs: int, steps_per_epoch: int) -> Factor:
        length = check_integer("cycle_length", self.cycle_length) * steps_per_epoch
        multiplier = check_number("multiplier", self.multiplier, low=1.0)
        low = check_number("min_factor", self.min_factor, high=1.0)

        def factor(step: int) -> float:
            start, current = 0.0, float(length)
            while step >= start + current:
                start, current = start + current, current * multiplier
            return _half_cosine((step - start) / current, low)

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
            return _half_cosine(min((step - start) / max(ends[cycle] - start, 1), 1.0), 0.0)

        return factor


def cycle_ends(n_epochs: int, n_cycles: int) -> list[int]:
    """Return the last epoch of each cycle, counted from 1."""
    return [n_epochs * (cycle + 1) // n_cycles for cycle in range(n_cycles)]


def _half_cosine(progress: float, low: float) -> float:
    return low + (1.0 - low) * 0.5 * (1.0 + cos(pi * progress))
