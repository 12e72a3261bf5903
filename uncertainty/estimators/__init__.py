"""scikit-learn estimators: the base networks and the methods that wrap them."""

from uncertainty.estimators.deep_ensemble import DeepEnsembleClassifier, DeepEnsembleRegressor
from uncertainty.estimators.mc_dropout import MCDropoutClassifier, MCDropoutRegressor
from uncertainty.estimators.piecewise_linear import PiecewiseLinear as PiecewiseLinear
from uncertainty.estimators.probabilistic_mlp import ProbabilisticMLPClassifier, ProbabilisticMLPRegressor
from uncertainty.estimators.snapshot_ensemble import SnapshotEnsembleClassifier, SnapshotEnsembleRegressor

# The estimators; options of theirs are public names of the package alone.
__all__ = [
    "DeepEnsembleClassifier",
    "DeepEnsembleRegressor",
    "MCDropoutClassifier",
    "MCDropoutRegressor",
    "ProbabilisticMLPClassifier",
    "ProbabilisticMLPRegressor",
    "SnapshotEnsembleClassifier",
    "SnapshotEnsembleRegressor",
]
