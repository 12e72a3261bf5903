"""Jackknife+-after-bootstrap: the members of one bootstrap ensemble that have not seen a row are a model without it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from uncertainty.calibration.calibrated import Index
from uncertainty.calibration.conformity_scores import ConformityScore
from uncertainty.calibration.jackknife_plus import JackknifePlus
from uncertainty.estimators import DeepEnsembleRegressor
from uncertainty.heads.normal_mixture import NormalMixture
from uncertainty.predictive import ContinuousPredictive

Array = NDArray[np.float64]

MIN_MEMBERS = 20


class OutOfBagConformal(JackknifePlus):
    """Jackknife+-after-bootstrap from an ensemble and the rows X, y that it was fitted on, without any refit.

    `rows` [m] are the numbers of the rows that at least one member has not seen; the others calibrate nothing.

    Kim, Xu & Barber (2020), Predictive inference is free with the jackknife+-after-bootstrap, algorithm 1 with the
    mixture of the members for their aggregate.
    """

    def __init__(self, score: ConformityScore, model: Any, X: Any, y: Array, *, joint: bool) -> None:
        unseen = _unseen(model, len(y))
        self.rows: Index = np.flatnonzero(unseen.any(axis=0))
        self.unseen = unseen[:, self.rows]
        self.model = model
        pooled = model.predict_dist(X)[self.rows].members.pool()
        calibration = [(score.view_of(_mixture_by_row(pooled, self.unseen)), y[self.rows])]
        super().__init__(score, calibration, y.shape[1], np.arange(len(self.rows)), joint=joint)

    def _views(self, X: Any) -> Callable[[int], Any]:
        members = self.model.predict_dist(X).members

        def view(number: int) -> Any:
            chosen = self.unseen[:, number]
            mixture = NormalMixture(members.weights[chosen], members.means[chosen], members.scales[chosen])
            return self.score.view_of(ContinuousPredictive(mixture, single_target=self.n_targets == 1))

        return view


def _unseen(model: Any, n_rows: int) -> NDArray[np.bool_]:
    """Whether [M, n] a member of the ensemble has neither trained on a row nor watched it for early stopping."""
    if not isinstance(model, DeepEnsembleRegressor) or not hasattr(model, "in_bag_counts_"):
        raise TypeError(
            f"method='jackknife+ab' needs a DeepEnsembleRegressor with bootstrap=True, fitted at once, got {model!r}. "
            f"Use method='split' or 'cv+' with other estimators."
        )
    n_members, n_seen = model.in_bag_counts_.shape
    if n_members < MIN_MEMBERS:
        raise ValueError(
            f"n_estimators must be at least {MIN_MEMBERS} with method='jackknife+ab', got {n_members}. About a "
            f"third of the members have not seen a row, and fewer predict it worse than the ensemble does."
        )
    if n_seen != n_rows:
        raise ValueError(
            f"X must hold the rows that the ensemble was fitted on, with positive weight, which are {n_seen}, got "
            f"{n_rows}. With new rows use method='split'."
        )
    return model.in_bag_counts_ == 0


def _mixture_by_row(pooled: NormalMixture, chosen: NDArray[np.bool_]) -> ContinuousPredictive:
    """Return for each row the equal mixture of the members `chosen` [M, n], out of the mixture [n, T, M K] of all."""
    share = (chosen * (len(chosen) / chosen.sum(axis=0))).T[..., None]  # [n, M, 1]
    weights = pooled.weights.reshape(*share.shape[:2], -1) * share
    mixture = NormalMixture(weights.reshape(1, *pooled.weights.shape), pooled.means[None], pooled.scales[None])
    return ContinuousPredictive(mixture, single_target=pooled.means.shape[1] == 1)
