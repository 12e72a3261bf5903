"""Smooth calibration error against its definition by quadrature, and its limits."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import brentq
from scipy.stats import norm

from uncertainty.metrics import expected_calibration_error, smooth_calibration_error

GRID = np.linspace(0.0, 1.0, 4001)


def by_definition(event, p, weight):
    """Solve error(s) = s with the reflected kernel written out, image by image."""

    def error(s):
        images = [2 * k + sign * p for k in range(-3, 4) for sign in (1, -1)]
        kernel = sum(norm.pdf(GRID[:, None], image, s) for image in images)
        return np.trapezoid(np.abs(kernel @ (weight * (event - p)) / weight.sum()), GRID)

    return brentq(lambda s: error(s) - s, 1e-3, 1.0)


class TestValues:
    @pytest.mark.parametrize("n_rows", [10, 40])
    def test_definition(self, n_rows):
        rng = np.random.default_rng(n_rows)
        p = rng.random(n_rows)
        event = (rng.random(n_rows) < np.where(p < 0.5, p + 0.3, p - 0.2)).astype(int)
        event[:2] = 0, 1
        weight = rng.uniform(0.1, 2.0, n_rows)
        value = smooth_calibration_error(event, p, kind="positive", sample_weight=weight)
        assert_allclose(value, by_definition(event, p, weight), rtol=1e-5)

    def test_kinds(self):
        rng = np.random.default_rng(0)
        proba = rng.dirichlet([1.0, 1.0, 1.0], 200)
        y = rng.integers(0, 3, 200)
        each = [smooth_calibration_error(y == c, proba[:, c], kind="positive") for c in range(3)]
        assert_allclose(smooth_calibration_error(y, proba, kind="class_wise"), np.mean(each))
        right = proba.argmax(axis=1) == y
        assert_allclose(
            smooth_calibration_error(y, proba), smooth_calibration_error(right, proba.max(axis=1), kind="positive")
        )

    def test_certain_and_right_is_zero_certain_and_wrong_is_one(self):
        assert smooth_calibration_error([0, 1, 1, 0], [0.0, 1.0, 1.0, 0.0]) == 0.0
        assert_allclose(smooth_calibration_error([0, 1, 1, 0], [1.0, 0.0, 0.0, 1.0], kind="top_label"), 1.0)

    def test_a_shift_of_all_rows_is_its_size(self):
        p = np.linspace(0.2, 0.8, 1000)
        event = np.zeros(1000, dtype=int)
        event[:2] = 1
        assert_allclose(smooth_calibration_error(event, p, kind="positive"), 0.5 - 0.002, atol=1e-3)

    def test_calibrated_rows_in_plenty_come_close_to_zero(self):
        rng = np.random.default_rng(1)
        p = rng.random(50_000)
        event = (rng.random(50_000) < p).astype(int)
        value = smooth_calibration_error(event, p, kind="positive")
        assert value < 0.015
        bent = (rng.random(50_000) < 0.5 + 0.6 * (p - 0.5)).astype(int)
        assert_allclose(smooth_calibration_error(bent, p, kind="positive"), 0.1, atol=0.01)

    def test_there_are_no_edges_to_jump_over(self):
        y, p = np.tile([0, 1], 500), np.repeat(0.5, 1000)
        moved = p + 1e-9 * np.where(y == 1, -1, 1)
        assert smooth_calibration_error(y, p, kind="positive") < 1e-6
        assert smooth_calibration_error(y, moved, kind="positive") < 1e-6
        assert expected_calibration_error(y, moved, kind="positive", n_bins=2) > 0.49

    def test_one_row(self):
        assert smooth_calibration_error([1], [[0.2, 0.8]], labels=[0, 1]) == pytest.approx(0.2)
