"""Those who look on while an estimator is fitted, and its clock."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sklearn.exceptions import ConvergenceWarning

from uncertainty.components.mlp import MLP
from uncertainty.estimators import options
from uncertainty.estimators.callbacks import CallbackTasks, Reconstruct
from uncertainty.estimators.interruption import settle
from uncertainty.estimators.progress import PrintedProgress, duration
from uncertainty.training import TimeBudget, TrainingInterrupted, TrainingPlan, TrainingResult

if TYPE_CHECKING:
    from uncertainty.estimators.estimator import MemberEstimator


class FitWatch:
    """The time budget of one fit, the lines it prints and the callbacks it tells. The clock starts when it is made."""

    def __init__(self, estimator: MemberEstimator, X: Any, y: Any, sample_weight: Any) -> None:
        network = estimator._network()
        own = estimator.max_time
        self._chosen = "best" if network.early_stopping else "last"
        self._budget = TimeBudget(options.resolve_max_time(network.max_time if own is None else own))
        self._verbose = options.resolve_verbose(estimator.verbose)
        self._callbacks = CallbackTasks(estimator, X, y, sample_weight)
        if network is not estimator and hasattr(network, "_skl_callbacks"):
            warnings.warn(
                f"callbacks of the base network are not called: its copies train side by side, as one fit of the "
                f"{type(estimator).__name__}. Set them there.",
                stacklevel=4,
            )

    def observe(self, plan: TrainingPlan, n_members: int, reconstruct: Reconstruct) -> TrainingPlan:
        """Begin, and return the plan with those who look on; `reconstruct` makes attributes of the moment's weights."""
        self._plan = plan
        self._printed = PrintedProgress(self._verbose, self._budget, n_members) if self._verbose else None
        self._callbacks.begin(plan, n_members, reconstruct)
        watchers = [self._printed, self._callbacks if self._callbacks.wanted else None]
        return replace(plan, time_budget=self._budget, watchers=tuple(w for w in watchers if w is not None))

    def close(self, result: TrainingResult, interrupt: TrainingInterrupted | None) -> None:
        """Say how the fit ended, now that the estimator is fitted; an interrupt may be raised again."""
        if self._printed is not None:
            self._printed.close(result, self._plan.max_epochs)
        if interrupt is not None:
            settle(interrupt, self._message("training was interrupted", result))
        self._callbacks.close(fitted=True)
        if interrupt is None and result.n_unfinished and self._budget.is_spent():
            spent = f"max_time={self._budget.seconds:g} seconds were over"
            again = "What comes out depends on the speed of the machine: the same random_state may give another model."
            warnings.warn(f"{self._message(spent, result)} {again}", ConvergenceWarning, stacklevel=6)

    def _message(self, what: str, result: TrainingResult) -> str:
        n_networks = len(result.values)
        unfinished = f", with {result.n_unfinished} of {n_networks} networks still training" if n_networks > 1 else ""
        return (
            f"{what} after {len(result.history)} of {self._plan.max_epochs} epochs ({duration(self._budget.elapsed())})"
            f"{unfinished}. The estimator is fitted to the {self._chosen} weights of these epochs, and the "
            f"learning-rate schedule was cut short."
        )


def watch_of_a_pass(estimator: MemberEstimator, n_members: int) -> Callable[[TrainingPlan, MLP], TrainingPlan]:
    """Return what lets `partial_fit` print its line: a single pass has no callbacks, and no budget to keep to."""
    level, clock = options.resolve_verbose(estimator.verbose), TimeBudget()
    watchers = (PrintedProgress(level, clock, n_members),) if level else ()
    return lambda plan, _: replace(plan, watchers=watchers)
