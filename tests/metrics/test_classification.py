"""Brier score and log loss against definitions, hand-computed values, scikit-learn and propriety."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn import metrics as sklearn_metrics

from uncertainty.metrics import brier_score, log_loss

PROBA = [[0.7, 0.2, 0.1], [0.1, 0.5, 0.4], [0.25, 0.25, 0.5], [0.6, 0.3, 0.1]]
LABELS = ["ant", "bee", "cat", "bee"]


def random_problem(seed=0, n_rows=200, n_classes=4):
    rng = np.random.default_rng(seed)
    proba = rng.dirichlet(np.ones(n_classes), n_rows)
    return rng.integers(0, n_classes, n_rows), proba, rng.uniform(0.0, 2.0, n_rows)


class TestValues:
    def test_four_rows_by_hand(self):
        # rows: .09+.04+.01, .01+.25+.16, .0625+.0625+.25, .36+.49+.01
        assert_allclose(brier_score(LABELS, PROBA), (0.14 + 0.42 + 0.375 + 0.86) / 4)
        assert_allclose(log_loss(LABELS, PROBA), -np.log(0.7 * 0.5 * 0.5 * 0.3) / 4)
        assert_allclose(brier_score(LABELS, PROBA, sample_weight=[1, 0, 0, 3]), (0.14 + 3 * 0.86) / 4)
        assert_allclose(log_loss(LABELS, PROBA, sample_weight=[1, 0, 0, 3]), -np.log(0.7 * 0.3**3) / 4)

    def test_row_by_row_definition(self):
        y, proba, weight = random_problem()
        brier = sum(
            w * sum((p - (c == k)) ** 2 for k, p in enumerate(row)) for c, row, w in zip(y, proba, weight, strict=True)
        )
        assert_allclose(brier_score(y, proba, sample_weight=weight), brier / weight.sum())

    def test_scikit_learn(self):
        y, proba, weight = random_problem(1)
        expected = sklearn_metrics.brier_score_loss(y, proba, sample_weight=weight, scale_by_half=False)
        assert_allclose(brier_score(y, proba, sample_weight=weight), expected, rtol=1e-12)
        expected = sklearn_metrics.log_loss(y, proba, sample_weight=weight)
        assert_allclose(log_loss(y, proba, sample_weight=weight), expected, rtol=1e-12)

    def test_binary_is_twice_the_short_form(self):
        y, proba, _ = random_problem(2, n_classes=2)
        short = sklearn_metrics.brier_score_loss(y, proba[:, 1], scale_by_half=True)
        assert_allclose(brier_score(y, proba[:, 1]), 2.0 * short)

    @pytest.mark.parametrize("metric", [brier_score, log_loss])
    def test_one_column_is_the_second_class(self, metric):
        y, proba, _ = random_problem(3, n_classes=2)
        names = np.array(["no", "yes"])[y]
        assert_allclose(metric(names, proba[:, 1]), metric(names, proba), rtol=1e-12)
        assert_allclose(metric(names, proba[:, 1], labels=["yes", "no"]), metric(1 - y, proba), rtol=1e-12)

    @pytest.mark.parametrize("metric", [brier_score, log_loss])
    def test_labels_are_in_column_order(self, metric):
        permuted = np.array(PROBA)[:, [2, 0, 1]]
        assert_allclose(metric(LABELS, permuted, labels=["cat", "ant", "bee"]), metric(LABELS, PROBA))
        assert_allclose(
            metric(LABELS[:2], PROBA[:2], labels=["ant", "bee", "cat"]), metric([0, 1], PROBA[:2], labels=[0, 1, 2])
        )

    @pytest.mark.parametrize("metric", [brier_score, log_loss])
    def test_certainty(self, metric):
        right = metric([0, 1, 1], [0.0, 1.0, 1.0])
        assert right == 0.0
        assert not np.signbit(right)
        assert metric([0, 1, 1], [1.0, 0.0, 0.0]) == (2.0 if metric is brier_score else -np.log(np.finfo(float).eps))

    @pytest.mark.parametrize("metric", [brier_score, log_loss])
    def test_the_true_probabilities_score_best(self, metric):
        truth = np.array([0.5, 0.3, 0.2])  # one row a class, weighted by its probability: an exact expectation

        def expected(proba):
            return metric([0, 1, 2], np.tile(proba, (3, 1)), sample_weight=truth)

        for step in ([0.05, -0.05, 0.0], [-0.05, 0.0, 0.05], [0.0, 0.05, -0.05], [-0.1, 0.05, 0.05]):
            assert expected(truth + step) > expected(truth) + 1e-3


@pytest.mark.parametrize("metric", [brier_score, log_loss])
class TestInput:
    def test_probabilities(self, metric):
        with pytest.raises(ValueError, match=r"y_proba must sum to 1 in every row, got 0\.9"):
            metric([0, 1], [[0.5, 0.5], [0.5, 0.4]])
        with pytest.raises(ValueError, match=r"y_proba must lie between 0 and 1, got -0\.5"):
            metric([0, 1], [[1.5, -0.5], [0.5, 0.5]])
        with pytest.raises(ValueError, match="y_proba must be finite, got nan"):
            metric([0, 1], [np.nan, 0.5])
        with pytest.raises(ValueError, match="y_proba must have shape"):
            metric([0, 1], [[0.5], [0.5]])
        with pytest.raises(ValueError, match="y_proba must have one row per label"):
            metric([0, 1, 1], [0.4, 0.5])

    def test_labels(self, metric):
        with pytest.raises(ValueError, match=r"labels must be given .* got 2 classes in y_true for 3 columns"):
            metric([0, 1, 1, 0], PROBA)
        with pytest.raises(ValueError, match="labels must name each of the 3 columns"):
            metric(LABELS, PROBA, labels=["ant", "bee", "bee"])
        with pytest.raises(ValueError, match="labels must name each of the 3 columns"):
            metric(LABELS, PROBA, labels=["ant", "bee"])
        with pytest.raises(ValueError, match=r"y_true must hold only the labels .* got 'cat'"):
            metric(LABELS, PROBA, labels=["ant", "bee", "dog"])

    def test_rounding_is_forgiven(self, metric):
        y, proba, _ = random_problem(4, n_classes=50, n_rows=20)
        labels = np.arange(50)
        assert_allclose(metric(y, np.float32(proba), labels=labels), metric(y, proba, labels=labels), rtol=1e-5)
        assert metric([0, 1], [[1 + 2e-16, -1e-17], [0.0, 1 + 2e-16]]) == 0.0
