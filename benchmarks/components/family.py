"""What is compared: options of one kind, all on the same rows, network, epochs and seeds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from uncertainty import (
    DeepEnsembleClassifier,
    DeepEnsembleRegressor,
    MCDropoutClassifier,
    MCDropoutRegressor,
    ProbabilisticMLPClassifier,
    ProbabilisticMLPRegressor,
)

from ..datasets import Task

TargetKind = Literal["number", "two classes", "classes"]
ANY_TARGET: frozenset[TargetKind] = frozenset(("number", "two classes", "classes"))
NUMBERS: frozenset[TargetKind] = frozenset(("number",))
LABELS: frozenset[TargetKind] = ANY_TARGET - NUMBERS

# What every option trains but for what it changes: with no averages, falling rates or bins around it, its own effect
# shows. The default of the estimators has them all.
PLAIN: Mapping[str, Any] = {
    "hidden_layer_sizes": (64, 64),
    "optimizer": "adam",
    "learning_rate_init": 3e-3,
    "schedule": "constant",
    "averaging": None,
    "embedding": None,
}


@dataclass(frozen=True)
class Option:
    """One line of a table: keyword arguments of the base network, beside `PLAIN`, and of the deep ensemble around it.

    With `n_masks` the method is MC-dropout in place of an ensemble: one network, and so many masks. `targets` are the
    kinds of target that the option is for.
    """

    network: Mapping[str, Any] = field(default_factory=dict)
    ensemble: Mapping[str, Any] = field(default_factory=dict)
    n_masks: int = 0
    targets: frozenset[TargetKind] = ANY_TARGET

    def make(self, task: Task, n_epochs: int, n_members: int, seed: int, rate: float | None = None) -> Any:
        """Return the unfitted estimator: every epoch is run and none is chosen, so that all options train alike."""
        base = ProbabilisticMLPRegressor if task == "regression" else ProbabilisticMLPClassifier
        arguments = {**PLAIN, **self.network} | ({} if rate is None else {"learning_rate_init": rate})
        network = base(early_stopping=False, max_iter=n_epochs, n_iter_no_change=n_epochs + 1, **arguments)
        if self.n_masks:
            masked = MCDropoutRegressor if task == "regression" else MCDropoutClassifier
            return masked(network, n_mc_samples=self.n_masks, random_state=seed)
        ensemble = DeepEnsembleRegressor if task == "regression" else DeepEnsembleClassifier
        return ensemble(network, n_estimators=n_members, random_state=seed, **self.ensemble)


@dataclass(frozen=True)
class Family:
    """Options of one kind; the first one is what the others are compared with.

    Where `rates` are given, each option trains at the learning rate of these that suits it best on rows held out of
    the training rows: one rate for all would decide the comparison.
    """

    options: Mapping[str, Option]
    note: str
    rates: tuple[float, ...] = ()

    def suited(self, target: TargetKind) -> dict[str, Option]:
        """Return the options for a kind of target, by their names."""
        return {name: option for name, option in self.options.items() if target in option.targets}


def with_each(shared: Mapping[str, Any], options: Mapping[str, Mapping[str, Any]]) -> dict[str, Option]:
    """Return the options, each with the `shared` arguments of the network beside its own."""
    return {name: Option({**shared, **arguments}) for name, arguments in options.items()}
