"""Rates that stay, or fall without looking back: in stairs, exponentially, or as an inverse power of time."""

from __future__ import annotations

from uncertainty.components.moving_averages import robbins_monro_step
from uncertainty.components.spec import check_integer, check_number
from uncertainty.optim.schedules.base import Factor, Schedule


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


class InverseScaling(Schedule):
    """The rate over t^power_t, with t the number of the step (batch), counted from 1.

    scikit-learn's "invscaling", which counts rows instead of batches. With 1/2 < power_t <= 1 gradient descent
    converges however noisy its gradients are (Robbins & Monro 1951).

    Parameters
    ----------
    power_t : float >= 0, default 0.5
    """

    short_name = "inverse_scaling"

    def __init__(self, power_t: float = 0.5) -> None:
        self.power_t = power_t

    def build(self, n_epochs: int, steps_per_epoch: int) -> Factor:
        power = check_number("power_t", self.power_t)
        return lambda step: robbins_monro_step(step + 1, power)


class TimeDecay(Schedule):
    """The rate over 1 + decay t, with t in epochs, batches counted as fractions: half of it after 1 / decay epochs.

    Parameters
    ----------
    decay : float >= 0, default 0.05
        Per epoch.
    """

    short_name = "time_decay"

    def __init__(self, decay: float = 0.05) -> None:
        self.decay = decay

    def build(self, n_epochs: int, steps_per_epoch: int) -> Factor:
        decay = check_number("decay", self.decay)
        return lambda step: 1.0 / (1.0 + decay * step / steps_per_epoch)
