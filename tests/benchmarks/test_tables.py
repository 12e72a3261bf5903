"""Numbers with their errors, in columns."""

from __future__ import annotations

import math
import re

import pytest

from benchmarks.statistics import Estimate
from benchmarks.tables import format_estimate, format_table, summarize, task_table

COLUMNS = {"regression": (("rmse", "RMSE"), ("nll", "NLL"), ("epistemic_std", "epist. std"))}


@pytest.mark.parametrize(
    ("mean", "standard_error", "text"),
    [
        (2.4143, 0.0559, "2.414 +- 0.056"),
        (-0.5, 0.01, "-0.500 +- 0.010"),
        (0.0, 0.0, "0.000 +- 0.000"),
        (-0.00699, 0.06362, "-0.0070 +- 0.0636"),
        (31.416, 0.123, "31.42 +- 0.12"),
        (1234.56, 7.89, "1234.6 +- 7.9"),
        (0.012345, 0.001, "0.0123 +- 0.0010"),
        (3.2e9, 1e8, "3.20e+09 +- 1.00e+08"),
        (2.5e-7, math.nan, "2.50e-07"),
        (math.inf, math.nan, "inf"),
        (math.nan, math.nan, "-"),
    ],
)
def test_format_estimate(mean: float, standard_error: float, text: str) -> None:
    assert format_estimate(Estimate(mean, standard_error)) == text


def test_table_is_aligned() -> None:
    table = format_table(["name", "value"], [["a", "1.0"], ["longer", "-10.25"]])
    assert table == "name     value\n------  ------\na          1.0\nlonger  -10.25"


def make_row(method: str, **scores: float | None) -> dict[str, object]:
    return {"dataset": "yacht", "method": method, "split": 0, "warnings": [], "rmse": 1.0, "nll": 1.0} | scores


def test_task_table_has_a_row_for_each_method_with_its_numbers() -> None:
    rows = [make_row("first", nll=float(split), rmse=4.0) for split in range(3)] + [make_row("second")]
    lines = task_table(summarize(rows), "regression", ["yacht"], COLUMNS).splitlines()
    assert len(lines) == 4
    assert re.split(r"\s{2,}", lines[0]) == ["data set", "method", "RMSE", "NLL", "epist. std"]
    assert re.split(r"\s{2,}", lines[2]) == ["yacht", "first", "4.000 +- 0.000", "1.000 +- 0.577", "-"]
    assert re.split(r"\s{2,}", lines[3]) == ["yacht", "second", "1.000", "1.000", "-"]


def test_a_score_that_a_split_lacks_has_no_mean() -> None:
    summary = summarize([make_row("first", nll=None), make_row("first", nll=2.0)])
    assert set(summary["yacht"]["first"]) == {"rmse", "nll"}
    assert math.isnan(summary["yacht"]["first"]["nll"].mean)
    assert summary["yacht"]["first"]["rmse"] == Estimate(1.0, 0.0)
