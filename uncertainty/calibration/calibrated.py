"""A fitted model with the scores of rows that it has not seen: the part that all conformal methods share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from uncertainty.calibration.conformity_scores import ConformityScore, Ends

Array = NDArray[np.float64]
Index = NDArray[np.intp]


@dataclass(frozen=True)
class LikelihoodRatio:
    """Density of the test rows over that of the calibration rows, up to a factor: `calibration` [m], `test` [n]."""

    calibration: Array
    test: Array


class Calibrated(ABC):
    """Abstract conformal method after its calibration.

    Parameters
    ----------
    score : ConformityScore
    calibration : list of (view, y [m, T]), the calibration rows in blocks that share a view of predictions
    joint : bool
        A row of several targets scores as badly as its worst one, so that one threshold holds for all of them.
    """

    def __init__(self, score: ConformityScore, calibration: Sequence[tuple[Any, Array]], *, joint: bool) -> None:
        self.score = score
        self.joint = joint
        self.n_targets = calibration[0][1].shape[1]
        # Scores that do not depend on the level need nothing else of the calibration rows.
        self._fixed = self._scores(calibration, None) if score.level_free else None
        self._calibration = [] if score.level_free else list(calibration)

    def ends(self, X: Any, levels: Array, used: Index, ratio: LikelihoodRatio | None = None) -> Ends:
        """Return both ends [n, T, L] of the intervals of the rows X, from the calibration rows numbered `used`.

        Several levels nest: by the score if it is level-free; otherwise an interval is united with those of the lower
        levels asked for at the same time.
        """
        if self._fixed is not None:
            return self._ends(X, self._fixed, used, levels, None, ratio)
        pairs = [
            self._ends(X, self._scores(self._calibration, level), used, levels[i : i + 1], level, ratio)
            for i, level in enumerate(levels.tolist())
        ]
        lower, upper = (np.concatenate(ends, axis=-1) for ends in zip(*pairs, strict=True))
        order = np.argsort(levels)
        lower[..., order] = np.minimum.accumulate(lower[..., order], axis=-1)
        upper[..., order] = np.maximum.accumulate(upper[..., order], axis=-1)
        return lower, upper

    @abstractmethod
    def _ends(
        self, X: Any, scores: Array, used: Index, levels: Array, coverage: float | None, ratio: LikelihoodRatio | None
    ) -> Ends:
        """The ends at all `levels`, from the `scores` [m, T or 1] at `coverage`, of which `used` count."""

    def _scores(self, calibration: Sequence[tuple[Any, Array]], coverage: float | None) -> Array:
        scores = np.concatenate([self.score.scores(view, y, coverage) for view, y in calibration])
        return scores.max(axis=1, keepdims=True) if self.joint else scores
