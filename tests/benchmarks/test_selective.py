"""Risk against coverage, by brute force."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest

from benchmarks.selective import kept_risk, risk_coverage_area, risk_coverage_curve

LOSS = np.array([4.0, 0.0, 1.0, 9.0, 2.0])


def test_rows_are_kept_most_certain_first() -> None:
    uncertainty = np.array([3.0, 1.0, 2.0, 5.0, 4.0])  # losses in order: 0, 1, 4, 2, 9
    risk = [0.0, 0.5, 5 / 3, 7 / 4, 16 / 5]
    np.testing.assert_allclose(kept_risk(LOSS, uncertainty), risk)
    assert risk_coverage_area(LOSS, uncertainty) == pytest.approx(np.mean(risk))


def test_ties_are_the_mean_over_all_orders() -> None:
    uncertainty = np.array([2.0, 1.0, 2.0, 2.0, 3.0])
    orders = [(1, *middle, 4) for middle in itertools.permutations([0, 2, 3])]
    expected = np.mean([np.cumsum(LOSS[list(order)]) / np.arange(1, 6) for order in orders], axis=0)
    np.testing.assert_allclose(kept_risk(LOSS, uncertainty), expected)
    np.testing.assert_allclose(kept_risk(LOSS, np.zeros(5)), LOSS.mean())


def test_the_curve_is_read_at_twenty_fractions() -> None:
    generator = np.random.default_rng(0)
    for n in (7, 20, 100, 308):
        loss, uncertainty = generator.random(n), generator.random(n)
        curve = risk_coverage_curve(loss, uncertainty)
        np.testing.assert_allclose(curve["kept"], np.arange(0.05, 1.01, 0.05))
        order = np.argsort(uncertainty)
        for i, risk in enumerate(curve["risk"], start=1):
            n_kept = math.ceil(Fraction(i * n, 20))
            assert risk == pytest.approx(loss[order[:n_kept]].mean())
