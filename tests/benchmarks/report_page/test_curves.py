"""The curves over the splits, on counts that can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.report_page.curves import central_coverage, pooled_reliability, relative_risk


def test_coverage_is_the_share_of_rows_in_the_middle() -> None:
    generator = np.random.default_rng(0)
    pit = generator.beta(2.0, 3.0, size=400)
    counts = [np.histogram(part, bins=100, range=(0, 1))[0].tolist() for part in np.split(pit, 4)]
    levels, observed = central_coverage(counts)
    assert levels[[0, 25, 45, 50]].tolist() == [0.0, 0.5, 0.9, 1.0]
    assert observed == pytest.approx([np.mean(np.abs(pit - 0.5) <= level / 2) for level in levels])
    assert observed[-1] == 1.0


def test_reliability_is_pooled_by_the_rows_of_each_bin() -> None:
    first = {"count": [10, 30, 0], "confidence": [0.2, 0.5, None], "accuracy": [0.1, 0.4, None]}
    second = {"count": [30, 10, 19], "confidence": [0.4, 0.7, 0.9], "accuracy": [0.5, 0.8, 1.0]}
    confidence, accuracy, count = pooled_reliability([first, second])
    assert count.tolist() == [40, 40]  # the last bin has fewer than 20 rows
    assert confidence == pytest.approx([(10 * 0.2 + 30 * 0.4) / 40, (30 * 0.5 + 10 * 0.7) / 40])
    assert accuracy == pytest.approx([(10 * 0.1 + 30 * 0.5) / 40, (30 * 0.4 + 10 * 0.8) / 40])


def test_risk_is_divided_by_that_of_all_rows_split_by_split() -> None:
    kept = [0.5, 1.0]
    curves = [
        {"kept": kept, "risk": [1.0, 4.0]},
        {"kept": kept, "risk": [6.0, 8.0]},
        {"kept": kept, "risk": [0.0, 0.0]},
    ]
    x, risk = relative_risk(curves)
    assert x.tolist() == kept
    assert risk.tolist() == [0.5, 1.0]
    assert np.isnan(relative_risk(curves[2:])[1]).all()
