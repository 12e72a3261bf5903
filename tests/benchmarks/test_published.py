"""Published results and how ours are held against them."""

from __future__ import annotations

import math

import pytest

from benchmarks.datasets import DATA_DIR_VARIABLE, SUITE_DATASETS
from benchmarks.published import REFERENCE_METHODS, find_published, missing_note, verdict
from benchmarks.statistics import Estimate


@pytest.mark.parametrize(
    ("mean", "standard_error", "text"),
    [
        (0.9, 0.03, "better"),
        (1.5, 0.03, "worse"),
        (1.0, 0.03, "better"),
        (1.03, 0.12, "within error"),  # 0.15 apart, and the two errors together make 0.156
        (1.2, 0.0, "within error"),
        (0.1, math.nan, "undecided (one split)"),
    ],
)
def test_verdict(mean: float, standard_error: float, text: str) -> None:
    assert verdict(Estimate(mean, standard_error), Estimate(1.18, 0.1)) == text


def test_without_the_file_there_are_no_rows_and_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(DATA_DIR_VARIABLE, raising=False)
    assert find_published("uci") == {}
    assert missing_note("uci_gap").endswith(f"set {DATA_DIR_VARIABLE} to a folder that holds uci_gap/published.csv.")


@pytest.mark.data
@pytest.mark.parametrize("suite", ["uci", "uci_gap"])
def test_the_reference_has_every_data_set(suite: str) -> None:
    published = find_published(suite)
    assert set(published) == set(SUITE_DATASETS["uci"])
    assert all("nll" in published[name][REFERENCE_METHODS[suite]] for name in published)
    assert find_published("shift") == {}
