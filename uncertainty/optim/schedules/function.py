"""Any function of the step as a schedule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from uncertainty.components.spec import check_number
from uncertainty.optim.schedules.base import Factor, Schedule


class FunctionSchedule(Schedule):
    """The factors that a function gives for the steps (batches), counted from 0; each is checked as it is used."""

    def __init__(self, function: Callable[[int], Any]) -> None:
        self.function = function

    def build(self, n_epochs: int, steps_per_epoch: int) -> Factor:
        return lambda step: check_number(f"schedule({step})", self.function(step), high_open=True)
