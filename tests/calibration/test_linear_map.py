"""Linear maps of log-probabilities against finite differences, an independent optimiser and known truth."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from uncertainty.calibration import linear_map
from uncertainty.calibration.linear_map import Penalties, fit_linear_map


@pytest.fixture
def problem():
    rng = np.random.default_rng(0)
    log_proba = log_softmax(2.0 * rng.standard_normal((150, 3)), axis=1)
    truth = softmax(
        log_proba @ np.array([[0.5, 0.2, 0.0], [0.0, 1.0, 0.0], [-0.3, 0.0, 2.0]]).T + [0.5, 0, -0.5], axis=1
    )
    codes = (rng.random((150, 1)) > truth.cumsum(axis=1)).sum(axis=1)
    return log_proba, np.minimum(codes, 2), rng.uniform(0.5, 2.0, 150)


def objective(matrix, intercept, problem, penalties):
    """Kull et al. (2019), section 3.3, and the pull towards no change."""
    log_proba, codes, weight = problem
    log_q = log_softmax(log_proba @ matrix.T + intercept, axis=1)
    loss = -np.average(log_q[np.arange(len(codes)), codes], weights=weight)
    off = ~np.eye(3, dtype=bool)
    change = ((matrix - np.eye(3)) ** 2).sum() + (intercept**2).sum()
    return (
        loss
        + penalties.off_diagonal * np.mean(matrix[off] ** 2)
        + penalties.intercept * np.mean(intercept**2)
        + 0.5 * linear_map.PULL * change
    )


@pytest.mark.parametrize("diagonal", [True, False])
@pytest.mark.parametrize("penalties", [Penalties(), Penalties(0.05, 0.2)])
def test_it_is_the_minimum_that_a_search_without_gradients_finds(problem, diagonal, penalties):
    matrix, intercept = fit_linear_map(*problem, diagonal=diagonal, penalties=penalties)
    if diagonal:
        np.testing.assert_array_equal(matrix, np.diag(np.diag(matrix)))

    def loss(parameters):
        free = np.diag(parameters[:3]) if diagonal else parameters[:9].reshape(3, 3)
        return objective(free, parameters[-3:], problem, penalties)

    found = np.concatenate([np.diag(matrix) if diagonal else matrix.ravel(), intercept])
    # Finite differences of the independent objective vanish at the answer, and another start leads to the same value.
    slopes = [(loss(found + step) - loss(found - step)) / 2e-5 for step in 1e-5 * np.eye(len(found))]
    np.testing.assert_allclose(slopes, 0.0, atol=1e-7)
    other = minimize(loss, np.random.default_rng(0).standard_normal(len(found)), method="BFGS")
    assert loss(found) <= other.fun < loss(found) + 1e-4


def test_without_penalties_a_matrix_is_a_multinomial_regression(problem, monkeypatch):
    monkeypatch.setattr(linear_map, "PULL", 0.0)
    log_proba, codes, weight = problem
    matrix, intercept = fit_linear_map(*problem, diagonal=False, penalties=Penalties())
    other = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(log_proba, codes, sample_weight=weight)
    np.testing.assert_allclose(
        softmax(log_proba @ matrix.T + intercept, axis=1), other.predict_proba(log_proba), atol=1e-5
    )


def test_strong_penalties_leave_the_diagonal_alone(problem):
    matrix, intercept = fit_linear_map(*problem, diagonal=False, penalties=Penalties(1e4, 1e4))
    np.testing.assert_allclose(matrix[~np.eye(3, dtype=bool)], 0.0, atol=1e-3)
    np.testing.assert_allclose(intercept, 0.0, atol=1e-3)
    assert np.all(np.abs(np.diag(matrix) - 1.0) > 0.02)


def test_rows_separated_perfectly_give_a_finite_map():
    codes = np.arange(60) % 3
    log_proba = log_softmax(5.0 * np.eye(3)[codes], axis=1)
    for diagonal in (True, False):
        matrix, intercept = fit_linear_map(log_proba, codes, np.ones(60), diagonal=diagonal, penalties=Penalties())
        assert np.abs(matrix).max() < 5.0
        assert np.isfinite(intercept).all()


def test_an_unfinished_search_says_so(problem, monkeypatch):
    monkeypatch.setattr(linear_map, "MAX_ITERATIONS", 2)
    with pytest.warns(ConvergenceWarning, match="still improving after 2 steps"):
        fit_linear_map(*problem, diagonal=False, penalties=Penalties())
