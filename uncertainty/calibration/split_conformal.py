"""Split conformal prediction: one model, and a threshold from the scores of rows that it has not seen."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from uncertainty.calibration.calibrated import Calibrated, Index, LikelihoodRatio
from uncertainty.calibration.conformal_quantile import conformal_quantile
from uncertainty.calibration.conformity_scores import ConformityScore, Ends
from uncertainty.calibration.row_chunks import ROWS_AT_A_TIME, row_chunks

Array = NDArray[np.float64]


class SplitConformal(Calibrated):
    """Intervals of all that scores at most the conformal quantile of the calibration scores.

    Vovk, Gammerman & Shafer (2005), section 4.1; Lei et al. (2018), algorithm 2; with a likelihood ratio Tibshirani et
    al. (2019), corollary 1. They cover with probability in [coverage, coverage + 1 / (n + 1)] for n calibration rows, a
    level-free score and no ties; always with at least `coverage`.
    """

    def __init__(self, score: ConformityScore, model: Any, X: Any, y: Array, *, joint: bool) -> None:
        size = ROWS_AT_A_TIME if score.views_are_distributions else len(y)
        calibration = ((score.view(model, part), y[rows]) for rows, part in row_chunks(X, size))
        super().__init__(score, calibration, y.shape[1], joint=joint)
        self.model = model

    def _ends(
        self, X: Any, scores: Array, used: Index, levels: Array, coverage: float | None, ratio: LikelihoodRatio | None
    ) -> Ends:
        of_target = scores.T[None]  # [1, T, m]
        if ratio is None:
            threshold = conformal_quantile(of_target, levels)
        else:
            threshold = conformal_quantile(of_target, levels, ratio.calibration, ratio.test[:, None])
        return self.score.ends(self.score.view(self.model, X), threshold, coverage)
