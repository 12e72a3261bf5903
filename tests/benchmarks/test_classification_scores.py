"""Every score of a classifier against its definition, row by row."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchmarks.classification_scores import classification_curves, classification_scores
from uncertainty.metrics import expected_calibration_error

CLASSES = np.array(["a", "b", "c"])
GENERATOR = np.random.default_rng(0)
PROBA = GENERATOR.dirichlet(np.ones(3), 200)
Y = np.array([GENERATOR.choice(CLASSES, p=0.7 * p + 0.1) for p in PROBA])
TOP = PROBA.max(axis=1)
RIGHT = [bool(CLASSES[p.argmax()] == y) for p, y in zip(PROBA, Y, strict=True)]


def test_scores_by_definition() -> None:
    scores = classification_scores(Y, PROBA, CLASSES)
    assert scores["error"] == pytest.approx(RIGHT.count(False) / 200)
    columns = [list(CLASSES).index(y) for y in Y]
    assert scores["nll"] == pytest.approx(-sum(math.log(p[c]) for p, c in zip(PROBA, columns, strict=True)) / 200)
    squares = [sum((p[k] - (k == c)) ** 2 for k in range(3)) for p, c in zip(PROBA, columns, strict=True)]
    assert scores["brier"] == pytest.approx(sum(squares) / 200)
    order = sorted(range(200), key=lambda i: -TOP[i])
    kept = [sum(not RIGHT[i] for i in order[:k]) / k for k in range(1, 201)]
    assert scores["risk_coverage_area"] == pytest.approx(sum(kept) / 200)


def test_calibration_errors_are_of_the_top_label_in_15_bins() -> None:
    scores = classification_scores(Y, PROBA, CLASSES)
    ece = 0.0
    for b in range(15):
        rows = [i for i in range(200) if min(int(TOP[i] * 15), 14) == b]
        ece += abs(sum(RIGHT[i] - TOP[i] for i in rows)) / 200
    assert scores["ece"] == pytest.approx(ece)
    assert scores["ece_debiased"] == expected_calibration_error(Y, PROBA, labels=CLASSES, debias=True)
    assert 0.0 < scores["ece_debiased"] < ece


def test_reliability_has_nan_in_empty_bins_and_keeps_the_rows() -> None:
    curves = classification_curves(Y, PROBA, CLASSES)
    counts = np.array(curves["reliability"]["count"])
    accuracy = np.array(curves["reliability"]["accuracy"])
    assert len(counts) == 15
    assert counts.sum() == 200
    assert np.isnan(accuracy[:4]).all()  # three classes: no largest probability is below a third
    np.testing.assert_array_equal(np.isnan(accuracy), counts == 0)
    assert (counts * np.nan_to_num(accuracy)).sum() == pytest.approx(RIGHT.count(True))
    confidence = np.nan_to_num(np.array(curves["reliability"]["confidence"]))
    assert (counts * confidence).sum() == pytest.approx(TOP.sum())
    assert curves["risk_coverage"]["risk"][-1] == pytest.approx(RIGHT.count(False) / 200)


def test_a_class_that_no_test_row_has_is_no_obstacle() -> None:
    assert classification_scores(np.array(["a", "b"]), PROBA[:2], CLASSES)["nll"] > 0.0
