"""What a method is to the benchmarks: a name, a group, and how to make an estimator for each task."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from .datasets import Task

Group = Literal["ours", "control", "baseline", "peer"]
EstimatorFactory = Callable[..., Any]


@dataclass(frozen=True)
class Method:
    """One method's estimators; each factory is called with ``random_state`` alone, None where the task has none.

    `group` tells the package's own methods from controls (the same engine with one thing changed), from baselines (what
    a user would do without the package) and from peers (other packages, which need not be installed). `note` says what
    the estimator does not show of itself when it is printed.
    """

    name: str
    group: Group
    regressor: EstimatorFactory | None
    classifier: EstimatorFactory | None
    note: str = ""

    def supports(self, task: Task) -> bool:
        """Say whether the method exists for the task."""
        return self._factory(task) is not None

    def make(self, task: Task, random_state: int) -> Any:
        """Return a fresh estimator for the task."""
        factory = self._factory(task)
        if factory is None:
            raise ValueError(f"task must be one that {self.name} exists for, got {task!r}. Choose another method.")
        return factory(random_state=random_state)

    def _factory(self, task: Task) -> EstimatorFactory | None:
        return self.regressor if task == "regression" else self.classifier
