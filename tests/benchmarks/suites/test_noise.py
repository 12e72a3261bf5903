"""Made data have the noise and the gaps that they say, and the scores find them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.stats import kstest, norm
from sklearn.datasets import make_friedman1
from sklearn.utils import Bunch

from benchmarks.runner import Fitted
from benchmarks.suites.noise import DATASETS, MADE_DATA, NOISE, friedman, load_made


@pytest.mark.parametrize("name", MADE_DATA)
def test_targets_have_the_noise_that_is_said(name: str) -> None:
    made = MADE_DATA[name]
    X = made.draw_inputs(4000, np.random.default_rng(0))
    y = made.draw_targets(X, np.random.default_rng(1))
    assert kstest((y - made.mean(X)) / made.std(X), norm.cdf).pvalue > 0.01
    assert made.std(X).max() > 3 * made.std(X).min()


def test_the_mean_is_that_of_friedman() -> None:
    X, y = make_friedman1(100, 6, noise=0.0, random_state=0)
    np.testing.assert_allclose(friedman(X), y)


@pytest.mark.parametrize("name", MADE_DATA)
def test_no_row_but_those_for_it_lies_in_a_gap(name: str) -> None:
    made, generator = MADE_DATA[name], np.random.default_rng(0)
    x = made.draw_inputs(3000, generator)[:, 0]
    inside = (x > 1 / 3) & (x < 2 / 3)
    assert inside.mean() == pytest.approx(0.0 if made.has_gap else 1 / 3, abs=0.03)
    for low, high in ((0.0, 1 / 6), (5 / 6, 1.0)):
        share = ((x > low) & (x < high)).mean()
        assert share == pytest.approx(1 / 4 if made.has_gap else 1 / 6, abs=0.03)
    gap = made.draw_gap(100, generator)[:, 0]
    assert 1 / 3 <= gap.min() < 0.4 < 0.6 < gap.max() <= 2 / 3


def test_problems_are_fresh_draws_that_share_their_beginning() -> None:
    assert set(DATASETS) == set(NOISE.tasks)
    small, large, other = load_made("friedman_200", 0), load_made("friedman_800", 0), load_made("friedman_200", 1)
    assert (len(small.y_train), len(large.y_train), len(small.y_test)) == (200, 800, 1000)
    np.testing.assert_array_equal(small.X_train, large.X_train[:200])
    np.testing.assert_array_equal(small.y_train, large.y_train[:200])
    np.testing.assert_array_equal(small.y_test, large.y_test)
    assert not np.isin(small.y_train, other.y_train).any()
    assert not np.isin(small.y_test, large.y_train).any()


class Known:
    """Says a tenth too much noise everywhere; its epistemic spread is three times as large in the gap."""

    def __init__(self, std: Any) -> None:
        self.std = std

    def predict_uncertainty(self, X: Any) -> Bunch:
        in_gap = (X[:, 0] > 1 / 3) & (X[:, 0] < 2 / 3)
        return Bunch(aleatoric_variance=(1.1 * self.std(X)) ** 2, epistemic_variance=np.where(in_gap, 0.6, 0.2) ** 2)


@pytest.mark.parametrize(("name", "n_rows"), [("sine_gap", 200), ("friedman", 200), ("friedman_gap", 800)])
def test_scores_of_known_answers(name: str, n_rows: int) -> None:
    made, problem = MADE_DATA[name], load_made(f"{name}_{n_rows}", 0)
    scores = problem.extra_scores(Fitted(Known(made.std), lambda: None, problem, 0))
    assert scores["aleatoric_std_rmse"] == pytest.approx(0.1)
    assert scores["aleatoric_std_correlation"] == pytest.approx(1.0)
    x = problem.X_test[:, 0]
    assert scores["epistemic_std"] == pytest.approx(np.where((x > 1 / 3) & (x < 2 / 3), 0.6, 0.2).mean())
    if made.has_gap:
        assert scores["epistemic_std_gap"] == pytest.approx(0.6)
        assert scores["epistemic_std_outside"] == pytest.approx(0.2)
        assert scores["epistemic_ratio"] == pytest.approx(3.0)
    else:
        assert "epistemic_ratio" not in scores


def test_a_method_without_parts_has_no_such_scores() -> None:
    problem = load_made("sine_gap_200", 0)
    scores = problem.extra_scores(Fitted(object(), lambda: None, problem, 0))
    assert len(scores) == 6
    assert all(map(math.isnan, scores.values()))
