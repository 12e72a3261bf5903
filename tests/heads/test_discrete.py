"""The heads for classes against torch.distributions, and where they start."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from uncertainty.heads import Bernoulli, Categorical


def test_bernoulli_log_prob_equals_torch():
    rng = torch.Generator().manual_seed(0)
    raw = 3 * torch.randn(6, 3, generator=rng, dtype=torch.float64)
    y = torch.randint(2, (6, 3), generator=rng).double()
    peer = torch.distributions.Bernoulli(logits=raw)
    torch.testing.assert_close(Bernoulli().build(3).log_prob(raw, y), peer.log_prob(y).sum(dim=1))
    proba = Bernoulli().build(3).distribution(raw.numpy()).mean()
    assert_allclose(proba[..., 1], peer.probs.numpy(), rtol=1e-12)
    assert_allclose(proba.sum(axis=-1), 1.0, rtol=1e-14)


@pytest.mark.parametrize("n_classes", [2, 4])
def test_categorical_log_prob_equals_torch(n_classes):
    rng = torch.Generator().manual_seed(0)
    raw = 3 * torch.randn(6, n_classes, generator=rng, dtype=torch.float64)
    y = torch.randint(n_classes, (6, 1), generator=rng).double()
    peer = torch.distributions.Categorical(logits=raw)
    torch.testing.assert_close(Categorical().build(1, n_classes).log_prob(raw, y), peer.log_prob(y[:, 0]))
    proba = Categorical().build(1, n_classes).distribution(raw.numpy()).mean()
    assert_allclose(proba[:, 0], peer.probs.numpy(), rtol=1e-12)


def test_two_classes_by_softmax_equal_one_logit():
    raw = torch.linspace(-4, 4, 9, dtype=torch.float64)[:, None]
    y = (torch.arange(9) % 2).double()[:, None]
    softmax_raw = torch.cat([torch.zeros_like(raw), raw], dim=1)
    torch.testing.assert_close(
        Bernoulli().build(1).log_prob(raw, y), Categorical().build(1, 2).log_prob(softmax_raw, y)
    )
    assert_allclose(
        Bernoulli().build(1).distribution(raw.numpy()).mean(),
        Categorical().build(1, 2).distribution(softmax_raw.numpy()).mean(),
        rtol=1e-12,
    )


def test_training_starts_at_the_weighted_frequencies():
    y = torch.tensor([[0.0], [1.0], [1.0], [2.0]], dtype=torch.float64)
    weight = torch.tensor([2.0, 1.0, 3.0, 4.0], dtype=torch.float64)
    head = Categorical().build(1, 3)
    proba = head.distribution(head.init_raw(y, weight).numpy()[None]).mean()
    assert_allclose(proba[0, 0], [0.2, 0.4, 0.4], rtol=1e-12)
    labels = (y == torch.tensor([0.0, 1.0], dtype=torch.float64)).double()
    head = Bernoulli().build(2)
    proba = head.distribution(head.init_raw(labels, weight).numpy()[None]).mean()
    assert_allclose(proba[0, :, 1], [0.2, 0.4], rtol=1e-12)


def test_a_class_never_seen_starts_unlikely_but_possible():
    y = torch.tensor([[0.0], [2.0], [2.0], [2.0]])
    head = Categorical().build(1, 3)
    proba = head.distribution(head.init_raw(y, torch.ones(4)).double().numpy()[None]).mean()[0, 0]
    assert 0 < proba[1] < proba[0] < proba[2]
    head = Bernoulli().build(2)
    labels = torch.tensor([[0.0, 1.0]]).expand(4, -1)
    proba = head.distribution(head.init_raw(labels, torch.ones(4)).double().numpy()[None]).mean()[0, :, 1]
    assert 0 < proba[0] < 0.2
    assert 0.8 < proba[1] < 1


def test_far_logits_keep_their_log_probabilities():
    distribution = Bernoulli().build(1).distribution(np.array([[800.0], [-800.0]]))
    assert_allclose(distribution.log_proba[:, 0], [[-800.0, 0.0], [0.0, -800.0]])
    distribution = Categorical().build(1, 3).distribution(np.array([[900.0, 0.0, 0.0]]))
    assert_allclose(distribution.log_proba[0, 0], [0.0, -900.0, -900.0])


def test_variance_of_a_nearly_certain_class_does_not_cancel():
    # 1 - p loses all digits at p = 1 - 1e-20; p (1 - p) must not.
    distribution = Bernoulli().build(1).distribution(np.array([[46.0]]))
    assert_allclose(distribution.variance()[0, 0], np.exp(-46.0), rtol=1e-10)


def test_cumulative_probabilities_end_at_one():
    distribution = Categorical().build(1, 4).distribution(np.random.default_rng(0).normal(size=(200, 4)))
    cdf = distribution.cdf()
    assert (np.diff(cdf, axis=-1) >= 0).all()
    assert cdf.max() <= 1.0
    assert_allclose(cdf[..., -1], 1.0, rtol=1e-14)


# -- label smoothing ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.7])
@pytest.mark.parametrize("n_classes", [2, 5])
def test_categorical_label_smoothing_equals_torch(smoothing, n_classes):
    rng = torch.Generator().manual_seed(0)
    raw = (3 * torch.randn(7, n_classes, generator=rng, dtype=torch.float64)).requires_grad_()
    y = torch.randint(n_classes, (7, 1), generator=rng)
    shares = torch.softmax(torch.randn(7, n_classes, generator=rng, dtype=torch.float64), dim=1)
    head = Categorical(label_smoothing=smoothing).build(1, n_classes)
    for target, peer_target in ((y.double(), y[:, 0]), (shares, shares)):
        peer = torch.nn.CrossEntropyLoss(label_smoothing=smoothing, reduction="none")(raw, peer_target)
        torch.testing.assert_close(head.training_loss(raw, target), peer)
        nll, score = head.nll_and_score(raw.detach(), target)
        torch.testing.assert_close(score, torch.autograd.grad(peer.sum(), raw)[0])
        plain = torch.nn.CrossEntropyLoss(reduction="none")(raw, peer_target)
        torch.testing.assert_close(nll, plain.detach())  # what is reported knows of no smoothing


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.7])
def test_bernoulli_label_smoothing_equals_that_of_two_classes(smoothing):
    rng = torch.Generator().manual_seed(0)
    raw = (3 * torch.randn(7, 1, generator=rng, dtype=torch.float64)).requires_grad_()
    y = torch.randint(2, (7, 1), generator=rng)
    peer = torch.nn.CrossEntropyLoss(label_smoothing=smoothing)(torch.cat([torch.zeros_like(raw), raw], 1), y[:, 0])
    head = Bernoulli(label_smoothing=smoothing).build(1)
    torch.testing.assert_close(head.training_loss(raw, y.double()).mean(), peer)
    nll, score = head.nll_and_score(raw.detach(), y.double())
    torch.testing.assert_close(score / len(y), torch.autograd.grad(peer, raw)[0])
    torch.testing.assert_close(nll, -head.log_prob(raw.detach(), y.double()))


@pytest.mark.parametrize("spec", [Bernoulli, Categorical])
def test_bad_label_smoothing_is_refused_when_built(spec):
    for value in (-0.1, 1.0, 1.5):
        with pytest.raises(ValueError, match="label_smoothing must be"):
            spec(label_smoothing=value).build(2, 2)
