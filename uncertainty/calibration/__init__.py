"""Uncertainty that means what it says: recalibration on rows that a model has not seen."""

from uncertainty.calibration.prior_correction import prior_correction
from uncertainty.calibration.recalibrated_classifier import RecalibratedClassifier
from uncertainty.calibration.recalibrated_regressor import RecalibratedRegressor

__all__ = ["RecalibratedClassifier", "RecalibratedRegressor", "prior_correction"]
