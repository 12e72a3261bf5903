"""How numbers are written."""

from __future__ import annotations

import math

import pytest

from benchmarks.report_page.numbers import write_estimate, write_number, write_p_value
from benchmarks.statistics import Estimate


@pytest.mark.parametrize(
    ("mean", "standard_error", "text"),
    [
        (2.4143, 0.0559, "2.414 ± 0.056"),
        (-0.5, 0.01, "-0.500 ± 0.010"),
        (0.0, 0.0, "0.000 ± 0.000"),
        (-0.00699, 0.06362, "-0.0070 ± 0.0636"),
        (31.416, 0.123, "31.42 ± 0.12"),
        (0.1014, 0.0003, "0.1014 ± 0.0003"),
        (2.6, 1e-9, "2.600000 ± 0.000000"),
        (1234.56, 7.89, "1234.6 ± 7.9"),
        (0.012345, 0.001, "0.0123 ± 0.0010"),
        (3.2e9, 1e8, "3.20e+09 ± 1.00e+08"),
        (0.25, math.nan, "0.250"),
        (math.nan, math.nan, "–"),
        (math.inf, math.nan, "–"),
    ],
)
def test_estimates(mean: float, standard_error: float, text: str) -> None:
    assert write_estimate(Estimate(mean, standard_error)) == text


def test_numbers() -> None:
    assert [write_number(value) for value in (0.0, 1.0, 0.12345, 99.94, 1234.5, 2e-6, None, math.inf)] == [
        "0.000", "1.00", "0.123", "99.9", "1234", "2.00e-06", "–", "–",
    ]  # fmt: skip
    assert write_number(0.0383, significant=2) == "0.038"


def test_p_values() -> None:
    assert [write_p_value(value) for value in (0.5, 0.0123, 0.0001, None, math.nan)] == [
        "0.500",
        "0.012",
        "< 0.001",
        "–",
        "–",
    ]
