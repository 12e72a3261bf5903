"""A fitted model with the scores of rows that it has not seen: the part that all conformal methods share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from uncertainty.calibration.conformity_scores import ConformityScore, Ends
from uncertainty.calibration.row_chunks import ROWS_AT_A_TIME, row_chunks

Array = NDArray[np.float64]
Index = NDArray[np.intp]

# Numbers of one temporary array (test rows times targets, and times calibration rows where each pair has its own).
CHUNK = 1 << 22


@dataclass(frozen=True)
class LikelihoodRatio:
    """Density of the test rows over that of the calibration rows, up to a factor: `calibration` [m], `test` [n]."""

    calibration: Array
    test: Array

    def test_rows(self, rows: Index) -> LikelihoodRatio:
        """The ratio with some of the test rows alone."""
        return LikelihoodRatio(self.calibration, self.test[rows])


class Calibrated(ABC):
    """Abstract conformal method after its calibration.

    Parameters
    ----------
    score : ConformityScore
    calibration : pairs (view, y [m, T]), the calibration rows in blocks that share a view of predictions
    n_targets : int
    joint : bool
        A row of several targets scores as badly as its worst one, so that one threshold holds for all of them.
    """

    _by_pair = False  # whether every calibration row brings ends of its own for every test row

    def __init__(
        self, score: ConformityScore, calibration: Iterable[tuple[Any, Array]], n_targets: int, *, joint: bool
    ) -> None:
        self.score = score
        self.joint = joint
        self.n_targets = n_targets
        # Scores that do not depend on the level need nothing else of the calibration rows.
        self._fixed = self._scores(calibration, None) if score.level_free else None
        self._calibration = [] if score.level_free else list(calibration)

    def ends(self, X: Any, levels: Array, used: Index, ratio: LikelihoodRatio | None = None) -> Ends:
        """Return both ends [n, T, L] of the intervals of the rows X, from the calibration rows numbered `used`.

        Several levels nest: by the score if it is level-free; otherwise an interval is united with those of the lower
        levels asked for at the same time.
        """
        if self._fixed is not None:
            return self._ends_by_chunk(X, self._fixed, used, levels, None, ratio)
        pairs = [
            self._ends_by_chunk(X, self._scores(self._calibration, level), used, levels[i : i + 1], level, ratio)
            for i, level in enumerate(levels.tolist())
        ]
        lower, upper = (np.concatenate(ends, axis=-1) for ends in zip(*pairs, strict=True))
        order = np.argsort(levels)
        lower[..., order] = np.minimum.accumulate(lower[..., order], axis=-1)
        upper[..., order] = np.maximum.accumulate(upper[..., order], axis=-1)
        return lower, upper

    def _ends_by_chunk(
        self, X: Any, scores: Array, used: Index, levels: Array, coverage: float | None, ratio: LikelihoodRatio | None
    ) -> Ends:
        """`_ends`, of as many rows at a time as there is room for."""
        numbers_a_row = self.n_targets * (len(used) if self._by_pair or ratio is not None else 1)
        size = max(CHUNK // max(numbers_a_row, 1), 1)
        size = min(size, ROWS_AT_A_TIME) if self.score.views_are_distributions else size
        pairs = [
            self._ends(part, scores[used], used, levels, coverage, None if ratio is None else ratio.test_rows(rows))
            for rows, part in row_chunks(X, size)
        ]
        lower, upper = (np.concatenate(ends) for ends in zip(*pairs, strict=True))
        return lower, upper

    @abstractmethod
    def _ends(
        self, X: Any, scores: Array, used: Index, levels: Array, coverage: float | None, ratio: LikelihoodRatio | None
    ) -> Ends:
        """The ends at all `levels`, from the scores [m, T or 1] at `coverage` of the calibration rows `used`."""

    def _scores(self, calibration: Iterable[tuple[Any, Array]], coverage: float | None) -> Array:
        scores = np.concatenate([self.score.scores(view, y, coverage) for view, y in calibration])
        return scores.max(axis=1, keepdims=True) if self.joint else scores
