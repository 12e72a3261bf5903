"""Predictive distributions of calibration rows beside what was observed, and their scores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from uncertainty.predictive import ContinuousPredictive
from uncertainty.predictive.regression import RegressionPredictive

Array = NDArray[np.float64]
P = TypeVar("P", bound=RegressionPredictive)
Q = TypeVar("Q", bound=RegressionPredictive)


@dataclass(frozen=True)
class HeldOut(Generic[P]):
    """Predictives of the splits, the targets of each, (n,) or (n, T), and the weights of all rows, one after the other.

    Splits stay apart because the models of two of them may have different numbers of members.
    """

    predictives: list[P]
    targets: list[Array]
    weight: Array

    def nll(self) -> float:
        """Weighted mean negative log-likelihood, joint over targets, in nats a row."""
        pairs = zip(self.predictives, self.targets, strict=True)
        return -float(np.average(np.concatenate([p.logpdf(y) for p, y in pairs]), weights=self.weight))

    def crps(self) -> float:
        """Weighted mean continuous ranked probability score, averaged over targets, in units of y."""
        pairs = zip(self.predictives, self.targets, strict=True)
        scores = np.concatenate([p.crps(y) for p, y in pairs])
        return float(np.average(scores.reshape(len(scores), -1).mean(axis=1), weights=self.weight))

    def changed(self, change: Callable[[P], Q]) -> HeldOut[Q]:
        """The same rows with other predictives."""
        return HeldOut([change(p) for p in self.predictives], self.targets, self.weight)


def marginal(rows: HeldOut[ContinuousPredictive], target: int) -> HeldOut[ContinuousPredictive]:
    """The rows with one target alone."""
    targets = [y.reshape(len(y), -1)[:, target] for y in rows.targets]
    return HeldOut([p.marginal(target) for p in rows.predictives], targets, rows.weight)


def standardised_residuals(rows: HeldOut[ContinuousPredictive]) -> Array:
    """Errors [n] of the mean in predicted standard deviations, for a single target."""
    pairs = zip(rows.predictives, rows.targets, strict=True)
    return np.concatenate([(y - p.mean()) / p.std() for p, y in pairs])


def tail_probabilities(rows: HeldOut[ContinuousPredictive]) -> tuple[Array, Array]:
    """Predicted probabilities [n] below and above each observation, for a single target."""
    pairs = list(zip(rows.predictives, rows.targets, strict=True))
    return np.concatenate([p.cdf(y) for p, y in pairs]), np.concatenate([p.sf(y) for p, y in pairs])
