"""Scores of classes against the sets that the papers define, one row and one class at a time."""

import numpy as np
import pytest

from uncertainty.calibration.class_scores import (
    adaptive_scores,
    least_ambiguous_scores,
    regularized_adaptive_scores,
)

RNG = np.random.default_rng(0)
PROBA = RNG.dirichlet(np.full(6, 0.5), size=40)
UNIFORM = RNG.random(40)


def in_generalised_quantile_set(proba, label, tau, u):
    """Romano et al. (2020), eqs. 3 to 5: the most probable classes that reach tau, the last left out if u <= V."""
    order = sorted(range(len(proba)), key=lambda c: -proba[c])
    total, last = 0.0, 0
    while (total := total + proba[order[last]]) < tau:
        last += 1
    v = (total - tau) / proba[order[last]]
    kept = order[:last] if u <= v else order[: last + 1]
    return label in kept


@pytest.mark.parametrize("tau", [0.2, 0.6, 0.93])
def test_randomised_adaptive_sets_are_those_of_the_paper(tau):
    by_score = adaptive_scores(PROBA, UNIFORM) < tau
    expected = [
        [in_generalised_quantile_set(p, c, tau, u) for c in range(6)] for p, u in zip(PROBA, UNIFORM, strict=True)
    ]
    np.testing.assert_array_equal(by_score, expected)


def test_without_randomness_a_class_scores_the_mass_of_it_and_all_more_probable_ones():
    expected = [[p[p >= p[c]].sum() for c in range(6)] for p in PROBA]
    np.testing.assert_allclose(adaptive_scores(PROBA), expected)


def test_the_penalty_is_for_each_place_beyond_the_first_ones():
    expected = [
        [p[p > p[c]].sum() + (1 - u) * p[c] + 0.3 * max(0, (p >= p[c]).sum() - 2) for c in range(6)]
        for p, u in zip(PROBA, UNIFORM, strict=True)
    ]
    np.testing.assert_allclose(regularized_adaptive_scores(PROBA, UNIFORM, 0.3, 2), expected)


def test_least_ambiguous_scores():
    np.testing.assert_array_equal(least_ambiguous_scores(np.array([[0.25, 0.75]])), [[0.75, 0.25]])


def test_equal_probabilities_keep_the_order_of_classes():
    np.testing.assert_allclose(adaptive_scores(np.full((1, 4), 0.25)), [[0.25, 0.5, 0.75, 1.0]])
