"""Averaged class probabilities and the decomposition of their entropy and variance."""

import itertools

import numpy as np
import pytest
from scipy.special import softmax
from scipy.stats import entropy as scipy_entropy

from uncertainty.heads.class_probabilities import ClassProbabilities
from uncertainty.predictive import DiscretePredictive


def from_proba(proba, classes="range"):
    """A predictive of member probabilities [M, N, C] (zeros allowed)."""
    with np.errstate(divide="ignore"):
        log_proba = np.log(np.asarray(proba, dtype=float))[:, :, None, :]
    return DiscretePredictive(ClassProbabilities(log_proba), np.arange(log_proba.shape[-1]))


def test_probabilities_are_averaged_never_logits():
    logits = np.array([[[8.0, 0.0, 0.0]], [[-1.0, 0.0, 0.0]], [[-1.0, 0.0, 1.0]]])
    p = from_proba(softmax(logits, axis=-1))
    np.testing.assert_allclose(p.proba(), softmax(logits, axis=-1).mean(0), rtol=1e-13)
    averaged_logits = softmax(logits.mean(0), axis=-1)
    assert np.abs(p.proba() - averaged_logits).max() > 0.2


def test_probabilities_sum_to_one_and_logs_agree(discrete):
    p = discrete(4, 20, 5)
    np.testing.assert_allclose(p.proba().sum(1), 1.0, rtol=1e-13)
    np.testing.assert_allclose(np.exp(p.log_proba()), p.proba(), rtol=1e-13)
    np.testing.assert_allclose(p.member_proba().mean(0), p.proba(), rtol=1e-13)


def test_tiny_probabilities_keep_their_logarithm():
    log_proba = np.array([[-1000.0, 0.0], [-1001.0, 0.0]])[:, None, None, :]
    p = DiscretePredictive(ClassProbabilities(log_proba), np.arange(2))
    np.testing.assert_allclose(p.log_proba()[0, 0], -1000 + np.log((1 + np.exp(-1)) / 2), rtol=1e-14)
    np.testing.assert_allclose(p.decision(), 1000 - np.log((1 + np.exp(-1)) / 2), rtol=1e-14)


@pytest.mark.parametrize("n_classes", [2, 3, 6])
def test_entropies_follow_their_formulas(discrete, n_classes):
    p = discrete(4, 30, n_classes)
    np.testing.assert_allclose(p.entropy(), scipy_entropy(p.proba(), axis=1), rtol=1e-12)
    np.testing.assert_allclose(p.aleatoric_entropy(), scipy_entropy(p.member_proba(), axis=2).mean(0), rtol=1e-12)
    np.testing.assert_allclose(p.entropy(), p.aleatoric_entropy() + p.mutual_information(), rtol=1e-12)
    assert np.all(p.mutual_information() > 0.0)
    assert np.all(p.mutual_information() <= np.log(4) + 1e-12)  # knowing one of M members tells at most log M


@pytest.mark.parametrize("n_members", [1, 2, 3, 5, 7, 10])
def test_equal_members_have_no_epistemic_part(discrete, n_members):
    one = discrete(1, 200, 4).members.log_proba
    p = DiscretePredictive(ClassProbabilities(np.repeat(one, n_members, axis=0)), np.arange(4))
    assert np.all(p.mutual_information() == 0.0)
    assert np.all(p.epistemic_variance() == 0.0)


def test_mutual_information_is_never_negative():
    rng = np.random.default_rng(0)
    base = rng.dirichlet(np.ones(3), size=(1, 500))
    nearly_equal = base * (1 + 1e-15 * rng.standard_normal((5, 500, 3)))
    assert np.all(from_proba(nearly_equal).mutual_information() >= 0.0)


def test_variances_follow_the_law_of_total_variance(discrete):
    p = discrete(4, 30, 3)
    members, proba = p.member_proba(), p.proba()
    np.testing.assert_array_equal(p.var(), p.aleatoric_variance() + p.epistemic_variance())
    np.testing.assert_allclose(p.var(), proba * (1 - proba), rtol=1e-12)
    np.testing.assert_allclose(p.aleatoric_variance(), (members * (1 - members)).mean(0), rtol=1e-12)
    np.testing.assert_allclose(p.epistemic_variance(), members.var(0), rtol=1e-12)


def test_certain_members_give_no_nan():
    # Two certain members that agree in the first row and disagree in the second; the last class is impossible.
    p = from_proba([[[0, 1, 0], [1, 0, 0]], [[0, 1, 0], [0, 1, 0]]])
    np.testing.assert_allclose(p.proba(), [[0, 1, 0], [0.5, 0.5, 0]], rtol=1e-15)
    np.testing.assert_allclose(p.entropy(), [0, np.log(2)], atol=1e-15)
    np.testing.assert_array_equal(p.aleatoric_entropy(), [0, 0])
    np.testing.assert_allclose(p.mutual_information(), [0, np.log(2)], atol=1e-15)
    np.testing.assert_array_equal(p.aleatoric_variance(), np.zeros((2, 3)))
    np.testing.assert_array_equal(p.epistemic_variance(), [[0, 0, 0], [0.25, 0.25, 0]])
    np.testing.assert_array_equal(p.logpmf([0, 2]), [-np.inf, -np.inf])
    np.testing.assert_array_equal(p.mode(), [1, 0])
    assert not np.isnan(p.decision()).any()
    assert set(p.rvs(200, random_state=0)[1]) == {0, 1}


def test_pmf_is_the_averaged_probability_of_the_label(discrete):
    p = discrete(3, 4, 3, classes=["cat", "dog", "owl"])
    y = np.array(["owl", "cat", "dog", "cat"])
    np.testing.assert_allclose(p.pmf(y), p.proba()[np.arange(4), [2, 0, 1, 0]], rtol=1e-13)
    np.testing.assert_allclose(p.logpmf(y), np.log(p.pmf(y)), rtol=1e-12)


def test_multi_label_pmf_is_joint(discrete):
    # Labels are independent given the member, so not in the mixture: check all 2^T outcomes by brute force.
    p = discrete(3, 2, n_labels=3)
    members = np.exp(p.members.log_proba)  # [M, N, T, 2]
    total = np.zeros(2)
    for outcome in itertools.product((0, 1), repeat=3):
        y = np.tile(outcome, (2, 1))
        expected = np.mean([np.prod([m[:, t, outcome[t]] for t in range(3)], axis=0) for m in members], axis=0)
        np.testing.assert_allclose(p.pmf(y), expected, rtol=1e-12)
        total += p.pmf(y)
    np.testing.assert_allclose(total, 1.0, rtol=1e-12)
    marginal = np.prod(p.proba(), axis=1)
    assert not np.allclose(p.pmf(np.ones((2, 3), dtype=int)), marginal)


def test_multi_label_arrays_are_of_the_label_present(discrete):
    p = discrete(3, 6, n_labels=2)
    present = np.exp(p.members.log_proba)[..., 1]
    np.testing.assert_allclose(p.proba(), present.mean(0), rtol=1e-12)
    np.testing.assert_array_equal(p.mode(), (present.mean(0) > 0.5).astype(int))
    np.testing.assert_allclose(p.decision(), np.log(p.proba() / (1 - p.proba())), rtol=1e-10)
    for name in ("entropy", "aleatoric_entropy", "mutual_information", "var", "epistemic_variance"):
        assert getattr(p, name)().shape == (6, 2)
    np.testing.assert_allclose(p.entropy(), p.aleatoric_entropy() + p.mutual_information(), rtol=1e-10)


def test_decision_is_the_log_odds_of_two_classes_and_log_probabilities_of_more(discrete):
    two, three = discrete(3, 8, 2), discrete(3, 8, 3)
    np.testing.assert_allclose(two.decision(), np.log(two.proba()[:, 1] / two.proba()[:, 0]), rtol=1e-10, atol=1e-12)
    np.testing.assert_array_equal(three.decision(), three.log_proba())


def test_mode_is_a_label(discrete):
    p = discrete(3, 20, 3, classes=["cat", "dog", "owl"])
    np.testing.assert_array_equal(p.mode(), np.array(["cat", "dog", "owl"])[p.proba().argmax(1)])


def test_draws_have_the_right_frequencies(discrete):
    n = 20_000
    p = discrete(3, 3, 3, classes=["a", "b", "c"])
    draws = p.rvs(n, random_state=0)
    assert draws.shape == (3, n)
    for i, label in enumerate(p.classes):
        proba = p.proba()[:, i]
        assert np.all(np.abs((draws == label).mean(1) - proba) < 4.5 * np.sqrt(proba * (1 - proba) / n))


def test_multi_label_draws_have_the_right_joint_frequencies(discrete):
    n = 20_000
    p = discrete(3, 2, n_labels=2)
    draws = p.rvs(n, random_state=0)
    assert draws.shape == (2, 2, n)
    for outcome in itertools.product((0, 1), repeat=2):
        pmf = p.pmf(np.tile(outcome, (2, 1)))
        found = (draws == np.array(outcome)[None, :, None]).all(axis=1).mean(axis=1)
        assert np.all(np.abs(found - pmf) < 4.5 * np.sqrt(pmf * (1 - pmf) / n))


def test_draws_depend_on_the_seed_alone(discrete):
    p = discrete()
    np.testing.assert_array_equal(p.rvs(50, random_state=1), p.rvs(50, random_state=1))
    assert not np.array_equal(p.rvs(50, random_state=1), p.rvs(50, random_state=2))


@pytest.mark.parametrize("kind", [{}, {"n_labels": 3}])
def test_the_order_of_members_changes_nothing(discrete, kind):
    p = discrete(5, 6, **kind)
    q = DiscretePredictive(ClassProbabilities(p.members.log_proba[[4, 2, 0, 1, 3]]), p.classes)
    for name in ("proba", "entropy", "aleatoric_entropy", "mutual_information", "var", "decision"):
        np.testing.assert_allclose(getattr(q, name)(), getattr(p, name)(), rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("index", [0, -1, slice(1, 3), [2, 0]])
def test_indexing_keeps_the_row_axis(discrete, index):
    p = discrete(3, 5, 3)
    expected = np.atleast_1d(np.arange(5)[index])
    assert len(p[index]) == len(expected)
    np.testing.assert_array_equal(p[index].proba(), p.proba()[expected])


def test_iteration_ends(discrete):
    assert [len(row) for row in discrete(2, 5)] == [1] * 5
    with pytest.raises(IndexError, match="row index"):
        discrete(2, 5)[5]


def test_unknown_labels_and_wrong_shapes_are_refused(discrete):
    with pytest.raises(ValueError, match=r"y must hold the classes .*got \[9\]"):
        discrete(2, 3).logpmf([0, 9, 1])
    with pytest.raises(ValueError, match=r"y must have shape \(3,\), one label a row"):
        discrete(2, 3).logpmf([0, 1])
    with pytest.raises(ValueError, match=r"y must hold 0 and 1 in shape \(3, 2\)"):
        discrete(2, 3, n_labels=2).logpmf(np.full((3, 2), 2))


@pytest.mark.parametrize("kind", [{"n_classes": 2}, {"n_classes": 4}, {"n_labels": 3}], ids=str)
def test_mean_and_deviation_are_those_of_the_indicators(discrete, kind):
    p = discrete(3, 6, **kind)
    np.testing.assert_array_equal(p.mean(), p.proba())
    assert p.std().shape == p.mean().shape
    np.testing.assert_allclose(p.std(), np.sqrt(p.proba() * (1 - p.proba())), rtol=1e-12)


def test_cdf_adds_up_the_classes_before(discrete):
    p = discrete(3, 6, 4, classes=["a", "b", "c", "d"])
    np.testing.assert_allclose(p.cdf(), np.cumsum(p.proba(), axis=1), rtol=1e-12)
    np.testing.assert_allclose(p.cdf()[:, -1], 1.0, rtol=1e-12)
