"""Intervals, sets and decisions that keep what they promise."""

from uncertainty.calibration.conformal_classifier import ConformalClassifier
from uncertainty.calibration.conformal_quantile import conformal_quantile
from uncertainty.calibration.selective import SelectiveClassifier, SelectiveRegressor

__all__ = ["ConformalClassifier", "SelectiveClassifier", "SelectiveRegressor", "conformal_quantile"]
