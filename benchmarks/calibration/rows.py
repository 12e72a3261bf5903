"""The rows of one run: those to fit on, those to calibrate on, and those to test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from ..baselines.conformal import conformal_rank
from ..runner import Problem

CALIBRATION_SHARE = 0.2  # of the training rows

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Rows:
    """Inputs (n, D) and targets (n,) of the three parts; a method that needs no rows aside takes `X_train` whole."""

    X_fit: Array
    y_fit: NDArray[Any]
    X_calibration: Array
    y_calibration: NDArray[Any]
    X_test: Array
    y_test: NDArray[Any]

    @classmethod
    def of(cls, problem: Problem, seed: int) -> Self:
        """Draw the calibration rows from the training rows; those of classes keep the shares of the classes."""
        X_fit, X_calibration, y_fit, y_calibration = train_test_split(
            problem.X_train,
            problem.y_train,
            test_size=CALIBRATION_SHARE,
            stratify=problem.y_train if problem.task == "classification" else None,
            random_state=seed,
        )
        return cls(X_fit, y_fit, X_calibration, y_calibration, problem.X_test, problem.y_test)

    @property
    def X_train(self) -> Array:
        """Inputs of the rows to fit on and of those to calibrate on."""
        return np.concatenate([self.X_fit, self.X_calibration])

    @property
    def y_train(self) -> NDArray[Any]:
        """Targets of the same rows."""
        return np.concatenate([self.y_fit, self.y_calibration])

    def expected_coverage(self, coverage: float) -> float:
        """Return the coverage of split conformal intervals: ``ceil(coverage (n + 1)) / (n + 1)`` for n rows.

        That is exact where no two scores are equal (Vovk et al. 2005).
        """
        n = len(self.y_calibration)
        return conformal_rank(n, coverage) / (n + 1)
