"""Learning-rate schedules: factors of the learning rate, stepped per batch. One file a family."""

from uncertainty.optim.schedules.base import Factor, RateControl, Schedule
from uncertainty.optim.schedules.cosine import Cosine, CosineCycles, CosineRestarts, cycle_ends
from uncertainty.optim.schedules.cyclical import Cyclical, OneCycle
from uncertainty.optim.schedules.decay import ConstantRate, ExponentialDecay, InverseScaling, StepDecay, TimeDecay
from uncertainty.optim.schedules.function import FunctionSchedule
from uncertainty.optim.schedules.plateau import ReduceOnPlateau
from uncertainty.optim.schedules.warmup import LinearWarmup

__all__ = [
    "ConstantRate",
    "Cosine",
    "CosineCycles",
    "CosineRestarts",
    "Cyclical",
    "ExponentialDecay",
    "Factor",
    "FunctionSchedule",
    "InverseScaling",
    "LinearWarmup",
    "OneCycle",
    "RateControl",
    "ReduceOnPlateau",
    "Schedule",
    "StepDecay",
    "TimeDecay",
    "cycle_ends",
]
