"""Scores for probabilistic predictions: `metric(y_true, prediction, ..., *, sample_weight=None)` gives one float.

Only numpy and scipy are needed. Every metric is a weighted mean over rows, in the units of y or in nats. Proper scores
reward honest probabilities: `negative_log_likelihood`, `crps_score`, `interval_score`, `brier_score` and `log_loss`.
Coverage, width and calibration errors describe a prediction, but none of them should be optimised alone.
"""

from .calibration_error import CalibrationBins, calibration_bins, expected_calibration_error
from .classification import brier_score, log_loss
from .continuous import (
    crps_normal,
    crps_normal_mixture,
    crps_score,
    moment_matched_nll,
    negative_log_likelihood,
    nll_normal,
    nll_normal_mixture,
)
from .intervals import coverage_confidence_interval, coverage_score, interval_score, mean_width
from .scorers import neg_brier_scorer, neg_crps_scorer, neg_interval_score_scorer, neg_log_likelihood_scorer

__all__ = [
    "CalibrationBins",
    "brier_score",
    "calibration_bins",
    "coverage_confidence_interval",
    "coverage_score",
    "crps_normal",
    "crps_normal_mixture",
    "crps_score",
    "expected_calibration_error",
    "interval_score",
    "log_loss",
    "mean_width",
    "moment_matched_nll",
    "neg_brier_scorer",
    "neg_crps_scorer",
    "neg_interval_score_scorer",
    "neg_log_likelihood_scorer",
    "negative_log_likelihood",
    "nll_normal",
    "nll_normal_mixture",
]
