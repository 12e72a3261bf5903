"""The methods compared, by name. All with their default arguments, on every data set of every suite."""

from __future__ import annotations

from functools import partial

from uncertainty import (
    DeepEnsembleClassifier,
    DeepEnsembleRegressor,
    Gaussian,
    MCDropoutClassifier,
    MCDropoutRegressor,
    ProbabilisticMLPClassifier,
    ProbabilisticMLPRegressor,
    SnapshotEnsembleClassifier,
    SnapshotEnsembleRegressor,
)

from .baselines import BASELINES
from .method import Method

OURS = (
    Method("probabilistic_mlp", "ours", ProbabilisticMLPRegressor, ProbabilisticMLPClassifier),
    Method("deep_ensemble", "ours", DeepEnsembleRegressor, DeepEnsembleClassifier),
    Method("mc_dropout", "ours", MCDropoutRegressor, MCDropoutClassifier),
    Method("snapshot_ensemble", "ours", SnapshotEnsembleRegressor, SnapshotEnsembleClassifier),
)

CONTROLS = (
    # The default network, trained by squared error: what predicting a variance costs the mean.
    Method(
        "squared_error_mlp", "control", partial(ProbabilisticMLPRegressor, head=Gaussian(variance="constant")), None
    ),
    # One network, trained for as many epochs as all cycles of a snapshot ensemble together, in one cosine cycle.
    Method(
        "same_epochs_mlp",
        "control",
        partial(SnapshotEnsembleRegressor, n_snapshots=1),
        partial(SnapshotEnsembleClassifier, n_snapshots=1),
    ),
)

METHODS: dict[str, Method] = {method.name: method for method in (*OURS, *CONTROLS, *BASELINES)}
