"""Many draws of calibration rows from the held-out rows of a fit, and the risk of what is then accepted."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.frozen import FrozenEstimator

from uncertainty import SelectiveClassifier

from .predictions import KnownProbabilities, Predictions

N_STANDARD_ERRORS = 2.0


@dataclass(frozen=True)
class Outcome:
    """What became of every draw of calibration rows, (draws,).

    `kept` is the share of test rows accepted and `risk` the errors among them, 0 where no row is. `pool_risk` comes of
    another draw, with replacement: then all held-out rows are the population that the calibration rows are independent
    draws from, its risk is known exactly, and the guarantee is put to the test without the noise of test rows.
    """

    kept: NDArray[np.float64]
    risk: NDArray[np.float64]
    pool_risk: NDArray[np.float64]

    @classmethod
    def joined(cls, outcomes: Sequence[Outcome]) -> Outcome:
        """Return the draws of several fits, one after the other."""
        return cls(*(np.concatenate([getattr(o, name) for o in outcomes]) for name in ("kept", "risk", "pool_risk")))


def resample(
    predictions: Predictions, *, target_risk: float, delta: float, calibration_share: float, n_draws: int, seed: int
) -> Outcome:
    """Return the outcome of draws of a share of the rows to calibrate on; the other rows test."""
    rng = np.random.default_rng(seed)
    model = FrozenEstimator(KnownProbabilities(predictions).fit())
    n_rows, wrong = len(predictions.y), predictions.wrong
    n_calibration = round(calibration_share * n_rows)
    rows = np.arange(n_rows)[:, None]
    draws = np.empty((3, n_draws))
    for draw in range(n_draws):
        selective = SelectiveClassifier(model, target_risk=target_risk, delta=delta, random_state=draw)
        order = rng.permutation(n_rows)
        calibration, test = order[:n_calibration], order[n_calibration:]
        accepted = _accepted(selective, rows, predictions, calibration)
        with_replacement = _accepted(selective, rows, predictions, rng.integers(n_rows, size=n_calibration))
        draws[:, draw] = (
            accepted[test].mean(),
            _risk(wrong[test], accepted[test]),
            _risk(wrong, with_replacement),
        )
    return Outcome(*draws)


def _accepted(
    selective: SelectiveClassifier, rows: NDArray[np.intp], predictions: Predictions, calibration: NDArray[np.intp]
) -> NDArray[np.bool_]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # accepting nothing is counted as such
        return selective.fit(rows[calibration], predictions.y[calibration]).accepts(rows)


def _risk(wrong: NDArray[np.bool_], accepted: NDArray[np.bool_]) -> float:
    return float(wrong[accepted].mean()) if accepted.any() else 0.0


def most_failures(n_draws: int, delta: float) -> float:
    """Return how many of the draws may exceed the target: delta of them and the noise of counting."""
    return n_draws * delta + N_STANDARD_ERRORS * float(np.sqrt(n_draws * delta * (1.0 - delta)))
