"""The conformal quantile against its definition."""

from fractions import Fraction
from math import ceil

import numpy as np
import pytest

from uncertainty.calibration import conformal_quantile

LEVELS = ["0.01", "0.5", "0.8", "0.9", "0.95", "0.99"]


@pytest.mark.parametrize("n", [1, 4, 9, 19, 20, 99, 1000])
@pytest.mark.parametrize("level", LEVELS)
def test_it_is_the_order_statistic_of_the_exact_rank(n, level):
    scores = np.random.default_rng(n).permutation(n).astype(float)
    rank = ceil(Fraction(level) * (n + 1))
    expected = rank - 1.0 if rank <= n else np.inf
    assert conformal_quantile(scores, float(level)) == expected
    # Equal weights, whatever they are, change nothing.
    assert conformal_quantile(scores, float(level), np.full(n, 0.7), 0.7) == expected


def test_several_levels_and_leading_axes():
    scores = np.random.default_rng(0).standard_normal((3, 2, 30))
    together = conformal_quantile(scores, [0.9, 0.5])
    assert together.shape == (3, 2, 2)
    for i, level in enumerate([0.9, 0.5]):
        np.testing.assert_array_equal(together[..., i], conformal_quantile(scores, level))
        for index in np.ndindex(3, 2):
            assert together[(*index, i)] == conformal_quantile(scores[index], level)


def test_weights_by_brute_force():
    rng = np.random.default_rng(0)
    scores, weights, test_weights = rng.integers(0, 6, 12).astype(float), rng.random(12), rng.random(40) * 4.0
    found = conformal_quantile(scores, [0.3, 0.8], weights, test_weights)
    assert found.shape == (40, 2)
    for i, level in enumerate([0.3, 0.8]):
        for test_weight, value in zip(test_weights, found[:, i], strict=True):
            share = [(s, weights[scores <= s].sum() / (weights.sum() + test_weight)) for s in np.sort(scores)]
            assert value == next((s for s, below in share if below >= level), np.inf)
    assert np.isinf(found).any()
    assert np.isfinite(found).any()


def test_weights_with_scores_of_each_test_row():
    rng = np.random.default_rng(1)
    scores, weights, test_weights = rng.standard_normal((5, 3, 8)), rng.random(8), rng.random(5)
    found = conformal_quantile(scores, [0.4, 0.7], weights, test_weights[:, None])
    for i, t in np.ndindex(5, 3):
        np.testing.assert_array_equal(
            found[i, t], conformal_quantile(scores[i, t], [0.4, 0.7], weights, test_weights[i])
        )


def test_no_rows_or_no_weight_say_nothing():
    assert conformal_quantile([], 0.5) == np.inf
    assert conformal_quantile([1.0, 2.0], 0.5, [0.0, 0.0], 0.0) == np.inf
    assert conformal_quantile([1.0, 2.0], 0.5, [0.0, 0.0], 1.0) == np.inf
    assert conformal_quantile([1.0, 2.0], 0.5, [0.0, 1.0], 0.0) == 2.0


def test_wrong_input():
    with pytest.raises(
        ValueError, match=r"coverage must lie strictly between 0 and 1, got 90. For 90 percent pass 0.9"
    ):
        conformal_quantile([1.0], 90)
    with pytest.raises(ValueError, match="weights and test_weight must be given together"):
        conformal_quantile([1.0], 0.5, weights=[1.0])
    with pytest.raises(ValueError, match="scores must be numbers, got NaN"):
        conformal_quantile([1.0, np.nan], 0.5)
    with pytest.raises(ValueError, match="weights must be finite numbers of at least 0"):
        conformal_quantile([1.0, 2.0], 0.5, [1.0, -1.0], 1.0)
    with pytest.raises(ValueError, match="test_weight must be finite numbers of at least 0"):
        conformal_quantile([1.0, 2.0], 0.5, [1.0, 1.0], np.inf)
