"""The methods compared: name -> how to make an estimator for each task. All with their default arguments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from uncertainty import (
    DeepEnsembleClassifier,
    DeepEnsembleRegressor,
    MCDropoutClassifier,
    MCDropoutRegressor,
    ProbabilisticMLPClassifier,
    ProbabilisticMLPRegressor,
    SnapshotEnsembleClassifier,
    SnapshotEnsembleRegressor,
)

from .datasets import Task

EstimatorFactory = Callable[..., Any]


@dataclass(frozen=True)
class Method:
    """One method's estimators; each factory is called with ``random_state`` alone."""

    name: str
    regressor: EstimatorFactory
    classifier: EstimatorFactory

    def make(self, task: Task, random_state: int) -> Any:
        """Return a fresh estimator for the task."""
        factory = self.regressor if task == "regression" else self.classifier
        return factory(random_state=random_state)


METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        Method("probabilistic_mlp", ProbabilisticMLPRegressor, ProbabilisticMLPClassifier),
        Method("deep_ensemble", DeepEnsembleRegressor, DeepEnsembleClassifier),
        Method("mc_dropout", MCDropoutRegressor, MCDropoutClassifier),
        Method("snapshot_ensemble", SnapshotEnsembleRegressor, SnapshotEnsembleClassifier),
    )
}
