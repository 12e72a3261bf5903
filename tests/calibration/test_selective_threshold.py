"""The threshold keeps its promise whatever the risk looks like, and is the one that the definition gives."""

import numpy as np
import pytest
from scipy.special import bdtr
from scipy.stats import binom, binomtest

from uncertainty.calibration.selective_threshold import (
    clopper_pearson_upper,
    fewest_rows,
    first_rank,
    risk_coverage_curve,
    search_starts,
    selective_threshold,
)


def choose(uncertainty, loss, target_risk=0.1, delta=0.1, seed=0):
    loss = np.asarray(loss, dtype=bool)
    return selective_threshold(np.asarray(uncertainty, float), loss, target_risk, delta, np.random.default_rng(seed))


# -- populations: u is uniform in (0, 1), and a row of uncertainty u is a loss with probability eta(u) ----------------

POPULATIONS = {
    # Just above the target everywhere: any acceptance is a failure, and the first test is all there is to stop it.
    "always too risky": lambda u: np.full_like(u, 0.1001),
    "rising through the target": lambda u: 0.25 * u,
    "steeply rising at the target": lambda u: np.where(u < 0.3, 0.099, 0.5),
    # R(t) is above the target for the first rows, below it further on, and above it again at the end.
    "confidently wrong": lambda u: np.where(u < 0.1, 0.3, np.where(u < 0.6, 0.03, 0.4)),
    # R(t) touches the target between two ranges where it is exceeded, near where the search starts.
    "two ranges too risky": lambda u: np.where(u < 0.05, 0.099, np.where(u < 0.1, 0.12, np.where(u < 0.2, 0.08, 0.15))),
    "in eight steps": lambda u: 0.2 * np.floor(8 * u) / 8 + 0.02,
}


def failures(eta, n_rows, target_risk, delta, n_repeats, coarse=None):
    """How often the true risk below the chosen threshold exceeds the target."""
    rng = np.random.default_rng(0)
    grid = (np.arange(200_000) + 0.5) / 200_000
    true_risk = np.cumsum(eta(grid)) / np.arange(1, len(grid) + 1)  # R(t) = mean of eta below t
    failed = 0
    for _ in range(n_repeats):
        u = rng.random(n_rows)
        loss = rng.random(n_rows) < eta(u)
        # Coarse uncertainties come in steps, as those of trees and neighbours do.
        shown = u if coarse is None else np.floor(coarse * u) / coarse
        value = selective_threshold(shown, loss, target_risk, delta, rng).value
        accepted = np.searchsorted(grid, min(value, 1.0))
        failed += accepted > 0 and true_risk[accepted - 1] > target_risk
    return failed


def assert_kept(name, coarse, n_rows, n_repeats):
    failed = failures(POPULATIONS[name], n_rows, 0.1, 0.1, n_repeats, coarse)
    assert binomtest(failed, n_repeats, 0.1, alternative="greater").pvalue > 1e-3


@pytest.mark.parametrize("coarse", [None, 8])
@pytest.mark.parametrize("name", POPULATIONS)
def test_the_risk_exceeds_the_target_no_more_often_than_delta(name, coarse):
    assert_kept(name, coarse, 400, 1000)


@pytest.mark.slow
@pytest.mark.parametrize("coarse", [None, 8, 40])
@pytest.mark.parametrize("n_rows", [30, 150, 2000])
@pytest.mark.parametrize("name", POPULATIONS)
def test_the_same_at_all_sizes(name, n_rows, coarse):
    assert_kept(name, coarse, n_rows, 4000)


def test_the_promise_is_not_kept_by_accepting_too_little():
    """Where the risk crosses the target steeply, failures come close to delta: the tests waste little."""
    failed = failures(POPULATIONS["always too risky"], 400, 0.1, 0.1, 2000)
    assert failed / 2000 > 0.05


# -- definitions -----------------------------------------------------------------------------------------------------


def by_hand(uncertainty, loss, target_risk, delta):
    """The same searches, one threshold after another; no equal uncertainties."""
    order = np.argsort(uncertainty)
    starts = dict(search_starts(len(loss), target_risk, delta))
    kept, level = 0, 0.0
    for k in range(1, len(loss) + 1):
        level += starts.get(k, 0.0)
        if level and binom.cdf(loss[order[:k]].sum(), k, target_risk) <= level:
            kept = k
        else:
            level = 0.0
    return kept


@pytest.mark.parametrize("seed", range(20))
def test_the_search_by_hand(seed):
    rng = np.random.default_rng(seed)
    u = rng.random(300)
    loss = rng.random(300) < 0.3 * u
    chosen = choose(u, loss)
    kept = by_hand(u, loss, 0.1, 0.1)
    assert (u < chosen.value).sum() == kept
    assert chosen.coverage == kept / 300
    if kept:
        interval = binomtest(int(loss[u < chosen.value].sum()), kept).proportion_ci(0.8, "exact")
        assert chosen.risk_bound == pytest.approx(interval.high)
        assert chosen.risk_bound <= 0.1


@pytest.mark.parametrize("n_losses", [0, 1, 4, 30])
@pytest.mark.parametrize("target_risk", [0.02, 0.3])
def test_fewest_rows_by_trying_all(n_losses, target_risk):
    n_rows = fewest_rows(n_losses, target_risk, 0.1)
    assert binom.cdf(n_losses, n_rows, target_risk) <= 0.1 < binom.cdf(n_losses, n_rows - 1, target_risk)


def test_the_first_test_allows_for_losses_where_there_are_rows_enough():
    ranks = [first_rank(n, 0.05, 0.1) for n in (10, 400, 10_000)]
    assert ranks == [fewest_rows(0, 0.05, 0.1), fewest_rows(1, 0.05, 0.1), fewest_rows(16, 0.05, 0.1)]


def test_the_parts_of_all_searches_are_delta():
    for n_rows in (5, 50, 60, 500, 50_000):
        assert sum(part for _, part in search_starts(n_rows, 0.05, 0.1)) == pytest.approx(0.1)


def test_an_unlucky_start_does_not_end_all():
    """Two losses among the surest rows, and no other among hundreds."""
    chosen = choose(np.arange(400), np.isin(np.arange(400), (3, 5)), target_risk=0.05)
    assert chosen.coverage == 1.0
    (start, part), _ = search_starts(400, 0.05, 0.1)
    assert bdtr(2, start, 0.05) > part  # the first search ends at once


def test_clopper_pearson():
    losses, n_rows = np.array([0, 3, 50, 50]), np.array([40, 40, 100, 50])
    expected = [binomtest(int(k), int(n)).proportion_ci(0.9, "exact").high for k, n in zip(losses, n_rows, strict=True)]
    np.testing.assert_allclose(clopper_pearson_upper(losses, n_rows, 0.05), expected)


def test_without_losses_everything_is_accepted():
    chosen = choose(np.arange(100), np.zeros(100))
    assert (chosen.value, chosen.coverage) == (np.inf, 1.0)


@pytest.mark.parametrize("losses", [np.ones(100), np.zeros(10)])
def test_where_nothing_can_be_shown_nothing_is_accepted(losses):
    chosen = choose(np.arange(len(losses)), losses)
    assert (chosen.value, chosen.coverage, chosen.risk_bound) == (-np.inf, 0.0, 1.0)


def test_equal_uncertainties_are_accepted_together_or_not_at_all():
    u = np.repeat([0.1, 0.2, 0.3], 100)
    loss = np.repeat([0, 0, 1], 100)
    chosen = choose(u, loss)
    assert chosen.value == 0.3
    assert chosen.coverage == pytest.approx(2 / 3)
    # The first test of a search is amid the equal rows; after it they count all together.
    assert {choose(np.zeros(200), np.arange(200) < 4, seed=seed).coverage for seed in range(20)} == {1.0}


def test_the_order_of_rows_does_not_matter():
    rng = np.random.default_rng(0)
    u = rng.random(500)
    loss = rng.random(500) < 0.2 * u
    assert choose(u, loss) == choose(u[::-1], loss[::-1])


def test_the_curve_by_hand():
    u = np.array([0.3, 0.1, 0.2, 0.2])
    curve = risk_coverage_curve(u, np.array([True, False, True, False]), 0.1)
    np.testing.assert_array_equal(curve.threshold, [0.2, 0.3, np.inf])
    np.testing.assert_allclose(curve.coverage, [0.25, 0.75, 1.0])
    np.testing.assert_allclose(curve.risk, [0.0, 1 / 3, 0.5])
    np.testing.assert_allclose(binom.cdf([0, 1, 2], [1, 3, 4], curve.risk_bound), 0.1)
