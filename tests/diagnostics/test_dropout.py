"""What dropout amounts to: exact identities by enumeration, and averages of a network's masks."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import expit

from uncertainty import MCDropoutRegressor, ProbabilisticMLPClassifier, ProbabilisticMLPRegressor
from uncertainty.diagnostics import dropout_regularization
from uncertainty.diagnostics.dropout import _linear_unit, _logistic_unit, _masked_sums


def test_every_mask_has_its_probability():
    sums, probability = _masked_sums(np.array([[1.0, 10.0]]), np.array([1.0, 1.0]), 0.3)
    found = dict(zip(sums[:, 0], probability, strict=True))
    assert found == pytest.approx({0.0: 0.09, 1.0: 0.21, 10.0: 0.21, 11.0: 0.49})


@pytest.mark.parametrize("p", [0.1, 0.5, 0.8])
def test_linear_dropout_is_the_ensemble_and_a_ridge_penalty(p):
    rng = np.random.default_rng(0)
    x, weight, target = rng.normal(size=(7, 5)), rng.normal(size=5), rng.normal(size=7)
    found = _linear_unit(x, target, weight, p)
    # By Monte Carlo, with independent code.
    draws = rng.random((200_000, 1, 5)) >= p
    losses = (target - (draws * weight * x).sum(axis=2)) ** 2
    assert abs(found["linear_dropout_loss"] - losses.mean()) < 4 * losses.mean(axis=1).std() / np.sqrt(len(draws))
    assert_allclose(found["linear_ensemble_loss"], np.mean((target - (1 - p) * x @ weight) ** 2))
    ridge = sum(p * (1 - p) * x[:, i] ** 2 * weight[i] ** 2 for i in range(5))
    assert_allclose(found["linear_ridge_term"], ridge.mean())
    assert found["linear_identity_error"] < 1e-14


def test_the_geometric_mean_of_a_logistic_unit_is_exact_and_the_ridge_term_holds_for_small_inputs():
    rng = np.random.default_rng(0)
    x, weight, label = rng.normal(size=(7, 5)), rng.normal(size=5), rng.integers(2, size=7).astype(float)
    large, small = _logistic_unit(x, label, weight, 0.5), _logistic_unit(x, label, 0.1 * weight, 0.5)
    for found in (large, small):
        assert found["geometric_mean_error"] < 1e-12
    assert small["logistic_ridge_error"] < 0.01  # the next term is of fourth order
    assert small["logistic_ridge_error"] < 0.1 * large["logistic_ridge_error"]
    scaled = 0.5 * x @ (0.1 * weight)
    expected = -np.mean(label * np.log(expit(scaled)) + (1 - label) * np.log(expit(-scaled)))
    assert_allclose(small["logistic_ensemble_loss"], expected)


def test_averages_over_masks_come_to_a_limit(regression):
    network = ProbabilisticMLPRegressor((64, 64), max_iter=30, dropout=0.5, embedding=None)
    found = dropout_regularization(network, *regression, n_masks=400)
    assert found.rate == 0.5
    assert found.n_masks[0] == 1
    assert found.n_masks[-1] == 400
    assert_allclose(found.monte_carlo_error, found.monte_carlo_error[0] / np.sqrt(found.n_masks))
    # What is left of a few hundred masks is the error of scaled weights, not that of the average.
    assert found.distance_to_weight_scaling[-1] < 0.5 * found.distance_to_weight_scaling[0]
    assert found.distance_to_weight_scaling[-1] > 2.0 * found.monte_carlo_error[-1]


def test_a_linear_network_needs_no_averaging(regression):
    # Its mean over masks of the inputs is the prediction of scaled weights; only Monte Carlo error is left.
    network = ProbabilisticMLPRegressor((), head="gaussian", max_iter=20)
    found = dropout_regularization(network, *regression, n_masks=400, rate=0.3)
    assert found.distance_to_weight_scaling[-1] < 3.0 * found.monte_carlo_error[-1]


def test_the_rate_is_the_networks_own(regression, classification):
    assert dropout_regularization(MCDropoutRegressor(), *regression, n_masks=5).rate == 0.05
    quick = ProbabilisticMLPClassifier((8,), max_iter=5)
    assert dropout_regularization(quick, *classification, n_masks=5).rate == 0.2
    assert dropout_regularization(quick.set_params(dropout=0.4), *classification, n_masks=5).rate == 0.4
    assert dropout_regularization(quick, *classification, n_masks=5, rate=0.3).rate == 0.3
