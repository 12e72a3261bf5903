"""Intervals and probabilities that keep what they promise: conformal prediction, and what it rests on."""

from uncertainty.calibration.conformal_quantile import conformal_quantile
from uncertainty.calibration.conformal_regressor import ConformalRegressor

__all__ = ["ConformalRegressor", "conformal_quantile"]
