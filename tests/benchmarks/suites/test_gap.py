"""The epistemic spread in a gap and outside, with an estimator whose spread is known."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from sklearn.utils import Bunch

from benchmarks.runner import Fitted, Problem
from benchmarks.suites.gap import gap_scores

X_TRAIN, X_GAP = np.arange(50.0)[:, None], 100.0 + np.arange(10.0)[:, None]
PROBLEM = Problem("regression", X_TRAIN, X_TRAIN[:, 0], X_GAP, X_GAP[:, 0])


class Distance:
    """The epistemic standard deviation of a row is the distance to the nearest row of the fit."""

    fits: list[Any] = []  # noqa: RUF012

    def fit(self, X: Any, y: Any) -> Distance:
        Distance.fits.append(X)
        np.testing.assert_array_equal(X[:, 0], y)
        self.X = X
        return self

    def predict_uncertainty(self, X: Any) -> Bunch:
        return Bunch(epistemic_variance=(np.abs(X - self.X[:, 0]).min(axis=1)) ** 2)


def test_a_second_fit_without_a_tenth_of_the_rows_tells_the_spread_outside() -> None:
    Distance.fits = []
    fitted = Fitted(Distance().fit(X_TRAIN, X_TRAIN[:, 0]), Distance, PROBLEM, 4)
    scores = gap_scores(fitted)
    assert [len(X) for X in Distance.fits] == [50, 45]
    held_out = np.setdiff1d(X_TRAIN, Distance.fits[1])
    assert len(held_out) == 5
    outside = np.mean([np.abs(x - Distance.fits[1]).min() for x in held_out])
    inside = np.mean(X_GAP - Distance.fits[1].max())
    assert scores["epistemic_std_outside"] == pytest.approx(outside)
    assert scores["epistemic_std_gap"] == pytest.approx(inside)
    assert scores["epistemic_ratio"] == pytest.approx(inside / outside)
    assert gap_scores(fitted) == scores


def test_without_epistemic_variance_there_is_nothing_to_fit() -> None:
    def fail() -> Any:
        raise AssertionError("fitted once more")

    scores = gap_scores(Fitted(object(), fail, PROBLEM, 0))
    assert len(scores) == 3
    assert all(map(math.isnan, scores.values()))


def test_a_single_network_has_no_ratio() -> None:
    class Certain(Distance):
        def predict_uncertainty(self, X: Any) -> Bunch:
            return Bunch(epistemic_variance=np.zeros(len(X)))

    scores = gap_scores(Fitted(Certain(), Certain, PROBLEM, 0))
    assert (scores["epistemic_std_gap"], scores["epistemic_std_outside"]) == (0.0, 0.0)
    assert math.isnan(scores["epistemic_ratio"])
