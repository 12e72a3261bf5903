"""Coverage by group, bin and slab, and of prediction sets, against row-by-row definitions and MAPIE."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from uncertainty.metrics import (
    coverage_by_bin,
    coverage_by_group,
    coverage_confidence_interval,
    coverage_score,
    mean_set_size,
    set_coverage_score,
    worst_slab_coverage,
)

REFERENCES = json.loads((Path(__file__).parents[1] / "references" / "regression_peers.json").read_text())


def random_problem(seed=0, n_rows=120, n_features=1):
    rng = np.random.default_rng(seed)
    y = rng.normal(size=n_rows)
    half = rng.uniform(0.5, 2.0, n_rows)
    X = rng.normal(size=(n_rows, n_features)).round(1)  # ties
    return y, np.column_stack([-half, half]), X, rng.uniform(0.1, 2.0, n_rows)


class TestGroups:
    def test_each_group_is_what_its_rows_alone_give(self):
        y, interval, _, weight = random_problem()
        groups = np.random.default_rng(1).choice(["b", "a", "c"], 120)
        table = coverage_by_group(y, interval, groups, confidence=0.8, sample_weight=weight)
        assert table.group.tolist() == ["a", "b", "c"]
        for g, name in enumerate(table.group):
            rows = groups == name
            part = y[rows], interval[rows]
            assert_allclose(table.coverage[g], coverage_score(*part, sample_weight=weight[rows]))
            limits = coverage_confidence_interval(*part, confidence=0.8, sample_weight=weight[rows])
            assert_allclose([table.lower[g], table.upper[g]], limits)
            assert_allclose(table.weight[g], weight[rows].sum() / weight.sum())
            assert table.count[g] == rows.sum()
        assert_allclose(table.weight @ table.coverage, coverage_score(y, interval, sample_weight=weight))

    def test_groups_without_weight_are_left_out(self):
        table = coverage_by_group([1.0, 5.0], [[0.0, 2.0]] * 2, [7, 8], sample_weight=[1.0, 0.0])
        assert_array_equal(table.group, [7])
        assert_array_equal(table.count, [1])

    def test_several_targets_are_averaged(self):
        table = coverage_by_group([[1.0, 9.0], [1.0, 1.0]], np.full((2, 2, 2), [0.0, 2.0]), [0, 1])
        assert_allclose(table.coverage, [0.5, 1.0])

    def test_errors(self):
        y, interval, _, _ = random_problem()
        with pytest.raises(ValueError, match=r"groups must have shape \(120,\), got \(119,\)"):
            coverage_by_group(y, interval, np.zeros(119))
        with pytest.raises(ValueError, match="confidence must lie strictly between 0 and 1, got 95"):
            coverage_by_group(y, interval, np.zeros(120), confidence=95)


class TestBins:
    @pytest.mark.parametrize("strategy", ["uniform", "quantile"])
    def test_bins_are_groups(self, strategy):
        y, interval, X, weight = random_problem(2)
        table = coverage_by_bin(y, interval, X[:, 0], n_bins=5, strategy=strategy, sample_weight=weight)
        index = np.searchsorted(table.group[:, 1], X[:, 0])
        groups = coverage_by_group(y, interval, index, sample_weight=weight)
        for column in ("coverage", "lower", "upper", "weight", "count"):
            assert_allclose(getattr(table, column), getattr(groups, column))
        if strategy == "quantile":
            assert_allclose(table.weight, 0.2, atol=0.06)
        else:
            width = np.ptp(X) / 5
            assert (np.diff(table.group, axis=1) <= width + 1e-12).all()

    def test_empty_bins_are_left_out(self):
        table = coverage_by_bin([1.0, 1.0], [[0.0, 2.0]] * 2, [0.0, 9.0], n_bins=5, strategy="uniform")
        assert_array_equal(table.group, [[0.0, 0.0], [9.0, 9.0]])

    def test_a_constant_feature_is_one_bin(self):
        y, interval, _, _ = random_problem(3)
        for strategy in ("uniform", "quantile"):
            table = coverage_by_bin(y, interval, np.ones(120), strategy=strategy)
            assert_allclose(table.coverage, [coverage_score(y, interval)])


class TestWorstSlab:
    @pytest.mark.parametrize("share", [0.05, 0.2, 0.5, 0.99])
    @pytest.mark.parametrize("seed", range(5))
    def test_all_slabs_one_by_one(self, share, seed):
        y, interval, X, weight = random_problem(seed)
        covered = (interval[:, 0] <= y) & (y <= interval[:, 1])
        values = np.unique(X)
        worst = 1.0
        for low in values:
            for high in values[values >= low]:
                inside = (low <= X[:, 0]) & (X[:, 0] <= high)
                if weight[inside].sum() >= share * weight.sum() - 1e-12:
                    worst = min(worst, np.average(covered[inside], weights=weight[inside]))
        value = worst_slab_coverage(y, interval, X, min_share=share, n_directions=2, sample_weight=weight)
        assert_allclose(value, worst, rtol=1e-9)

    def test_covmetrics(self):
        y, mean, std = (np.array(REFERENCES["rows"][name]) for name in ("y", "mean", "std"))
        interval = np.column_stack([mean - 1.2 * std, mean + 1.2 * std])
        X = np.array(REFERENCES["rows"]["feature"])[:, None]
        value = worst_slab_coverage(y, interval, X, min_share=0.25, n_directions=3)
        assert_allclose(value, REFERENCES["covmetrics_wsc"]["value"])

    def test_a_bad_corner_is_found_in_any_unit(self):
        rng = np.random.default_rng(4)
        X = rng.uniform(size=(2000, 2))
        bad = X.sum(axis=1) < 0.6  # 18 % of the rows
        half = np.where(bad, 0.7, 2.5)
        y = rng.normal(size=2000)
        interval = np.column_stack([-half, half])
        assert coverage_score(y, interval) > 0.88
        for unit in ([1.0, 1.0], [1000.0, 0.001]):
            assert worst_slab_coverage(y, interval, X * unit, n_directions=100) < 0.55

    def test_nothing_and_everything_covered(self):
        X = np.arange(4.0)[:, None]
        assert worst_slab_coverage(np.zeros(4), [[-1.0, 1.0]] * 4, X) == 1.0
        assert worst_slab_coverage(np.full(4, 2.0), [[-1.0, 1.0]] * 4, X) == 0.0
        assert worst_slab_coverage([0.0], [[-1.0, 1.0]], [[3.0]]) == 1.0

    def test_errors(self):
        y, interval, X, _ = random_problem()
        with pytest.raises(ValueError, match=r"X must have shape \(120, D\), got \(120,\)"):
            worst_slab_coverage(y, interval, X[:, 0])
        with pytest.raises(ValueError, match="min_share must lie strictly between 0 and 1"):
            worst_slab_coverage(y, interval, X, min_share=1.0)
        with pytest.raises(ValueError, match="n_directions must be an integer of at least 1, got 0"):
            worst_slab_coverage(y, interval, X, n_directions=0)


class TestSets:
    def sets(self):
        rng = np.random.default_rng(5)
        return rng.choice(["x", "y", "z"], 50), rng.random((50, 3)) < 0.6

    def test_row_by_row(self):
        y, sets = self.sets()
        inside = [sets[i]["xyz".index(y[i])] for i in range(50)]
        assert_allclose(set_coverage_score(y, sets), np.mean(inside))
        assert_allclose(mean_set_size(sets), np.mean([sum(row) for row in sets]))

    def test_mapie(self):
        oracle = pytest.importorskip("mapie.metrics.classification")
        y, sets = self.sets()
        codes = np.unique(y, return_inverse=True)[1]
        assert_allclose(set_coverage_score(y, sets), oracle.classification_coverage_score(codes, sets[..., None])[0])
        assert_allclose(mean_set_size(sets), oracle.classification_mean_width_score(sets[..., None])[0])

    def test_conditional_coverage_of_sets(self):
        y, sets = self.sets()
        table = coverage_by_group(y, sets, y)
        for g, name in enumerate("xyz"):
            rows = y == name
            assert_allclose(table.coverage[g], set_coverage_score(y[rows], sets[rows], labels=["x", "y", "z"]))
        assert worst_slab_coverage(y, sets, np.arange(50.0)[:, None]) <= set_coverage_score(y, sets)

    def test_errors(self):
        y, sets = self.sets()
        with pytest.raises(ValueError, match=r"y_set must be a boolean matrix of shape \(n, C\), got float64"):
            mean_set_size(sets.astype(float))
        with pytest.raises(ValueError, match="labels must be given"):
            set_coverage_score(y[:1], sets[:1])
        with pytest.raises(ValueError, match="y_true must hold only the labels"):
            set_coverage_score(y, sets, labels=["x", "y", "w"])
