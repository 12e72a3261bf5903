"""The tables of a suite: published rows, paired differences and ranks."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from benchmarks.published import load_published
from benchmarks.statistics import Estimate, paired_difference
from benchmarks.suite_tables import difference_table, published_table, rank_lines, score_rows

PUBLISHED = """dataset,method,metric,mean,standard_error,source
yacht,deep_ensemble_2017,nll,1.18,0.05,"a paper, a table"
yacht,deep_ensemble_2017,rmse,1.58,0.11,"a paper, a table"
yacht,ngboost_2020,nll,0.2,0.06,another paper
"""


def make_records(method: str, nll: list[float | None], dataset: str = "yacht", **scores: Any) -> list[dict[str, Any]]:
    return [
        {"dataset": dataset, "method": method, "split": split, "n_train": 90, "n_test": 10,
         "scores": {"nll": value, "rmse": 1.0} | {name: values[split] for name, values in scores.items()}}
        for split, value in enumerate(nll)
    ]  # fmt: skip


def test_published_rows_stand_under_ours(tmp_path: Path) -> None:
    (tmp_path / "published.csv").write_text(PUBLISHED)
    published = load_published(tmp_path / "published.csv")
    assert published["yacht"]["ngboost_2020"] == {"nll": Estimate(0.2, 0.06)}
    records = make_records("deep_ensemble", [0.5, 0.6, 0.7], nll_moment_matched=[1.0, 1.2, 1.4], rmse=[2.0, 3.0, 4.0])
    lines = published_table(score_rows(records), "yacht", published, "deep_ensemble_2017").splitlines()
    assert [line.split()[0] for line in lines[2:5]] == ["deep_ensemble", "deep_ensemble_2017", "ngboost_2020"]
    assert lines[4].split()[-2:] == ["-", "-"]
    verdicts = "NLL better, NLL Gaussian within error, RMSE worse"
    assert lines[5] == f"deep_ensemble against deep_ensemble_2017: {verdicts}"
    assert "no published row" in published_table({"kin8nm": {}}, "kin8nm", published, "deep_ensemble_2017")


def test_difference_table() -> None:
    records = [*make_records("a", [1.0, 2.0]), *make_records("b", [1.5, 2.4]), *make_records("c", [None, None])]
    lines = difference_table(records, "regression", "a", "splits").splitlines()
    assert re.split(r"\s{2,}", lines[0]) == ["data set", "method", "NLL - a's", "RMSE - a's"]
    p_value = paired_difference([1.5, 2.4], [1.0, 2.0], 1 / 9).p_value
    assert re.split(r"\s{2,}", lines[2])[:3] == ["yacht", "b", f"0.450 +- 0.055 (p {p_value:.3f})"]
    assert re.split(r"\s{2,}", lines[3])[:3] == ["yacht", "c", "-"]
    one = difference_table(make_records("a", [1.0]) + make_records("b", [3.0]), "regression", "a", "splits")
    assert re.split(r"\s{2,}", one.splitlines()[2])[2] == "2.000"


def test_ranks_over_data_sets() -> None:
    records = [
        record
        for dataset, (a, b) in {"x": (1.0, 2.0), "y": (1.0, 3.0), "z": (2.0, 1.0)}.items()
        for record in (*make_records("a", [a], dataset), *make_records("b", [b], dataset))
    ]
    lines = rank_lines(score_rows(records), "regression", ["x", "y", "z"])
    assert lines[0].startswith("Average rank by NLL: a 1.33, b 1.67 (3 data sets; all equal: p ")
    assert lines[1].startswith("Average rank by RMSE: a 1.50, b 1.50 (")
    assert rank_lines(score_rows(records[:2]), "regression", ["x"])[0].endswith("a 1.00, b 2.00 (one data set)")
