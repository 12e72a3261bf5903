"""Optimizers, learning-rate schedules, weight averaging and moving averages, shared by every method."""

from uncertainty.components.moving_averages import (
    corrected_exponential_step,
    cumulative_average,
    cumulative_step,
    cumulative_then_exponential_step,
    effective_window,
    exponential_average,
    exponential_step,
    moving_average,
    robbins_monro_step,
)
from uncertainty.optim.adadelta import Adadelta
from uncertainty.optim.adagrad import AdaGrad
from uncertainty.optim.adam import Adam
from uncertainty.optim.adamw import AdamW
from uncertainty.optim.averaging import EMA, SWA
from uncertainty.optim.gradient_descent import GradientDescent
from uncertainty.optim.nadam import Nadam
from uncertainty.optim.rmsprop import RMSprop
from uncertainty.optim.schedules import (
    ConstantRate,
    Cosine,
    CosineRestarts,
    Cyclical,
    ExponentialDecay,
    InverseScaling,
    LinearWarmup,
    OneCycle,
    ReduceOnPlateau,
    StepDecay,
    TimeDecay,
)
from uncertainty.optim.sgd import SGD

__all__ = [
    "EMA",
    "SGD",
    "SWA",
    "AdaGrad",
    "Adadelta",
    "Adam",
    "AdamW",
    "ConstantRate",
    "Cosine",
    "CosineRestarts",
    "Cyclical",
    "ExponentialDecay",
    "GradientDescent",
    "InverseScaling",
    "LinearWarmup",
    "Nadam",
    "OneCycle",
    "RMSprop",
    "ReduceOnPlateau",
    "StepDecay",
    "TimeDecay",
    "corrected_exponential_step",
    "cumulative_average",
    "cumulative_step",
    "cumulative_then_exponential_step",
    "effective_window",
    "exponential_average",
    "exponential_step",
    "moving_average",
    "robbins_monro_step",
]
