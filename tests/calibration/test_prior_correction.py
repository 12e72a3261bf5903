"""Probabilities for another prior: Bayes' rule by hand, and a classifier trained with class weights."""

import numpy as np
import pytest

from uncertainty import ProbabilisticMLPClassifier
from uncertainty.calibration import prior_correction


def test_it_is_bayes_rule():
    rng = np.random.default_rng(0)
    likelihood = rng.random((20, 3))  # p(x | c) of 20 rows
    old, new = np.array([0.2, 0.3, 0.5]), np.array([0.6, 0.1, 0.3])

    def posterior(prior):
        joint = likelihood * prior
        return joint / joint.sum(axis=1, keepdims=True)

    moved = prior_correction(posterior(old), trained_prior=old, prior=new)
    np.testing.assert_allclose(moved, posterior(new), rtol=1e-12)
    np.testing.assert_allclose(prior_correction(moved, trained_prior=new, prior=old), posterior(old), rtol=1e-12)
    np.testing.assert_allclose(prior_correction(moved, trained_prior=7 * old, prior=3 * old), moved, rtol=1e-12)


def test_two_classes_follow_elkan():
    # Elkan (2001), theorem 2: p' = b' (p - p b) / (b - p b + b' p - b b').
    p, b, new = 0.7, 0.5, 0.1
    expected = new * (p - p * b) / (b - p * b + new * p - b * new)
    moved = prior_correction([[1 - p, p]], trained_prior=[1 - b, b], prior=[1 - new, new])
    np.testing.assert_allclose(moved, [[1 - expected, expected]], rtol=1e-12)


def test_zeros_stay_zero_and_rare_classes_are_not_lost():
    moved = prior_correction([[1.0, 0.0], [1e-300, 1.0]], trained_prior=[0.5, 0.5], prior=[1.0 - 1e-12, 1e-12])
    np.testing.assert_allclose(moved, [[1.0, 0.0], [1e-288, 1.0]], rtol=1e-9)
    np.testing.assert_array_equal(prior_correction([[0.3, 0.7]], trained_prior=[1, 1], prior=[0, 1]), [[0.0, 1.0]])


def test_it_undoes_balanced_class_weights():
    rng = np.random.default_rng(0)
    y = (rng.random(3000) < 0.1).astype(int)
    X = (rng.standard_normal(3000) + 1.5 * y)[:, None]
    network = ProbabilisticMLPClassifier((), class_weight="balanced", random_state=0, max_iter=60)
    proba = network.fit(X, y).predict_proba(X)
    share = y.mean()
    assert proba[:, 1].mean() > 0.25
    corrected = prior_correction(proba, trained_prior=[0.5, 0.5], prior=[1 - share, share])
    # The standard error of the mean of y is 0.0055.
    np.testing.assert_allclose(corrected[:, 1].mean(), share, atol=0.015)


@pytest.mark.parametrize(
    ("proba", "old", "new", "message"),
    [
        ([0.5, 0.5], [0.5, 0.5], [0.5, 0.5], r"proba must have shape \(n, C\)"),
        ([[np.nan, 0.5]], [0.5, 0.5], [0.5, 0.5], "proba must be non-negative numbers"),
        ([[-0.1, 1.1]], [0.5, 0.5], [0.5, 0.5], "proba must be non-negative numbers"),
        ([[0.5, 0.5]], [0.5, 0.3, 0.2], [0.5, 0.5], r"trained_prior must have shape \(2,\)"),
        ([[0.5, 0.5]], [0.0, 1.0], [0.5, 0.5], "trained_prior must be positive for every class"),
        ([[0.5, 0.5]], [0.5, 0.5], [-0.5, 1.5], "prior must be non-negative and not all zero"),
        ([[1.0, 0.0]], [0.5, 0.5], [0.0, 1.0], "prior must be positive for some class"),
    ],
)
def test_what_makes_no_sense_is_refused(proba, old, new, message):
    with pytest.raises(ValueError, match=message):
        prior_correction(proba, trained_prior=old, prior=new)
