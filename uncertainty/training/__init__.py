"""Training: one loop for any stack of members, head and method, and pre-training before it."""

from uncertainty.training.augmentation import Augmentation
from uncertainty.training.data import Rows, TrainingData
from uncertainty.training.interruption import TrainingInterrupted
from uncertainty.training.loop import fit_members
from uncertainty.training.plan import EpochState, TrainingPlan, Watcher
from uncertainty.training.pretraining import Autoencoder
from uncertainty.training.result import TrainingResult
from uncertainty.training.time_budget import TimeBudget

__all__ = [
    "Augmentation",
    "Autoencoder",
    "EpochState",
    "Rows",
    "TimeBudget",
    "TrainingData",
    "TrainingInterrupted",
    "TrainingPlan",
    "TrainingResult",
    "Watcher",
    "fit_members",
]
