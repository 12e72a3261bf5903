"""The Gaussian head against scipy and torch, and its one or many variances."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from scipy.stats import norm

from uncertainty.heads import Gaussian


@pytest.mark.parametrize("n_targets", [1, 3])
def test_log_prob_equals_scipy_and_torch(n_targets):
    rng = np.random.default_rng(0)
    raw, y = rng.normal(size=(7, 2 * n_targets)), rng.normal(size=(7, n_targets))
    sigma = np.log1p(np.exp(raw[:, n_targets:])) + 0.05
    head = Gaussian(floor=0.05).build(n_targets)
    actual = head.log_prob(torch.tensor(raw), torch.tensor(y))
    assert_allclose(actual.numpy(), norm(raw[:, :n_targets], sigma).logpdf(y).sum(axis=1), rtol=1e-12)
    peer = torch.distributions.Normal(torch.tensor(raw[:, :n_targets]), torch.tensor(sigma))
    torch.testing.assert_close(actual, peer.log_prob(torch.tensor(y)).sum(dim=1))
    distribution = head.distribution(raw)
    assert_allclose(distribution.mean(), raw[:, :n_targets])
    assert_allclose(distribution.variance(), sigma**2, rtol=1e-12)


def test_training_starts_at_the_weighted_mean_and_standard_deviation():
    rng = np.random.default_rng(0)
    y, weight = rng.normal(3.0, 2.0, size=(40, 2)), rng.uniform(0.1, 2.0, 40)
    head = Gaussian().build(2)
    start = head.distribution(head.init_raw(torch.tensor(y), torch.tensor(weight)).numpy())
    mean = np.average(y, axis=0, weights=weight)
    assert_allclose(start.mean(), mean, rtol=1e-12)
    assert_allclose(start.variance(), np.average((y - mean) ** 2, axis=0, weights=weight), rtol=1e-9)


def test_no_standard_deviation_falls_below_the_floor():
    head = Gaussian(floor=0.3).build(1)
    assert_allclose(head.distribution(np.array([[0.0, -80.0]])).variance(), 0.3**2)
    assert head.log_prob(torch.tensor([[0.0, -80.0]]), torch.zeros(1, 1)).item() == pytest.approx(
        norm(0, 0.3).logpdf(0), rel=1e-6
    )


def test_constant_variance_marks_the_standard_deviations_as_biases():
    assert Gaussian(variance="constant").build(2).bias_only == (False, False, True, True)
    assert Gaussian().build(2).bias_only == (False,) * 4


def test_bad_options_are_refused_when_built():
    with pytest.raises(ValueError, match="variance must be 'learned' or 'constant', got 'fixed'"):
        Gaussian(variance="fixed").build(1)
    with pytest.raises(ValueError, match="floor must be greater than 0"):
        Gaussian(floor=0.0).build(1)
