"""Linear maps of log-probabilities against an independent optimiser, their limits, symmetries and known truth."""

import numpy as np
import pytest
from scipy.optimize import minimize, minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from uncertainty.calibration import linear_map
from uncertainty.calibration.linear_map import SCALE_OF_WEIGHTS, counted_rows, fit_linear_map

methods = pytest.mark.parametrize("method", SCALE_OF_WEIGHTS)
TRUTH = np.array([[0.5, 0.2, 0.0], [0.0, 1.0, 0.0], [-0.3, 0.0, 2.0]]), np.array([0.5, 0.0, -0.5])


def draw(n, matrix, intercept, seed=0):
    """Log-probabilities of n rows, and classes drawn from softmax(W log p + b)."""
    rng = np.random.default_rng(seed)
    log_proba = log_softmax(2.0 * rng.standard_normal((n, len(intercept))), axis=1)
    truth = softmax(log_proba @ matrix.T + intercept, axis=1)
    codes = (rng.random((n, 1)) > truth.cumsum(axis=1)).sum(axis=1)
    return log_proba, np.minimum(codes, len(intercept) - 1)


@pytest.fixture
def problem():
    log_proba, codes = draw(150, *TRUTH)
    return log_proba, codes, np.random.default_rng(1).uniform(0.5, 2.0, 150)


def total_nll(matrix, intercept, log_proba, codes, n_rows):
    log_q = log_softmax(log_proba @ matrix.T + intercept, axis=1)
    return -n_rows @ log_q[np.arange(len(codes)), codes]


@methods
@pytest.mark.parametrize("prior_scale", [0.5, 3.0])
def test_it_is_the_largest_posterior_density_that_a_search_without_gradients_finds(problem, method, prior_scale):
    found = fit_linear_map(*problem, method, prior_scale)
    if method == "vector":
        np.testing.assert_array_equal(found[0], np.diag(np.diag(found[0])))
    of_weights = prior_scale * {"vector": 0.1, "matrix": 0.1, "dirichlet": 0.05}[method]
    of_intercept = prior_scale * 0.3

    def parts(parameters):
        """The common weight t, D and b."""
        own = parameters[1:-3]
        return parameters[0], np.diag(own) if method == "vector" else own.reshape(3, 3), parameters[-3:]

    def as_map(parameters):
        t, own, intercept = parts(parameters)
        mean = np.full((3, 3), 1 / 3)  # of the classes; a third of it is left
        return t * np.eye(3) + own @ (np.eye(3) - (0.0 if method == "vector" else 2 / 3) * mean), intercept

    def negative_log_posterior(parameters):
        t, own, intercept = parts(parameters)
        prior = ((t - 1) / 0.25) ** 2 + ((own / of_weights) ** 2).sum() + ((intercept / of_intercept) ** 2).sum()
        return total_nll(*as_map(parameters), *problem) + 0.5 * prior

    start = np.r_[0.7, np.zeros(3 if method == "vector" else 9), np.zeros(3)]
    other = minimize(negative_log_posterior, start, method="BFGS", options={"gtol": 1e-4})
    for ours, expected in zip(found, as_map(other.x), strict=True):
        np.testing.assert_allclose(ours, expected, atol=2e-4)


@methods
def test_without_room_for_anything_else_it_is_one_temperature(problem, method):
    matrix, intercept = fit_linear_map(*problem, method, prior_scale=0.0)
    t = matrix[0, 0]
    np.testing.assert_array_equal(matrix, t * np.eye(3))
    np.testing.assert_array_equal(intercept, 0.0)
    by_search = minimize_scalar(
        lambda t: total_nll(t * np.eye(3), 0.0, *problem) + 0.5 * ((t - 1) / 0.25) ** 2, bounds=(0.1, 3)
    )
    np.testing.assert_allclose(t, by_search.x, rtol=1e-4)


@methods
def test_hardly_any_evidence_changes_hardly_anything(problem, method):
    log_proba, codes, n_rows = problem
    matrix, intercept = fit_linear_map(log_proba, codes, 1e-4 * n_rows, method)
    np.testing.assert_allclose(matrix, np.eye(3), atol=2e-3)
    np.testing.assert_allclose(intercept, 0.0, atol=2e-3)


@methods
def test_few_rows_of_a_wrong_temperature_move_the_temperature_alone(method):
    log_proba, codes = draw(100, 0.3 * np.eye(8), np.zeros(8))
    matrix, _ = fit_linear_map(log_proba, codes, np.ones(100), method)
    temperature, _ = fit_linear_map(log_proba, codes, np.ones(100), method, prior_scale=0.0)
    new = draw(4000, 0.3 * np.eye(8), np.zeros(8), seed=1)
    nll = [total_nll(m, 0.0, *new, np.full(4000, 1 / 4000)) for m in (np.eye(8), temperature, matrix)]
    # Of what is gained by a temperature the other 16 or 72 numbers lose little.
    assert nll[1] < nll[2] < nll[1] + 0.1 * (nll[0] - nll[1])


@methods
def test_many_rows_overcome_the_prior(method):
    matrix, intercept = TRUTH
    matrix = np.diag(np.diag(matrix)) if method == "vector" else matrix
    log_proba, codes = draw(10000, matrix, intercept)
    truth = softmax(log_proba @ matrix.T + intercept, axis=1)

    def error(matrix, intercept):
        return np.abs(softmax(log_proba @ matrix.T + intercept, axis=1) - truth).mean()

    few, many = (fit_linear_map(log_proba[:n], codes[:n], np.ones(n), method) for n in (200, 10000))
    # The truth is up to 20 standard deviations of the prior away.
    assert error(*many) < 0.5 * error(*few) < 0.5 * error(np.eye(3), 0.0)
    assert error(*many) < 0.02


@pytest.mark.parametrize("method", ["matrix", "dirichlet"])
def test_beside_any_evidence_a_full_map_is_a_multinomial_regression(problem, method):
    log_proba, codes, _ = problem
    matrix, intercept = fit_linear_map(log_proba, codes, np.full(150, 1e5), method)
    free = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(log_proba, codes)
    share = np.full(150, 1 / 150)
    # L-BFGS is slow where there is hardly a prior: it stops within 1e-5 nats a row of the best.
    assert total_nll(matrix, intercept, log_proba, codes, share) < 1e-5 + total_nll(
        free.coef_, free.intercept_, log_proba, codes, share
    )


@methods
def test_renaming_the_classes_renames_the_map(problem, method):
    log_proba, codes, n_rows = problem
    order = np.array([2, 0, 1])
    matrix, intercept = fit_linear_map(*problem, method)
    renamed = fit_linear_map(log_proba[:, order], np.argsort(order)[codes], n_rows, method)
    np.testing.assert_allclose(renamed[0], matrix[np.ix_(order, order)], atol=1e-5)
    np.testing.assert_allclose(renamed[1], intercept[order], atol=1e-5)


@methods
def test_a_row_that_counts_twice_is_two_rows(problem, method):
    log_proba, codes, _ = problem
    n_rows = np.random.default_rng(3).integers(0, 3, 150)
    counted = fit_linear_map(log_proba, codes, n_rows.astype(float), method)
    repeated = fit_linear_map(
        np.repeat(log_proba, n_rows, axis=0), np.repeat(codes, n_rows), np.ones(n_rows.sum()), method
    )
    np.testing.assert_allclose(counted[0], repeated[0], atol=1e-6)


@methods
def test_two_classes(method):
    """A slope and a shift of the log-odds, as by a logistic regression of many rows."""
    matrix, intercept = np.array([[0.5, 0.0], [0.0, 0.7]]), np.array([0.4, -0.4])
    log_proba, codes = draw(3000, matrix, intercept)
    odds = log_proba @ [-1.0, 1.0]
    found = fit_linear_map(log_proba, codes, np.ones(3000), method)
    new = softmax(log_proba @ found[0].T + found[1], axis=1)[:, 1]
    truth = softmax(log_proba @ matrix.T + intercept, axis=1)[:, 1]
    assert np.abs(new - truth).mean() < 0.02 < 0.3 * np.abs(1 / (1 + np.exp(-odds)) - truth).mean()
    swapped = fit_linear_map(log_proba[:, ::-1], 1 - codes, np.ones(3000), method)
    np.testing.assert_allclose(swapped[0][::-1, ::-1], found[0], atol=1e-5)


@methods
def test_rows_separated_perfectly_give_a_finite_map(method):
    codes = np.arange(60) % 3
    log_proba = log_softmax(5.0 * np.eye(3)[codes], axis=1)
    matrix, intercept = fit_linear_map(log_proba, codes, np.ones(60), method)
    # 60 rows without an error at a mean probability of 0.987: there is little to learn from them.
    assert np.all(np.diag(matrix) > 1.0)
    assert np.abs(matrix - np.eye(3)).max() < 0.2
    np.testing.assert_allclose(intercept, 0.0, atol=1e-6)


def test_an_unfinished_search_says_so(problem, monkeypatch):
    monkeypatch.setattr(linear_map, "MAX_ITERATIONS", 2)
    with pytest.warns(ConvergenceWarning, match="still improving after 2 steps"):
        fit_linear_map(*problem, "matrix", 10.0)


def test_whole_weights_are_counts_and_others_relative():
    whole = np.array([3.0, 1.0, 2.0])
    np.testing.assert_array_equal(counted_rows(whole), whole)
    np.testing.assert_allclose(counted_rows(np.full(4, 0.1)), 1.0)
    weight = np.array([0.2, 0.5, 1.7])
    counted = counted_rows(weight)
    np.testing.assert_allclose(counted.sum(), weight.sum() ** 2 / (weight**2).sum())
    np.testing.assert_allclose(counted / counted[0], weight / weight[0])
    for factor in (1e-200, 0.3, 123.0):
        np.testing.assert_allclose(counted_rows(factor * weight), counted)
