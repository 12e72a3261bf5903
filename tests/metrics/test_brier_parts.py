"""Parts of the Brier score: their sum, values by hand and what each of them means."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from uncertainty.metrics import brier_decomposition, brier_score


def random_problem(seed=0, n_rows=300, n_classes=3):
    rng = np.random.default_rng(seed)
    proba = rng.dirichlet(np.ones(n_classes), n_rows)
    return np.array([rng.choice(n_classes, p=p) for p in proba]), proba, rng.uniform(0.1, 2.0, n_rows)


class TestParts:
    @pytest.mark.parametrize("strategy", ["uniform", "quantile"])
    @pytest.mark.parametrize("n_classes", [2, 3])
    def test_they_add_up(self, strategy, n_classes):
        y, proba, weight = random_problem(n_classes=n_classes)
        parts = brier_decomposition(y, proba, strategy=strategy, sample_weight=weight)
        assert_allclose(parts.brier, brier_score(y, proba, sample_weight=weight))
        total = parts.reliability - parts.resolution + parts.uncertainty + parts.within_bins
        assert_allclose(total, parts.brier)

    def test_within_bins_is_stephensons_term(self):
        y, proba, _ = random_problem(1, n_classes=2)
        p, index = proba[:, 1], np.minimum((proba[:, 1] * 5).astype(int), 4)
        hidden = 0.0
        for b in range(5):
            inside = index == b
            spread, event = p[inside] - p[inside].mean(), y[inside] - y[inside].mean()
            hidden += (spread**2 - 2 * spread * event).sum() / len(y)
        assert_allclose(brier_decomposition(y, p, n_bins=5).within_bins, 2 * hidden, atol=1e-14)

    def test_by_hand_where_bins_hide_nothing(self):
        parts = brier_decomposition([0, 1, 1, 0], [0.25, 0.75, 0.75, 0.75])
        assert_allclose(parts.reliability, 2 * (0.25 * 0.25**2 + 0.75 * (0.75 - 2 / 3) ** 2))
        assert_allclose(parts.resolution, 2 * (0.25 * 0.5**2 + 0.75 * (2 / 3 - 0.5) ** 2))
        assert_allclose([parts.uncertainty, parts.within_bins], [0.5, 0.0], atol=1e-15)

    def test_certain_predictions(self):
        right, wrong = (brier_decomposition([0, 1, 1, 0], p) for p in ([0.0, 1.0, 1.0, 0.0], [1.0, 0.0, 0.0, 1.0]))
        assert (right.brier, right.reliability, right.resolution, right.uncertainty) == (0.0, 0.0, 0.5, 0.5)
        assert (wrong.brier, wrong.reliability, wrong.resolution, wrong.uncertainty) == (2.0, 2.0, 0.5, 0.5)

    def test_the_frequencies_themselves_have_neither_reliability_nor_resolution(self):
        parts = brier_decomposition([0, 1, 1, 0, 1], np.full(5, 0.6))
        assert_allclose([parts.reliability, parts.resolution], 0.0, atol=1e-15)
        assert_allclose(parts.brier, parts.uncertainty)

    def test_one_row(self):
        parts = brier_decomposition(["a"], [[0.7, 0.3]], labels=["a", "b"])
        assert_allclose([parts.reliability, parts.uncertainty, parts.resolution], [0.18, 0.0, 0.0], atol=1e-15)
