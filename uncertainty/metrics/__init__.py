"""Scores for probabilistic predictions: `metric(y_true, prediction, ..., *, sample_weight=None)` gives one float.

Only numpy and scipy are needed. Losses and scores are weighted means over rows, in the units of y or in nats; a row of
weight 2 is two rows, one of weight 0 is none. Where weights mean importance instead, with Kish's effective number of
rows, the docstring says so (confidence limits, `debias`).

- Proper scores reward honest probabilities: `negative_log_likelihood` (the log score), `crps_score` and its forms for
  normals, mixtures, samples and quantiles, `energy_score`, `pinball_loss`, `interval_score`, `weighted_interval_score`,
  `brier_score` and `log_loss`. As `scoring=` for GridSearchCV: `neg_..._scorer`.
- Calibration errors, coverage and width describe a prediction, but none of them should be optimised alone.
- Selective prediction and detection of foreign rows judge the order of uncertainties, not their size.
- `evaluate_uncertainty` and `coverage_report` give all of it at once; `bootstrap_ci` the noise of any of them.
"""

from .bootstrap import bootstrap_ci
from .brier_parts import BrierDecomposition, brier_decomposition
from .calibration_curve import PITHistogram, RegressionCalibrationCurve, pit_histogram, regression_calibration_curve
from .calibration_error import CalibrationBins, calibration_bins, expected_calibration_error
from .classification import brier_score, log_loss
from .conditional_coverage import CoverageTable, coverage_by_bin, coverage_by_group, worst_slab_coverage
from .continuous import (
    crps_normal,
    crps_normal_mixture,
    crps_score,
    moment_matched_nll,
    negative_log_likelihood,
    nll_normal,
    nll_normal_mixture,
)
from .coverage_report import CoverageReport, coverage_report
from .evaluation import evaluate_uncertainty
from .intervals import coverage_confidence_interval, coverage_score, interval_score, mean_width
from .out_of_distribution import aupr, auroc, fpr_at_tpr
from .prediction_sets import mean_set_size, set_coverage_score
from .quantiles import crps_quantiles, pinball_loss, weighted_interval_score
from .regression_calibration import (
    mean_absolute_calibration_error,
    miscalibration_area,
    pit_ks_statistic,
    pit_values,
    quantile_calibration_error,
    rms_calibration_error,
)
from .samples import crps_samples, energy_score
from .scorers import neg_brier_scorer, neg_crps_scorer, neg_interval_score_scorer, neg_log_likelihood_scorer
from .selective import (
    RiskCoverageCurve,
    excess_risk_coverage_area,
    generalized_risk_coverage_area,
    rank_correlation,
    risk_coverage_area,
    risk_coverage_curve,
    sparsification_error,
)
from .smooth_calibration import smooth_calibration_error
from .variance_calibration import (
    VarianceCalibrationBins,
    expected_normalized_calibration_error,
    sharpness,
    uncertainty_calibration_error,
    variance_calibration_bins,
)

__all__ = [
    "BrierDecomposition",
    "CalibrationBins",
    "CoverageReport",
    "CoverageTable",
    "PITHistogram",
    "RegressionCalibrationCurve",
    "RiskCoverageCurve",
    "VarianceCalibrationBins",
    "aupr",
    "auroc",
    "bootstrap_ci",
    "brier_decomposition",
    "brier_score",
    "calibration_bins",
    "coverage_by_bin",
    "coverage_by_group",
    "coverage_confidence_interval",
    "coverage_report",
    "coverage_score",
    "crps_normal",
    "crps_normal_mixture",
    "crps_quantiles",
    "crps_samples",
    "crps_score",
    "energy_score",
    "evaluate_uncertainty",
    "excess_risk_coverage_area",
    "expected_calibration_error",
    "expected_normalized_calibration_error",
    "fpr_at_tpr",
    "generalized_risk_coverage_area",
    "interval_score",
    "log_loss",
    "mean_absolute_calibration_error",
    "mean_set_size",
    "mean_width",
    "miscalibration_area",
    "moment_matched_nll",
    "neg_brier_scorer",
    "neg_crps_scorer",
    "neg_interval_score_scorer",
    "neg_log_likelihood_scorer",
    "negative_log_likelihood",
    "nll_normal",
    "nll_normal_mixture",
    "pinball_loss",
    "pit_histogram",
    "pit_ks_statistic",
    "pit_values",
    "quantile_calibration_error",
    "rank_correlation",
    "regression_calibration_curve",
    "risk_coverage_area",
    "risk_coverage_curve",
    "rms_calibration_error",
    "set_coverage_score",
    "sharpness",
    "smooth_calibration_error",
    "sparsification_error",
    "uncertainty_calibration_error",
    "variance_calibration_bins",
    "weighted_interval_score",
    "worst_slab_coverage",
]
