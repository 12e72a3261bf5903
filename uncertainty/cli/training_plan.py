"""From the options of `fit` to an estimator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import click

REGRESSION, CLASSIFICATION = "regression", "classification"
# Method -> how its classes begin, and the argument that is its number of members.
METHODS = {
    "deep-ensemble": ("DeepEnsemble", "n_estimators"),
    "mc-dropout": ("MCDropout", "n_mc_samples"),
    "snapshot-ensemble": ("SnapshotEnsemble", "n_snapshots"),
    "mlp": ("ProbabilisticMLP", None),
}
HEADS = {"mixture": "mixture_density", "gaussian": "gaussian"}


@dataclass(frozen=True)
class TrainingPlan:
    """The options of `fit` that say how to train; None takes the estimator's default."""

    method: str
    head: str | None
    members: int | None
    max_iter: int | None
    max_time: float | None
    conformal: bool
    seed: int

    def estimator(self, task: str) -> Any:
        """Return the unfitted estimator.

        Raises
        ------
        click.UsageError
            If an option does not go with the task or the method.
        """
        from uncertainty import estimators
        from uncertainty.calibration import ConformalClassifier, ConformalRegressor

        if self.head is not None and task == CLASSIFICATION:
            raise click.UsageError("--head is for regression: classes have but one distribution.")
        prefix, count = METHODS[self.method]
        own: dict[str, Any] = {"random_state": self.seed}
        if self.members is not None:
            if count is None:
                raise click.UsageError(f"--members is for ensembles, and {self.method!r} is one network.")
            own[count] = self.members
        if self.max_time is not None:
            own["max_time"] = self.max_time
        suffix = "Classifier" if task == CLASSIFICATION else "Regressor"
        model = getattr(estimators, prefix + suffix)(**own)
        self._set_network(model)
        if not self.conformal:
            return model
        if task == CLASSIFICATION:
            return ConformalClassifier(model, random_state=self.seed)
        return ConformalRegressor(model, conformity_score="pit", random_state=self.seed)

    def _set_network(self, model: Any) -> None:
        """Set the options of the base network, and keep the method's own defaults for the others."""
        from sklearn.base import clone

        options = {"head": self.head and HEADS[self.head], "max_iter": self.max_iter}
        given = {name: value for name, value in options.items() if value is not None}
        if not given:
            return
        if hasattr(model, "estimator"):
            model.set_params(estimator=clone(model._network()).set_params(**given))
        else:
            model.set_params(**given)
