"""Pictures of predictions and of how far to trust them, in the form of scikit-learn's Displays.

Each has `from_estimator(estimator, X, y, ...)`, and `from_predictions(...)` for numbers that come from elsewhere; both
draw at once. `plot(ax=...)` draws again: the numbers are kept as plain arrays. After it `ax_`, `figure_` and the
artists by name are there to be changed. matplotlib is imported when the first one is drawn; it comes with the extra
`plot`.

- Predictions: `PredictionIntervalDisplay`, `PredictiveDensityDisplay`, `UncertaintySurfaceDisplay`.
- Are they right? `CalibrationCurveDisplay`, `PITHistogramDisplay`, `CoverageByFeatureDisplay`, `ErrorStdDisplay` for
  regression; `ReliabilityDisplay`, `ConfidenceHistogramDisplay` for classification.
- What are they good for? `RiskCoverageDisplay`.
- Where do they come from? `UncertaintyPartsDisplay`, `MemberDisagreementDisplay`.
- How was it trained? `TrainingCurveDisplay`, `LearningRateDisplay`.
"""

from uncertainty.plotting.calibration_curve import CalibrationCurveDisplay
from uncertainty.plotting.confidence_histogram import ConfidenceHistogramDisplay
from uncertainty.plotting.coverage_by_feature import CoverageByFeatureDisplay
from uncertainty.plotting.error_std import ErrorStdDisplay
from uncertainty.plotting.learning_rate import LearningRateDisplay
from uncertainty.plotting.member_disagreement import MemberDisagreementDisplay
from uncertainty.plotting.pit_histogram import PITHistogramDisplay
from uncertainty.plotting.prediction_interval import PredictionIntervalDisplay
from uncertainty.plotting.predictive_density import PredictiveDensityDisplay
from uncertainty.plotting.reliability import ReliabilityDisplay
from uncertainty.plotting.risk_coverage import RiskCoverageDisplay
from uncertainty.plotting.training_curve import TrainingCurveDisplay
from uncertainty.plotting.uncertainty_parts import UncertaintyPartsDisplay
from uncertainty.plotting.uncertainty_surface import UncertaintySurfaceDisplay

__all__ = [
    "CalibrationCurveDisplay",
    "ConfidenceHistogramDisplay",
    "CoverageByFeatureDisplay",
    "ErrorStdDisplay",
    "LearningRateDisplay",
    "MemberDisagreementDisplay",
    "PITHistogramDisplay",
    "PredictionIntervalDisplay",
    "PredictiveDensityDisplay",
    "ReliabilityDisplay",
    "RiskCoverageDisplay",
    "TrainingCurveDisplay",
    "UncertaintyPartsDisplay",
    "UncertaintySurfaceDisplay",
]
