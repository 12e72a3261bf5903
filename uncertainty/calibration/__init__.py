"""Intervals and probabilities that keep what they promise: conformal prediction and recalibration."""

from uncertainty.calibration.conformal_quantile import conformal_quantile
from uncertainty.calibration.conformal_regressor import ConformalRegressor
from uncertainty.calibration.prior_correction import prior_correction
from uncertainty.calibration.recalibrated_classifier import RecalibratedClassifier
from uncertainty.calibration.recalibrated_regressor import RecalibratedRegressor

__all__ = [
    "ConformalRegressor",
    "RecalibratedClassifier",
    "RecalibratedRegressor",
    "conformal_quantile",
    "prior_correction",
]
