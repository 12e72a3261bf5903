"""Training: one loop for any stack of members, head and method, and pre-training before it."""

from uncertainty.training.augmentation import Augmentation
from uncertainty.training.data import Rows, TrainingData
from uncertainty.training.loop import TrainingResult, fit_members
from uncertainty.training.plan import EpochState, TrainingPlan
from uncertainty.training.pretraining import Autoencoder

__all__ = [
    "Augmentation",
    "Autoencoder",
    "EpochState",
    "Rows",
    "TrainingData",
    "TrainingPlan",
    "TrainingResult",
    "fit_members",
]
