"""Optimizers and learning-rate schedules, shared by every method."""

from uncertainty.optim.adam import Adam
from uncertainty.optim.rmsprop import RMSprop
from uncertainty.optim.schedules import ConstantRate, Cosine, CosineRestarts, ExponentialDecay, StepDecay
from uncertainty.optim.sgd import SGD

__all__ = ["SGD", "Adam", "ConstantRate", "Cosine", "CosineRestarts", "ExponentialDecay", "RMSprop", "StepDecay"]
