"""What every head owes the training loop and the predictive. A new head is found through `__all__`."""

import itertools

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from uncertainty.heads.base import Head
from uncertainty.heads.class_probabilities import ClassProbabilities

# The rectangle rule is exact to rounding for densities as smooth as these: exp(-2 pi^2 sigma^2 / step^2) off.
NODES = np.linspace(-24, 24, 65)


def log_prob_at(head, raw, y):
    """log_prob of one row's raw outputs [R] at many targets [Q, T]."""
    return head.log_prob(raw.expand(len(y), -1), y)


def every_outcome(case):
    """All combinations of classes [Q, T]."""
    return torch.tensor(list(itertools.product(range(case.n_classes), repeat=case.n_targets)), dtype=torch.float64)


def wide_raw(case):
    """Raw outputs whose scales are of order one, so that a fixed grid resolves the density."""
    raw = 0.3 * case.raw()[0, 0]
    n_scales = case.n_targets * getattr(case.head, "n_components", 1)
    raw[n_scales : 2 * n_scales] = raw[n_scales : 2 * n_scales].abs() + 0.3
    return raw


def test_density_or_mass_integrates_to_one_with_the_moments_of_the_distribution(case):
    if not case.continuous:
        y = every_outcome(case)
        for raw in case.raw()[0]:
            mass = torch.exp(log_prob_at(case.head, raw, y))
            assert_allclose(mass.sum().item(), 1.0, rtol=1e-12)
            distribution = case.head.distribution(raw.numpy()[None])
            for t, c in itertools.product(range(case.n_targets), range(case.n_classes)):
                share = mass[y[:, t] == c].sum().item()
                assert_allclose(distribution.mean()[0, t, c], share, rtol=1e-10)
                assert_allclose(distribution.variance()[0, t, c], share * (1 - share), rtol=1e-9)
        return
    raw = wide_raw(case)
    grid = np.stack(np.meshgrid(*[NODES] * case.n_targets, indexing="ij"), axis=-1)  # [65, ..., 65, T]
    share = torch.exp(log_prob_at(case.head, raw, torch.tensor(grid.reshape(-1, case.n_targets)))).numpy()
    share *= (NODES[1] - NODES[0]) ** case.n_targets
    assert_allclose(share.sum(), 1.0, rtol=1e-7)
    mean = share @ grid.reshape(-1, case.n_targets)
    variance = share @ (grid.reshape(-1, case.n_targets) - mean) ** 2
    distribution = case.head.distribution(raw.numpy()[None])
    assert_allclose(distribution.mean()[0], mean, rtol=1e-7, atol=1e-7)
    assert_allclose(distribution.variance()[0], variance, rtol=1e-7)


def test_distribution_keeps_leading_axes(case):
    raw = case.raw().numpy()
    whole = case.head.distribution(raw)
    one = case.head.distribution(raw[1, 3])
    assert_allclose(whole.mean()[1, 3], one.mean(), rtol=1e-14)
    assert_allclose(whole.variance()[1, 3], one.variance(), rtol=1e-14)
    tail = (case.n_targets,) if case.continuous else (case.n_targets, case.n_classes)
    assert whole.mean().shape == (*raw.shape[:2], *tail)


def test_score_equals_autograd_and_finite_differences(case):
    raw, y = case.raw(), case.y().expand(2, -1, -1)
    nll, score = case.head.nll_and_score(raw, y)
    leaf = raw.clone().requires_grad_()
    log_prob, loss = case.head.log_prob(leaf, y), case.head.training_loss(leaf, y)
    assert log_prob.shape == loss.shape == nll.shape == raw.shape[:2]
    torch.testing.assert_close(nll, -log_prob.detach(), rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(score, torch.autograd.grad(loss.sum(), leaf)[0], rtol=1e-8, atol=1e-9)
    if getattr(case.head, "beta", 0.0) > 0.0:
        return  # a gradient with a factor held constant is that of no function
    step = 1e-6
    for r in range(case.head.n_raw):
        up, down = raw.clone(), raw.clone()
        up[..., r] += step
        down[..., r] -= step
        slope = (case.head.training_loss(up, y) - case.head.training_loss(down, y)) / (2 * step)
        torch.testing.assert_close(score[..., r], slope, rtol=1e-5, atol=1e-6)


def test_the_default_path_through_autograd_equals_the_closed_form(case):
    raw, y = case.raw(), case.y().expand(2, -1, -1)
    with torch.no_grad():  # as the loop calls it
        default, closed = Head.nll_and_score(case.head, raw, y), case.head.nll_and_score(raw, y)
    for a, b in zip(default, closed, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-8, atol=1e-9)
        assert not a.requires_grad
    torch.testing.assert_close(case.head.score(raw, y), closed[1])
    assert not raw.requires_grad


def test_what_is_trained_by_default_is_what_is_reported(case):
    if getattr(case.head, "beta", 0.0) or getattr(case.head, "label_smoothing", 0.0):
        pytest.skip("an option that trains by something else")
    raw, y = case.raw(), case.y().expand(2, -1, -1)
    torch.testing.assert_close(case.head.training_loss(raw, y), -case.head.log_prob(raw, y), rtol=1e-14, atol=1e-14)


def test_mixed_targets_lie_between_the_two(case):
    raw, y, partner = case.raw(), case.y().expand(2, -1, -1), case.y(seed=4).expand(2, -1, -1)
    share = torch.linspace(0, 1, raw.shape[1], dtype=raw.dtype).expand(2, -1).unsqueeze(2)
    mixed = case.head.mix_targets(y, partner, share)
    nll, score = case.head.nll_and_score(raw, mixed)
    torch.testing.assert_close(nll, -case.head.log_prob(raw, mixed), rtol=1e-12, atol=1e-12)
    by_autograd = Head.nll_and_score(case.head, raw, mixed)[1]
    torch.testing.assert_close(score, by_autograd, rtol=1e-8, atol=1e-9)
    ends = [case.head.nll_and_score(raw, a) for a in (partner, y)]
    for row, end in ((0, 0), (-1, 1)):
        torch.testing.assert_close(nll[:, row], ends[end][0][:, row])
        torch.testing.assert_close(score[:, row], ends[end][1][:, row])
    if not case.continuous:  # the cross-entropy is linear in the shares
        torch.testing.assert_close(nll, share[..., 0] * ends[1][0] + (1 - share[..., 0]) * ends[0][0])
        again = case.head.mix_targets(mixed, y, torch.ones_like(share))
        torch.testing.assert_close(again, mixed)


def test_neither_raw_nor_targets_are_changed(case):
    raw, y = case.raw(), case.y().expand(2, -1, -1)
    kept = raw.clone(), y.clone()
    case.head.nll_and_score(raw, y)
    case.head.log_prob(raw, y)
    case.head.distribution(raw.numpy())
    assert torch.equal(raw, kept[0])
    assert torch.equal(y, kept[1])


def starting_targets(case, n_rows=30):
    """Targets with every class in every column, and row weights of mean one."""
    y = case.y(n_rows=n_rows)
    if not case.continuous:
        y[: case.n_classes] = torch.arange(case.n_classes, dtype=y.dtype)[:, None]
    return y, torch.tensor(np.random.default_rng(2).integers(1, 4, n_rows), dtype=torch.float64)


def test_training_starts_where_the_gradient_is_zero(case):
    if getattr(case.head, "n_components", 1) > 1:
        pytest.skip("a mixture starts with its components spread")
    if getattr(case.head, "label_smoothing", 0.0) > 0.0:
        pytest.skip("training starts at the marginal, and not at a smoothed one")
    y, weight = starting_targets(case)
    raw = case.head.init_raw(y, weight / weight.mean())
    assert raw.shape == (case.head.n_raw,)
    score = case.head.score(raw.expand(len(y), -1), y)
    mean_score = (weight.unsqueeze(1) * score).mean(dim=0)
    torch.testing.assert_close(mean_score, torch.zeros_like(mean_score), rtol=0, atol=1e-9)


def test_start_with_integer_weights_equals_repetition(case):
    y, weight = starting_targets(case)
    repeated = y.repeat_interleave(weight.long(), dim=0)
    expected = case.head.init_raw(repeated, torch.ones(len(repeated), dtype=y.dtype))
    torch.testing.assert_close(case.head.init_raw(y, weight / weight.mean()), expected, rtol=1e-9, atol=1e-9)


def test_start_with_a_rare_class_and_integer_weights_equals_repetition(case):
    # One row in a class of its own among rows that each stand for many.
    y, weight = starting_targets(case, n_rows=8)
    if not case.continuous:
        y[1:] = y[1:].clamp_min(1.0)
        y[0] = 0.0
    weight[1:] = 9.0
    weight[0] = 1.0
    repeated = y.repeat_interleave(weight.long(), dim=0)
    expected = case.head.init_raw(repeated, torch.ones(len(repeated), dtype=y.dtype))
    torch.testing.assert_close(case.head.init_raw(y, weight / weight.mean()), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_extreme_raw_outputs_stay_finite(case, dtype):
    y = case.y(dtype=dtype)
    signs = list(itertools.product([-50.0, 50.0], repeat=min(case.head.n_raw, 6)))
    for row in signs:
        raw = torch.tensor(row, dtype=dtype).repeat(case.head.n_raw)[: case.head.n_raw].expand(len(y), -1)
        nll, score = case.head.nll_and_score(raw.contiguous(), y)
        assert torch.isfinite(nll).all()
        assert torch.isfinite(score).all()
        assert torch.isfinite(case.head.log_prob(raw, y)).all()
        distribution = case.head.distribution(raw.double().numpy())
        assert np.isfinite(distribution.mean()).all()
        assert (distribution.variance() >= 0).all()
        if isinstance(distribution, ClassProbabilities):
            assert np.isfinite(distribution.log_proba).all()
        else:
            assert (distribution.variance() > 0).all()


@pytest.mark.parametrize("target", ["constant", "one row"])
def test_start_is_finite_for_degenerate_targets(case, target):
    y = case.y(n_rows=1) if target == "one row" else case.y(n_rows=1).expand(10, -1)
    raw = case.head.init_raw(y, torch.ones(len(y), dtype=y.dtype))
    assert torch.isfinite(raw).all()
    nll, score = case.head.nll_and_score(raw.expand(len(y), -1), y)
    assert torch.isfinite(nll).all()
    assert torch.isfinite(score).all()


def test_float32_scores_are_float32(case):
    nll, score = case.head.nll_and_score(case.raw(dtype=torch.float32), case.y(dtype=torch.float32).expand(2, -1, -1))
    assert nll.dtype == score.dtype == torch.float32
    assert case.head.init_raw(case.y(dtype=torch.float32), torch.ones(5)).dtype == torch.float32


def test_bias_only_outputs_are_declared_one_by_one(case):
    assert len(case.head.bias_only) == case.head.n_raw
    assert all(isinstance(constant, bool) for constant in case.head.bias_only)
