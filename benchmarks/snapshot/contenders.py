"""What is compared: one network, three kinds of snapshots and a deep ensemble, each with the same epochs in total."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from uncertainty import (
    Adam,
    DeepEnsembleClassifier,
    DeepEnsembleRegressor,
    ProbabilisticMLPClassifier,
    ProbabilisticMLPRegressor,
    SnapshotEnsembleClassifier,
    SnapshotEnsembleRegressor,
    StepDecay,
)

from ..datasets import Task

# The same for all: the gradient is clipped as in snapshot ensembles by default, and all weights are those of a step.
RATE, OPTIMIZER = 1e-2, Adam(clip_norm=1.0)
LAYERS = (64, 64)

SNAPSHOTS = {"no-cycle": "no_cycle", "single-cycle": "single_cycle", "cyclic": "cyclic"}
SINGLE, ENSEMBLE = "single network", "deep ensemble"
CONTENDERS = (SINGLE, *SNAPSHOTS, ENSEMBLE)


def describe(n_epochs: int, n_members: int) -> list[str]:
    """Return what each of the contenders does with its epochs."""
    own = n_epochs // n_members
    return [
        f"{n_epochs} epochs in total for everyone, on the same rows, network, optimizer and seed; no early stopping",
        f"single network: one ordinary run of {n_epochs} epochs, the rate divided by 10 after one and two thirds of it",
        f"no-cycle: snapshots of that same run, whose weights after every {own} epochs are the {n_members} members",
        f"cyclic: snapshots of one run of {n_members} cosine cycles of {own} epochs, whose ends are the members",
        f"single-cycle: one such cycle of {own} epochs for each member, each from a fresh start",
        f"deep ensemble: an ordinary run of {own} epochs for each member, 1/{n_members} of the single network's",
    ]


@dataclass(frozen=True)
class Contender:
    """One of `CONTENDERS`, with `n_epochs` in total shared by `n_members` where it has several runs.

    `alpha` is the strength of the L2 penalty.
    """

    name: str
    n_epochs: int
    n_members: int
    alpha: float

    def make(self, task: Task, random_state: int) -> Any:
        """Return a fresh estimator for the task."""
        is_regression = task == "regression"
        if self.name == SINGLE:
            return self._network(task, self.n_epochs, random_state=random_state)
        if self.name == ENSEMBLE:
            ensemble = DeepEnsembleRegressor if is_regression else DeepEnsembleClassifier
            network = self._network(task, self.n_epochs // self.n_members)
            return ensemble(network, n_estimators=self.n_members, random_state=random_state)
        snapshots = SnapshotEnsembleRegressor if is_regression else SnapshotEnsembleClassifier
        network = self._network(task, self.n_epochs)
        variant = SNAPSHOTS[self.name]
        return snapshots(network, n_snapshots=self.n_members, variant=variant, random_state=random_state)

    def _network(self, task: Task, n_epochs: int, **arguments: Any) -> Any:
        """Return the network with an ordinary run of so many epochs; cycles put their own schedule in its place."""
        base = ProbabilisticMLPRegressor if task == "regression" else ProbabilisticMLPClassifier
        return base(
            LAYERS,
            alpha=self.alpha,
            optimizer=OPTIMIZER,
            learning_rate_init=RATE,
            schedule=StepDecay(step_size=max(n_epochs // 3, 1), gamma=0.1),
            averaging=None,
            embedding=None,
            early_stopping=False,
            max_iter=n_epochs,
            n_iter_no_change=n_epochs + 1,  # no run ends before its last epoch
            **arguments,
        )
