"""The epochs of a fit as tasks of scikit-learn's callbacks."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from uncertainty.training import EpochState, TrainingPlan, TrainingResult, Watcher

# The fitted attributes of an estimator with the weights of the moment.
Reconstruct = Callable[[TrainingResult], dict[str, Any]]


class CallbackTasks(Watcher):
    """Tells the callbacks of an estimator of its fit: a task that consists of epochs, or of cycles of epochs.

    The networks of an ensemble train side by side, so that an epoch is one of all members. `X`, `y` and
    `sample_weight` are what the user gave to `fit`.
    """

    def __init__(self, estimator: Any, X: Any, y: Any, sample_weight: Any) -> None:
        self._estimator = estimator
        metadata = None if sample_weight is None else {"sample_weight": sample_weight}
        self._rows = {"X": X, "y": y, "metadata": metadata}

    @property
    def wanted(self) -> bool:
        """Whether anyone is to be told of epochs."""
        return hasattr(self._estimator, "_skl_callbacks")

    def begin(self, plan: TrainingPlan, n_members: int, reconstruct: Reconstruct) -> None:
        """Begin the fit that `plan` describes. The path of a task is known by its place among those that are open."""
        self._reconstruct = reconstruct
        self._cycles = [stop - start for start, stop in pairwise((0, *plan.cycle_ends))]
        self._ends = plan.cycle_ends
        root = self._estimator._init_callback_context(
            task_name="fit" if n_members == 1 else f"fit {n_members} members side by side",
            max_subtasks=len(self._cycles) or plan.max_epochs,
        )
        root.call_on_fit_task_begin(estimator=self._estimator, **self._rows)
        self._open = [root]

    def begin_epoch(self, epoch: int) -> None:
        """Begin the task of an epoch, and that of its cycle if it is the first one there."""
        if self._cycles and len(self._open) == 1:
            cycle = sum(end < epoch for end in self._ends)
            self._begin_subtask("cycle", self._cycles[cycle])
        self._begin_subtask("epoch", 0)

    def end_epoch(self, state: EpochState) -> bool:
        """End the task of an epoch, and that of its cycle after the last one; whether a callback wishes to stop."""

        def attributes() -> dict[str, Any]:
            return self._reconstruct(state.moment())

        stop = self._end(attributes)
        if state.epoch in self._ends:
            stop |= self._end(attributes)
        return stop

    def close(self, *, fitted: bool) -> None:
        """End what is open, the fit last. A task that training was cut off in has no estimator to show."""
        while len(self._open) > 1:
            self._end(None)
        self._end({} if fitted else None)

    def _begin_subtask(self, name: str, n_subtasks: int) -> None:
        task = self._open[-1].subcontext(task_name=name, max_subtasks=n_subtasks)
        self._open.append(task)
        task.call_on_fit_task_begin(estimator=self._estimator, **self._rows)

    def _end(self, attributes: Any) -> bool:
        task = self._open.pop()
        stop = task.call_on_fit_task_end(estimator=self._estimator, reconstruction_attributes=attributes, **self._rows)
        return bool(stop)
