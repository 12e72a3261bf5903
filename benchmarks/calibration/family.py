"""What is compared: families, each a model that is fitted once and the ways to get intervals or sets from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from ..datasets import Task
from .rows import Rows


@dataclass(frozen=True)
class Question:
    """What each variant is asked: intervals (n, 2), or sets (n, C) of booleans, of one coverage for the test rows."""

    rows: Rows
    coverage: float
    seed: int


# From the fitted model to the intervals or sets of the test rows; None where the variant is not defined for the data.
Variant = Callable[[Any, Question], NDArray[Any] | None]


@dataclass(frozen=True)
class Family:
    """A model and its variants.

    `fit` gets the rows and a seed. It fits on the rows to fit on, unless the variants need an unfitted model; then it
    returns that. `packages` are those that must be installed.
    """

    name: str
    task: Task
    fit: Callable[[Rows, int], Any]
    variants: Mapping[str, Variant]
    packages: tuple[str, ...] = ()

    def method(self, variant: str) -> str:
        """Return the name of a variant in records and tables."""
        return f"{self.name}+{variant}"
