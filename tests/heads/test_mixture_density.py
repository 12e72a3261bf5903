"""The mixture density head against torch.distributions, its start, and one component against the Gaussian head."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from scipy.special import softmax

from uncertainty.heads import Gaussian, MixtureDensity

FLOOR = 0.05


@pytest.mark.parametrize("n_targets", [1, 3])
@pytest.mark.parametrize("n_components", [1, 3])
def test_log_prob_equals_torch(n_targets, n_components):
    rng = np.random.default_rng(0)
    n = n_targets * n_components
    raw, y = rng.normal(size=(7, 2 * n + n_components)), torch.tensor(rng.normal(size=(7, n_targets)))
    offsets, widths = (part.reshape(7, n_targets, n_components).copy() for part in (raw[:, :n], raw[:, n : 2 * n]))
    scale = np.log1p(np.exp(widths[..., :1])) + FLOOR
    means = offsets[..., :1] + scale * np.where(np.arange(n_components) > 0, offsets, 0.0)
    sigma = scale * np.where(np.arange(n_components) > 0, np.exp(1.2 * np.tanh(widths / 1.2)), 1.0)
    weights = softmax(raw[:, 2 * n :], axis=1)
    components = torch.distributions.Normal(*(torch.tensor(a).transpose(1, 2) for a in (means, sigma)))
    peer = torch.distributions.MixtureSameFamily(
        torch.distributions.Categorical(torch.tensor(weights)), torch.distributions.Independent(components, 1)
    )
    head = MixtureDensity(n_components, floor=FLOOR).build(n_targets)
    torch.testing.assert_close(head.log_prob(torch.tensor(raw), y), peer.log_prob(y))
    distribution = head.distribution(raw)
    assert_allclose(distribution.mean(), peer.mean.numpy(), rtol=1e-12)
    assert_allclose(distribution.variance(), peer.variance.numpy(), rtol=1e-10)


@pytest.mark.parametrize("n_targets", [1, 3])
def test_one_component_is_the_gaussian_head(n_targets):
    mixture, gaussian = MixtureDensity(1).build(n_targets), Gaussian().build(n_targets)
    rng = torch.Generator().manual_seed(0)
    raw = torch.randn(2, 6, 2 * n_targets + 1, generator=rng, dtype=torch.float64)
    y = torch.randn(2, 6, n_targets, generator=rng, dtype=torch.float64)
    short = raw[..., :-1].contiguous()
    nll, score = mixture.nll_and_score(raw, y)
    expected_nll, expected_score = gaussian.nll_and_score(short, y)
    torch.testing.assert_close(nll, expected_nll, rtol=1e-13, atol=1e-13)
    torch.testing.assert_close(score[..., :-1], expected_score, rtol=1e-13, atol=1e-13)
    assert (score[..., -1] == 0).all()  # the only weight is 1, whatever its logit
    weight = torch.rand(6, generator=rng, dtype=torch.float64)
    start = mixture.init_raw(y[0], weight)
    assert torch.equal(start[:-1], gaussian.init_raw(y[0], weight))
    assert start[-1] == 0
    a, b = mixture.distribution(raw.numpy()), gaussian.distribution(short.numpy())
    assert_allclose(a.mean(), b.mean(), rtol=1e-14)
    assert_allclose(a.variance(), b.variance(), rtol=1e-14)


@pytest.mark.parametrize("n_components", [2, 3, 5])
def test_training_starts_with_components_spread_over_the_quantiles_and_the_variance_of_the_targets(n_components):
    y = torch.tensor(np.random.default_rng(0).normal(2.0, 1.5, size=(4000, 1)))
    head = MixtureDensity(n_components).build(1)
    start = head.distribution(head.init_raw(y, torch.ones(4000, dtype=y.dtype)).numpy())
    assert_allclose(start.weights, 1 / n_components)
    levels = (np.arange(n_components) + 0.5) / n_components
    assert_allclose(np.sort(start.means), np.quantile(y.numpy(), levels, axis=0).T, atol=0.01)
    assert_allclose(
        start.means[0, 0], np.quantile(y.numpy(), levels[(n_components - 1) // 2]), atol=0.01
    )  # the middle one
    # The means of the components are not those of the halves they stand for: variance holds, the mean to rounding of
    # the quantiles.
    assert_allclose(start.variance(), y.numpy().var(axis=0), rtol=1e-6)


def test_components_of_several_targets_start_with_widths_apart_and_no_target_tied_to_another():
    y = torch.tensor(np.random.default_rng(0).normal([2.0, -5.0], [1.5, 0.3], size=(4000, 2)))
    head = MixtureDensity(5).build(2)
    raw = head.init_raw(y, torch.ones(4000, dtype=y.dtype))
    start = head.distribution(raw.numpy())
    assert_allclose(start.means, np.tile(y.numpy().mean(axis=0)[:, None], 5), rtol=1e-12)
    assert_allclose(start.variance(), y.numpy().var(axis=0), rtol=1e-6)
    assert_allclose(np.sort(start.scales) / start.scales[:, :1], np.exp([[-0.5, -0.25, 0.0, 0.25, 0.5]] * 2), rtol=1e-6)
    normal = Gaussian().build(2)
    expected = normal.log_prob(normal.init_raw(y, torch.ones(4000, dtype=y.dtype)).expand(4000, -1), y).mean()
    assert -0.2 < head.log_prob(raw.expand(4000, -1), y).mean() - expected < 0.0


def test_components_start_apart_even_where_most_targets_are_equal():
    y = torch.zeros(100, 1, dtype=torch.float64)
    y[::2] = 1.0
    head = MixtureDensity(2).build(1)
    start = head.distribution(head.init_raw(y, torch.ones(100, dtype=y.dtype)).numpy())
    assert_allclose(start.means, [[0.0, 1.0]], atol=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_start_with_integer_weights_equals_repetition_where_the_cdf_steps_at_a_level(dtype):
    # One draw in twenty has such a step, and the rounding of the scaled weights could tip the quantile there.
    for seed in range(100):
        rng = np.random.default_rng(seed)
        n_rows, n_components = rng.integers(4, 40), int(rng.integers(2, 6))
        y, times = torch.tensor(rng.normal(size=(n_rows, 1)), dtype=dtype), torch.tensor(rng.integers(1, 4, n_rows))
        head = MixtureDensity(n_components).build(1)
        weighted = head.init_raw(y, (times / times.double().mean()).to(dtype))
        repeated = head.init_raw(y.repeat_interleave(times, dim=0), torch.ones(int(times.sum()), dtype=dtype))
        torch.testing.assert_close(weighted, repeated, rtol=1e-4, atol=1e-4)


def test_a_row_far_from_a_component_does_not_move_it_but_with_the_first_one():
    # Two far components, at -10 and 10: the row at one of them is none of the other's business.
    head, scale = MixtureDensity(2).build(1), np.log1p(np.exp(0.5)) + 1e-3
    raw = torch.tensor([[-10.0, 20.0 / scale, 0.5, 0.0, 0.0, 0.0]], dtype=torch.float64)
    at_first, at_second = (head.score(raw, torch.tensor([[y]], dtype=torch.float64))[0] for y in (-9.0, 11.0))
    gaussian = Gaussian().build(1)
    expected = gaussian.score(raw[:, [0, 2]], torch.tensor([[-9.0]], dtype=torch.float64))[0]
    torch.testing.assert_close(at_first[[0, 2]], expected)
    torch.testing.assert_close(at_first[[1, 3]], torch.zeros(2, dtype=torch.float64))
    torch.testing.assert_close(at_first[4:], torch.tensor([-0.5, 0.5], dtype=torch.float64))
    expected = gaussian.score(torch.tensor([[10.0, 0.5]], dtype=torch.float64), torch.tensor([[11.0]]).double())[0]
    torch.testing.assert_close(at_second[0], expected[0])  # the first mean moves both
    torch.testing.assert_close(at_second[1], expected[0] * scale)
    torch.testing.assert_close(at_second[4:], torch.tensor([0.5, -0.5], dtype=torch.float64))


def test_unused_components_stay_within_three_scales_of_width():
    rng = np.random.default_rng(0)
    raw = rng.normal(scale=100.0, size=(50, 9))
    scales = MixtureDensity(3).build(1).distribution(raw).scales[:, 0]
    ratio = scales[:, 1:] / scales[:, :1]
    assert ratio.min() == pytest.approx(np.exp(-1.2), rel=1e-3)
    assert ratio.max() == pytest.approx(np.exp(1.2), rel=1e-3)


def test_bad_options_are_refused_when_built():
    with pytest.raises(ValueError, match="n_components must be at least 1, got 0"):
        MixtureDensity(0).build(1)
    with pytest.raises(TypeError, match="n_components must be a whole number"):
        MixtureDensity(2.5).build(1)
    with pytest.raises(ValueError, match="floor must be greater than 0"):
        MixtureDensity(floor=-1.0).build(1)
