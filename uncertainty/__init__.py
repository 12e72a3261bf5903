"""Bayesian uncertainty for regression and classification: predictions that say how far to trust them.

The names below are imported on first use, so `import uncertainty` is quick and `uncertainty.metrics` needs no torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from uncertainty.calibration import *  # noqa: F403
    from uncertainty.components import *  # noqa: F403
    from uncertainty.estimators import *  # noqa: F403
    from uncertainty.estimators.piecewise_linear import PiecewiseLinear as PiecewiseLinear
    from uncertainty.export import *  # noqa: F403
    from uncertainty.heads import *  # noqa: F403
    from uncertainty.optim import *  # noqa: F403
    from uncertainty.persistence import *  # noqa: F403
    from uncertainty.plotting import *  # noqa: F403
    from uncertainty.report import *  # noqa: F403
    from uncertainty.tables import tabular_pipeline as tabular_pipeline
    from uncertainty.training import Augmentation as Augmentation
    from uncertainty.training import Autoencoder as Autoencoder

__version__ = "0.1.0"

_ROOM_OF_NAME = {
    "ConformalClassifier": "calibration",
    "ConformalRegressor": "calibration",
    "RecalibratedClassifier": "calibration",
    "RecalibratedRegressor": "calibration",
    "SelectiveClassifier": "calibration",
    "SelectiveRegressor": "calibration",
    "BatchNorm": "components",
    "ELU": "components",
    "GroupNorm": "components",
    "LayerNorm": "components",
    "LeakyReLU": "components",
    "Maxout": "components",
    "PReLU": "components",
    "RandomizedReLU": "components",
    "Residual": "components",
    "SELU": "components",
    "Constant": "components",
    "DataDependent": "components",
    "Fixup": "components",
    "GlorotNormal": "components",
    "GlorotUniform": "components",
    "HeNormal": "components",
    "HeUniform": "components",
    "LSUV": "components",
    "LeCunNormal": "components",
    "Orthogonal": "components",
    "RandomNormal": "components",
    "RandomWalk": "components",
    "Zeros": "components",
    "Dropout": "components",
    "DeepEnsembleClassifier": "estimators",
    "DeepEnsembleRegressor": "estimators",
    "MCDropoutClassifier": "estimators",
    "MCDropoutRegressor": "estimators",
    "PiecewiseLinear": "estimators",
    "ProbabilisticMLPClassifier": "estimators",
    "ProbabilisticMLPRegressor": "estimators",
    "SnapshotEnsembleClassifier": "estimators",
    "SnapshotEnsembleRegressor": "estimators",
    "export_onnx": "export",
    "Bernoulli": "heads",
    "Categorical": "heads",
    "Gaussian": "heads",
    "MixtureDensity": "heads",
    "EMA": "optim",
    "SGD": "optim",
    "SWA": "optim",
    "AdaGrad": "optim",
    "Adadelta": "optim",
    "Adam": "optim",
    "AdamW": "optim",
    "ConstantRate": "optim",
    "Cosine": "optim",
    "CosineRestarts": "optim",
    "Cyclical": "optim",
    "ExponentialDecay": "optim",
    "GradientDescent": "optim",
    "InverseScaling": "optim",
    "LinearWarmup": "optim",
    "Nadam": "optim",
    "OneCycle": "optim",
    "RMSprop": "optim",
    "ReduceOnPlateau": "optim",
    "StepDecay": "optim",
    "TimeDecay": "optim",
    "SKOPS_TRUSTED_TYPES": "persistence",
    "ModelFileError": "persistence",
    "load": "persistence",
    "save": "persistence",
    "CalibrationCurveDisplay": "plotting",
    "ConfidenceHistogramDisplay": "plotting",
    "CoverageByFeatureDisplay": "plotting",
    "ErrorStdDisplay": "plotting",
    "LearningRateDisplay": "plotting",
    "MemberDisagreementDisplay": "plotting",
    "PITHistogramDisplay": "plotting",
    "PredictionIntervalDisplay": "plotting",
    "PredictiveDensityDisplay": "plotting",
    "ReliabilityDisplay": "plotting",
    "RiskCoverageDisplay": "plotting",
    "TrainingCurveDisplay": "plotting",
    "UncertaintyPartsDisplay": "plotting",
    "UncertaintySurfaceDisplay": "plotting",
    "write_report": "report",
    "tabular_pipeline": "tables",
    "Augmentation": "training",
    "Autoencoder": "training",
}

# Rooms whose functions are used by their full name.
_ROOMS = ("calibration", "diagnostics", "metrics", "plotting", "tables")

__all__ = sorted(_ROOM_OF_NAME)


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return import_module(f"uncertainty.{name}")
    if name not in _ROOM_OF_NAME:
        raise AttributeError(f"module 'uncertainty' has no attribute {name!r}")
    return getattr(import_module(f"uncertainty.{_ROOM_OF_NAME[name]}"), name)


def __dir__() -> list[str]:
    return [*globals(), *__all__, *_ROOMS]
