"""Predictive distributions: mixtures over members, and where their uncertainty comes from."""

from uncertainty.predictive.continuous import ContinuousPredictive
from uncertainty.predictive.discrete import DiscretePredictive
from uncertainty.predictive.recalibrated import RecalibratedPredictive

__all__ = ["ContinuousPredictive", "DiscretePredictive", "RecalibratedPredictive"]
