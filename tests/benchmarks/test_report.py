"""Tables, verdicts, the JSON record and the command line."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest

from benchmarks import report
from benchmarks.__main__ import main, print_tables
from benchmarks.datasets import DATA_DIR_VARIABLE
from benchmarks.methods import Method
from benchmarks.published import find_published, load_published, verdict
from benchmarks.report import (
    format_estimate,
    format_table,
    published_table,
    summarize,
    task_table,
    warning_lines,
    write_record,
)
from benchmarks.statistics import Estimate

PUBLISHED = """dataset,method,metric,mean,standard_error,source
yacht,deep_ensemble_2017,nll,1.18,0.05,"a paper, a table"
yacht,deep_ensemble_2017,rmse,1.58,0.11,"a paper, a table"
yacht,ngboost_2020,nll,0.2,0.06,another paper
"""


def make_row(method: str, split: int, **scores: float) -> dict[str, Any]:
    names = [*(name for name, _ in report.COLUMNS["regression"]), "nll_moment_matched"]
    metrics = dict.fromkeys(names, 1.0) | scores
    return {"dataset": "yacht", "task": "regression", "method": method, "split": split, "warnings": [], **metrics}


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
        (math.nan, math.nan, "nan"),
    ],
)
def test_format_estimate(mean: float, standard_error: float, text: str) -> None:
    assert format_estimate(Estimate(mean, standard_error)) == text


def test_table_is_aligned() -> None:
    table = format_table(["name", "value"], [["a", "1.0"], ["longer", "-10.25"]])
    assert table == "name     value\n------  ------\na          1.0\nlonger  -10.25"


def test_task_table_has_a_row_for_each_method_with_its_numbers() -> None:
    rows = [make_row("first", split, nll=float(split), rmse=4.0) for split in range(3)] + [make_row("second", 0)]
    lines = task_table(summarize(rows), "regression", ["yacht"]).splitlines()
    assert len(lines) == 4
    assert re.split(r"\s{2,}", lines[0])[:4] == ["data set", "method", "RMSE", "NLL"]
    assert re.split(r"\s{2,}", lines[2])[:4] == ["yacht", "first", "4.000 +- 0.000", "1.000 +- 0.577"]
    assert re.split(r"\s{2,}", lines[3])[:4] == ["yacht", "second", "1.000", "1.000"]


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


def test_published_rows_stand_under_ours(tmp_path: Path) -> None:
    (tmp_path / "published.csv").write_text(PUBLISHED)
    published = load_published(tmp_path / "published.csv")
    assert published["yacht"]["ngboost_2020"] == {"nll": Estimate(0.2, 0.06)}
    rows = [
        make_row("deep_ensemble", split, nll=0.5 + 0.1 * split, nll_moment_matched=1.0 + 0.2 * split, rmse=2.0 + split)
        for split in range(3)
    ]
    lines = published_table(summarize(rows), "yacht", published).splitlines()
    assert [line.split()[0] for line in lines[2:5]] == ["deep_ensemble", "deep_ensemble_2017", "ngboost_2020"]
    assert lines[4].split()[-2:] == ["-", "-"]
    verdicts = "NLL better, NLL Gaussian within error, RMSE worse"
    assert lines[5] == f"deep_ensemble against deep_ensemble_2017: {verdicts}"
    assert "no published row" in published_table({"kin8nm": {}}, "kin8nm", published)


def test_missing_published_rows_are_said_to_be_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(DATA_DIR_VARIABLE, raising=False)
    print_tables("uci", ["yacht"], summarize([make_row("first", 0)]))
    assert f"No published rows: set {DATA_DIR_VARIABLE}" in capsys.readouterr().out


def test_warnings_are_counted_once_for_each_run() -> None:
    rows = [make_row("first", split) | {"warnings": ["UserWarning: a", "UserWarning: b"]} for split in range(2)]
    assert warning_lines(rows) == ["2 runs of first gave a UserWarning"]


def test_an_existing_file_is_kept_unless_forced(tmp_path: Path) -> None:
    path = tmp_path / "new" / "record.json"
    write_record({"a": 1}, path)
    with pytest.raises(FileExistsError, match="--force"):
        write_record({"a": 2}, path)
    assert json.loads(path.read_text()) == {"a": 1}
    write_record({"a": 2}, path, force=True)
    assert json.loads(path.read_text()) == {"a": 2}


def run_main(methods: dict[str, Method], *arguments: str) -> int:
    return main([*arguments, "--n-jobs", "1"], methods)


def test_quick_prints_one_table_a_task_and_writes_a_record(
    fake_methods: dict[str, Method], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "quick.json"
    assert run_main(fake_methods, "quick", "--output", str(path)) == 0
    output = capsys.readouterr()
    assert output.out.count("\nregression\n") == output.out.count("\nclassification\n") == 1
    assert len(re.findall(r"^(?:breast_cancer|wine|digits) +(?:fake|twin) ", output.out, flags=re.MULTILINE)) == 6
    assert str(path) in output.out
    assert output.err.count("\n") == 16

    record = json.loads(path.read_text())
    assert record["suite"] == "quick"
    assert record["command"].startswith("python -m benchmarks quick --output ")
    assert set(record["versions"]) >= {"python", "uncertainty", "torch", "numpy", "scipy", "scikit-learn"}
    assert record["machine"]["n_cores"] >= 1
    assert record["n_jobs"] == 1
    assert len(record["rows"]) == 16
    wine = [row for row in record["rows"] if row["dataset"] == "wine" and row["method"] == "fake"]
    assert [row["split"] for row in wine] == [0, 1]
    assert (wine[0]["n_train"], wine[0]["n_test"]) == (142, 36)
    mean = (wine[0]["nll"] + wine[1]["nll"]) / 2
    assert record["summary"]["wine"]["fake"]["nll"]["mean"] == pytest.approx(mean)


def test_one_split_gives_no_standard_error(fake_methods: dict[str, Method], tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    options = ("--datasets", "diabetes", "--methods", "fake", "--splits", "1")
    run_main(fake_methods, "quick", *options, "--output", str(path))
    assert json.loads(path.read_text())["summary"]["diabetes"]["fake"]["rmse"]["standard_error"] is None


def test_existing_output_is_refused_before_any_work(
    fake_methods: dict[str, Method], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "kept.json"
    path.write_text("kept")
    assert run_main(fake_methods, "quick", "--output", str(path)) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert "exists already" in output.err
    assert path.read_text() == "kept"


@pytest.mark.parametrize(
    ("arguments", "valid"),
    [
        (["quick", "--datasets", "iris"], "'diabetes', 'breast_cancer', 'wine', 'digits'"),
        (["quick", "--methods", "magic"], "'fake', 'twin'"),
        (["uci", "--splits", "21"], "20"),
        (["slow"], "'quick', 'uci', 'classification'"),
    ],
)
def test_unknown_names_list_the_valid_ones(
    arguments: list[str], valid: str, fake_methods: dict[str, Method], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(arguments, fake_methods)
    assert valid in capsys.readouterr().err


def test_missing_data_end_with_a_message_and_not_a_traceback(
    fake_methods: dict[str, Method], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(DATA_DIR_VARIABLE, str(tmp_path / "nowhere"))
    assert run_main(fake_methods, "uci", "--datasets", "yacht", "--splits", "1") == 2
    assert DATA_DIR_VARIABLE in capsys.readouterr().err


@pytest.mark.data
def test_uci_prints_the_published_rows(
    fake_methods: dict[str, Method], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "uci.json"
    assert run_main(fake_methods, "uci", "--datasets", "yacht", "--splits", "3", "--output", str(path)) == 0
    output = capsys.readouterr().out
    assert re.search(r"^  deep_ensemble_2017 \(published\) +1\.180 \+- ", output, flags=re.MULTILINE)
    assert "fake against deep_ensemble_2017: NLL worse, NLL Gaussian worse, RMSE worse" in output


@pytest.mark.data
def test_least_squares_reproduces_its_published_rows(fake_methods: dict[str, Method], tmp_path: Path) -> None:
    """The published table has least squares, recomputed on these splits: rows, splits and scores must all agree."""
    path = tmp_path / "uci.json"
    run_main(fake_methods, "uci", "--methods", "fake", "--output", str(path))
    summary = json.loads(path.read_text())["summary"]
    published = find_published()
    assert published is not None
    for name, methods in published.items():
        for metric, expected in methods["linear_gaussian"].items():
            ours, rounding = summary[name]["fake"][metric], 6e-4
            assert ours["mean"] == pytest.approx(expected.mean, abs=rounding), (name, metric)
            # These rows divide the variance over the splits by 20, we divide it by 19.
            error = ours["standard_error"] * math.sqrt(19 / 20)
            assert error == pytest.approx(expected.standard_error, abs=rounding), (name, metric)
