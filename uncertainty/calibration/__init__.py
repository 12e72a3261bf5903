"""Intervals, sets, probabilities and decisions that keep what they promise: conformal, selective, recalibrated."""

from uncertainty.calibration.conformal_classifier import ConformalClassifier
from uncertainty.calibration.conformal_quantile import conformal_quantile
from uncertainty.calibration.conformal_regressor import ConformalRegressor
from uncertainty.calibration.prior_correction import prior_correction
from uncertainty.calibration.recalibrated_classifier import RecalibratedClassifier
from uncertainty.calibration.recalibrated_regressor import RecalibratedRegressor
from uncertainty.calibration.selective import SelectiveClassifier, SelectiveRegressor

__all__ = [
    "ConformalClassifier",
    "ConformalRegressor",
    "RecalibratedClassifier",
    "RecalibratedRegressor",
    "SelectiveClassifier",
    "SelectiveRegressor",
    "conformal_quantile",
    "prior_correction",
]
