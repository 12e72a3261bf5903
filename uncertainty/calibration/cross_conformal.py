"""CV+: K models, each fitted without one fold, so that every row is calibrated by a model that has not seen it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import _safe_indexing

from uncertainty.calibration.calibrated import Index
from uncertainty.calibration.conformity_scores import ConformityScore
from uncertainty.calibration.jackknife_plus import JackknifePlus

Array = NDArray[np.float64]


class CrossConformal(JackknifePlus):
    """CV+ from K fitted models and the rows of the fold that each was fitted without; they are numbered fold by fold.

    Barber et al. (2021), section 3 and theorem 4: coverage at least 2 coverage - 1 - sqrt(2 / n), close to `coverage`
    where leaving out a fold changes the predictions little.
    """

    def __init__(
        self, score: ConformityScore, models: Sequence[Any], folds: Sequence[Index], X: Any, y: Array, *, joint: bool
    ) -> None:
        calibration = [
            (score.view(model, _safe_indexing(X, fold)), y[fold]) for model, fold in zip(models, folds, strict=True)
        ]
        block = np.repeat(np.arange(len(folds)), [len(fold) for fold in folds])
        super().__init__(score, calibration, y.shape[1], block, joint=joint)
        self.models = list(models)

    def _views(self, X: Any) -> Callable[[int], Any]:
        return lambda number: self.score.view(self.models[number], X)
