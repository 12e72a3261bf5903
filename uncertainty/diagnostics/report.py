"""What `check_training` reports: a line a step, and what is wrong by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from uncertainty.diagnostics.examination import Examination

EQUAL_UNITS = "hidden units are all equal"
DEAD_UNITS = "dead units"
RATE_TOO_HIGH = "learning rate too high"
NO_SIGNAL = "no learnable signal"

ADVICE = {
    EQUAL_UNITS: "Draw different initial weights for different units: initializer='auto'.",
    DEAD_UNITS: "Start with zero biases and initializer='auto', or take an activation that cannot die: 'silu', 'elu'.",
    NO_SIGNAL: "Check that the rows of X and y belong together (joins, sorting); then look for better inputs.",
}


@dataclass(frozen=True)
class Step:
    """One step of the recipe: its `number` (in `unit`), one line about it, what to do next, and the fault it found.

    `advice` is empty where there is nothing to do, `fault` is None or a name.
    """

    name: str
    number: float
    unit: str
    line: str
    advice: str = ""
    fault: str | None = None

    def __str__(self) -> str:
        mark = "FAULT" if self.fault is not None else "todo" if self.advice else "ok"
        advice = f"\n        -> {self.advice}" if self.advice else ""
        return f"{mark:>5}  {self.name}: {self.line}{advice}"


@dataclass(frozen=True, eq=False, repr=False)
class TrainingReport(Examination):
    """Outcome of `check_training`; `print(report)` shows all of it.

    Attributes
    ----------
    steps : tuple of Step, those that were made
    faults : names of the faults found, in the order in which to mend them: "hidden units are all equal", "dead units",
        "learning rate too high", "no learnable signal"
    suggestion : parameters of the base network that did best (empty where the recipe ended before)
    last : the result object of the last examination, with all its numbers
    seconds : float, time taken
    verdict : str
    """

    steps: tuple[Step, ...]
    faults: tuple[str, ...]
    suggestion: dict[str, float]
    last: Any
    seconds: float
    verdict: str

    def __str__(self) -> str:
        return "\n".join([*map(str, self.steps), f"=> {self.verdict}"])

    def plot(self, ax: Any = None) -> Any:
        """Draw the last examination: the learning curves, if the recipe came so far; return the axes."""
        return self.last.plot(ax)


def verdict_of(steps: Sequence[Step], suggestion: dict[str, float], *, gains: bool) -> str:
    """Return the faults and what to do about the first, or the settings that did best if they predict new rows."""
    faulty = [step for step in steps if step.fault is not None]
    settings = ", ".join(f"{name}={value:.2g}" for name, value in suggestion.items())
    if faulty:
        return f"{'; '.join(str(step.fault) for step in faulty)}. {faulty[0].advice}"
    if gains:
        return f"training works; the best settings tried are {settings}"
    return "no fault found, but no gain on new rows either: see the steps"
