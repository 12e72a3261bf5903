"""Training: one loop for any stack of members, head and method."""

from uncertainty.training.augmentation import Augmentation
from uncertainty.training.data import Rows, TrainingData
from uncertainty.training.loop import TrainingResult, fit_members
from uncertainty.training.plan import EpochState, TrainingPlan

__all__ = ["Augmentation", "EpochState", "Rows", "TrainingData", "TrainingPlan", "TrainingResult", "fit_members"]
