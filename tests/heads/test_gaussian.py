"""The Gaussian head against scipy and torch, and its one or many variances."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from scipy.stats import norm

from uncertainty.heads import Gaussian
from uncertainty.heads.base import Head


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
    with pytest.raises(ValueError, match=r"beta must be at least 0 and at most 1, got 1\.5"):
        Gaussian(beta=1.5).build(1)
    with pytest.raises(ValueError, match="mean_warmup must be at least 0, got -1"):
        Gaussian(mean_warmup=-1).build(1)


# -- beta-NLL and the warm-up of the mean ------------------------------------------------------------------------------


def draw(n_targets=2, seed=0):
    rng = torch.Generator().manual_seed(seed)
    raw = torch.randn(3, 7, 2 * n_targets, generator=rng, dtype=torch.float64)
    return raw, torch.randn(3, 7, n_targets, generator=rng, dtype=torch.float64)


@pytest.mark.parametrize("beta", [0.0, 0.3, 0.5, 1.0])
def test_beta_weighs_the_gradient_of_each_target_by_a_power_of_sigma(beta):
    # Seitzer et al. (2022), eq. 5, with torch's own loss and the paper's stop-gradient.
    raw, y = draw()
    head = Gaussian(beta=beta, floor=0.05).build(2)
    leaf = raw.clone().requires_grad_()
    variance = (torch.nn.functional.softplus(leaf[..., 2:]) + 0.05) ** 2
    loss = torch.nn.GaussianNLLLoss(full=True, reduction="none")(leaf[..., :2], y, variance)
    (expected,) = torch.autograd.grad((variance.detach() ** beta * loss).sum(), leaf)
    nll, score = head.nll_and_score(raw, y)
    torch.testing.assert_close(score, expected)
    torch.testing.assert_close(nll, loss.detach().sum(dim=-1))  # what is reported is the plain NLL


def test_beta_of_one_gives_the_mean_the_gradient_of_squared_error():
    raw, y = draw()
    score = Gaussian(beta=1.0).build(2).score(raw, y)
    torch.testing.assert_close(score[..., :2], raw[..., :2] - y, rtol=1e-14, atol=1e-14)


def test_beta_of_zero_is_the_nll_to_the_bit():
    raw, y = (a.float() for a in draw())
    nll, score = Gaussian(beta=0.0, floor=0.05).build(2).nll_and_score(raw, y)
    sigma = torch.nn.functional.softplus(raw[..., 2:]) + 0.05
    inverse = 1.0 / sigma
    z = (raw[..., :2] - y) * inverse
    assert torch.equal(score[..., :2], z * inverse)
    assert torch.equal(score[..., 2:], torch.addcmul(inverse, z, z * inverse, value=-1.0) * torch.sigmoid(raw[..., 2:]))
    assert torch.equal(nll, torch.addcmul(torch.log(sigma), z, z, value=0.5).sum(-1) + np.log(2 * np.pi))


def test_in_the_warm_up_the_mean_alone_has_a_gradient():
    raw, y = draw()
    head = Gaussian(mean_warmup=3).build(2)
    assert head.n_warmup_epochs == 3
    assert Gaussian().build(2).n_warmup_epochs == 0
    nll, score = head.in_warmup().nll_and_score(raw, y)
    torch.testing.assert_close(nll, head.nll_and_score(raw, y)[0])
    assert torch.equal(score[..., :2], head.score(raw, y)[..., :2])
    assert not score[..., 2:].any()
    torch.testing.assert_close(score, Head.nll_and_score(head.in_warmup(), raw, y)[1])
