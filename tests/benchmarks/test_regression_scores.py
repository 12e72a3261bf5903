"""Every score of a regression against its definition, row by row."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm, spearmanr, uniform

from benchmarks.regression_scores import calibration_error, regression_curves, regression_scores
from uncertainty import DeepEnsembleRegressor

GENERATOR = np.random.default_rng(0)
MEAN, STD = GENERATOR.normal(size=60), GENERATOR.uniform(0.5, 2.0, 60)
Y = MEAN + 1.3 * STD * GENERATOR.standard_normal(60)


class TwoNormals:
    """The equal mixture of a normal distribution and a twice as wide one; what it lacks is NaN."""

    def __init__(self, lacking: tuple[str, ...] = ()) -> None:
        self.lacking = lacking

    def mean(self) -> Any:
        return MEAN

    def std(self) -> Any:
        return STD * math.sqrt(2.5)

    def logpdf(self, y: Any) -> Any:
        if "logpdf" in self.lacking:
            return np.full(len(y), np.nan)
        return np.log(0.5 * norm.pdf(y, MEAN, STD) + 0.5 * norm.pdf(y, MEAN, 2 * STD))

    def cdf(self, y: Any) -> Any:
        return 0.5 * norm.cdf(y, MEAN, STD) + 0.5 * norm.cdf(y, MEAN, 2 * STD)

    def interval(self, level: float) -> Any:
        grid = np.linspace(0.0, 8.0, 80_001)  # symmetric: one quantile of the standard mixture is enough
        half = grid[np.searchsorted(0.5 * norm.cdf(grid) + 0.5 * norm.cdf(grid / 2), 0.5 + level / 2)]
        return np.column_stack([MEAN - half * STD, MEAN + half * STD])

    def crps(self, y: Any) -> Any:
        if "crps" in self.lacking:
            return np.full(len(y), np.nan)
        values = []
        for i, value in enumerate(y):

            def cdf(t: float, i: int = i) -> float:
                return 0.5 * norm.cdf(t, MEAN[i], STD[i]) + 0.5 * norm.cdf(t, MEAN[i], 2 * STD[i])

            below = quad(lambda t, cdf=cdf: cdf(t) ** 2, MEAN[i] - 20, value)[0]
            values.append(below + quad(lambda t, cdf=cdf: (1 - cdf(t)) ** 2, value, MEAN[i] + 20)[0])
        return np.array(values)


def test_scores_by_definition() -> None:
    dist = TwoNormals()
    scores = regression_scores(Y, dist)
    squares = [(y - m) ** 2 for y, m in zip(Y, MEAN, strict=True)]
    assert scores["rmse"] == pytest.approx(math.sqrt(sum(squares) / 60))
    density = [(norm.pdf(y, m, s) + norm.pdf(y, m, 2 * s)) / 2 for y, m, s in zip(Y, MEAN, STD, strict=True)]
    assert scores["nll"] == pytest.approx(-sum(map(math.log, density)) / 60)
    assert scores["nll_moment_matched"] == pytest.approx(-norm.logpdf(Y, MEAN, math.sqrt(2.5) * STD).mean())
    assert scores["crps"] == pytest.approx(dist.crps(Y).mean())
    for level in (50, 80, 90, 95):
        low, high = dist.interval(level / 100).T
        inside = [a <= y <= b for y, a, b in zip(Y, low, high, strict=True)]
        assert scores[f"coverage_{level}"] == sum(inside) / 60
        assert scores[f"width_{level}"] == pytest.approx(sum(high - low) / 60)
    assert scores["error_std_correlation"] == pytest.approx(spearmanr(np.abs(Y - MEAN), STD).statistic)
    order = sorted(range(60), key=lambda i: STD[i])
    kept = [sum(squares[i] for i in order[:k]) / k for k in range(1, 61)]
    assert scores["risk_coverage_area"] == pytest.approx(sum(kept) / 60)


def test_calibration_error_counts_the_rows_in_central_intervals() -> None:
    dist = TwoNormals()
    gaps = []
    for level in np.arange(0.05, 0.96, 0.05):
        low, high = dist.interval(level).T
        gaps.append(abs(np.mean((low <= Y) & (high >= Y)) - level))
    assert len(gaps) == 19
    assert regression_scores(Y, dist)["calibration_error"] == pytest.approx(np.mean(gaps))
    assert calibration_error((np.arange(10_000) + 0.5) / 10_000, uniform()) < 1e-3
    assert calibration_error(np.full(10, 0.5), uniform()) == pytest.approx(0.5)  # inside every interval
    assert calibration_error(np.ones(10), uniform()) == pytest.approx(0.5)  # inside none
    assert math.isnan(calibration_error(Y, norm(MEAN, np.full(60, np.nan))))


def test_what_a_distribution_lacks_is_nan_and_nothing_else() -> None:
    scores = regression_scores(Y, TwoNormals(lacking=("logpdf", "crps")))
    assert {name for name, value in scores.items() if math.isnan(value)} == {"nll", "crps"}


def test_curves() -> None:
    curves = regression_curves(Y, TwoNormals())
    pit = TwoNormals().cdf(Y)
    assert sum(curves["pit"]) == 60
    assert curves["pit"] == [sum(min(int(p * 100), 99) == b for p in pit) for b in range(100)]
    # The coverage of a central interval follows from the counts.
    assert sum(curves["pit"][5:95]) / 60 == regression_scores(Y, TwoNormals())["coverage_90"]
    assert curves["risk_coverage"]["risk"][-1] == pytest.approx(np.mean((Y - MEAN) ** 2))
    assert len(curves["risk_coverage"]["kept"]) == 20


def test_our_own_distribution_has_all_of_it() -> None:
    X = np.linspace(-1, 1, 60)[:, None]
    dist = DeepEnsembleRegressor(n_estimators=2, random_state=0).fit(X, Y).predict_dist(X)
    assert all(map(math.isfinite, regression_scores(Y, dist).values()))
    assert sum(regression_curves(Y, dist)["pit"]) == 60
