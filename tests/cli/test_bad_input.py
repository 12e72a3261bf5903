"""Whatever is wrong with the data or the call: one clear line on stderr, an exit code, no file, no traceback."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from .conftest import QUICK

TRAIN = "x,y\n" + "".join(f"{i},{i}.5\n" for i in range(30))


def check(result, folder, message):
    lines = result.stderr.strip().splitlines()
    assert message in lines[-1], result.stderr
    assert lines[-1].startswith("Error: ")
    assert "Traceback" not in result.output
    assert not [path for path in folder.iterdir() if path.suffix == ".uq" or "unfinished" in path.name]


@pytest.mark.parametrize(
    ("name", "content", "options", "code", "message"),
    [
        ("a.csv", "", [], 1, "is empty"),
        ("a.csv", "\n\n", [], 1, "must begin with a line of column names"),
        ("a.csv", "x,y\n", [], 1, "has no rows below its header"),
        ("a.csv", "x,Y\n1,2\n", [], 1, "has no column 'y'. Similar: Y"),
        ("a.csv", "x,b\n1,2\n", [], 1, "has no column 'y'. It has: x, b."),
        ("a.csv", TRAIN, ["--drop", "X"], 1, "has no column 'X'. Similar: x"),
        ("a.csv", TRAIN, ["--drop", "x"], 1, "no column to predict from"),
        ("a.csv", TRAIN, ["--weights", "y"], 2, "named by another option"),
        ("a.csv", "x,y\n1,\n2,NA\n", [], 1, "the target 'y' is missing in every row"),
        ("a.csv", "x,x,y\n1,1,2\n", [], 1, "two columns named 'x'"),
        ("a.csv", TRAIN + "7\n", [], 1, "line 32: Expected 2 columns, got 1: 7"),
        ("a.csv", TRAIN.replace("\n5,", '\n"5,'), [], 1, "line 7"),
        ("a.csv", TRAIN.replace("\n5,", "\n5 kg,"), [], 1, "column 'x' must be a number, got '5 kg' in row 6"),
        (
            "a.csv",
            TRAIN.replace(",", ";").replace(".5", ",5"),
            [],
            1,
            "'y' must be a number, got '0,5' in row 1. Write numbers",
        ),
        ("a.csv", 'x,y\n"1,234.5",1\n"2,000",2\n', [], 1, "no comma, or let the column be text with --category x."),
        ("a.csv", TRAIN.replace("\n5,", "\ninf,"), [], 1, "column 'x' must be finite, got inf in row 6"),
        ("a.csv", TRAIN.replace(",5.5", ",five"), [], 1, "column 'y' must be a number, got 'five' in row 6"),
        ("a.csv", TRAIN.replace("\n3,3.5", "\n3,").replace("\n5,", "\nx,"), [], 1, "got 'x' in row 6"),
        ("a.csv", TRAIN, ["--task", "classification"], 1, "Unknown label type: continuous"),
        ("a.csv", "x,y\n1,2020-01-01\n2,2020-01-02\n", [], 1, "must be numbers or labels, got dates"),
        ("a.csv", "x,y\n1,a\n2,a\n", [], 1, "class"),
        ("a.csv", "x,y\n1,2.5\n", [], 1, "y"),
        ("a.csv", "x,y,w\n1,2.5,1\n2,3.5,-1\n", ["--weights", "w"], 1, "must be 0 or more, got -1.0 in row 2"),
        ("a.csv", "x,y,w\n1,2.5,0\n2,3.5,0\n", ["--weights", "w"], 1, "must be above 0 in some row"),
        ("a.xlsx", TRAIN, [], 2, "must end in .csv, .tsv or .parquet"),
        ("a.parquet", TRAIN, [], 1, "Parquet"),
        ("a.csv", b"\xff\xfe\x00\x01\x02", [], 1, ""),
        ("a.csv", b"x,y\n\xe9,1.5\n\xe8,2.5\n", [], 1, "UTF-8"),
        ("a.csv.gz", TRAIN, [], 1, ""),
        ("a.csv", TRAIN, ["--members", "3"], 2, "'mlp' is one network"),
        ("a.csv", "x,y\n1,a\n2,b\n", ["--head", "gaussian"], 2, "--head is for regression"),
    ],
)
def test_fit(run, tmp_path, name, content, options, code, message):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    command = ["fit", path, "--target", "y", *QUICK, *options, "-o", tmp_path / "model.uq"]
    check(run(*command, code=code), tmp_path, message)


@pytest.mark.parametrize(
    ("values", "type_of_them"),
    [([[1.0]] * 30, "list<element: double>"), (np.arange(30).astype("timedelta64[s]"), "duration")],
)
def test_fit_on_types_of_parquet_that_no_kind_has(run, tmp_path, values, type_of_them):
    pd.DataFrame({"x": np.arange(30.0), "odd": values, "y": np.arange(30.0)}).to_parquet(tmp_path / "a.parquet")
    command = ["fit", tmp_path / "a.parquet", "--target", "y", *QUICK]
    check(run(*command, "-o", tmp_path / "model.uq", code=1), tmp_path, f"dates, got {type_of_them}")
    run(*command, "--drop", "odd", "-o", tmp_path / "model.uq")


def test_fit_of_a_file_that_is_not_there(run, tmp_path):
    result = run("fit", tmp_path / "no.csv", "--target", "y", "-o", tmp_path / "model.uq", code=2)
    check(result, tmp_path, "does not exist")


def test_outputs_are_replaced_only_by_force(run, folder, regressor, tmp_path):
    output = tmp_path / "out.csv"
    output.write_text("mine")
    assert "is there already" in run("predict", regressor, folder / "data.csv", "-o", output, code=2).stderr
    assert output.read_text() == "mine"
    run("predict", regressor, folder / "data.csv", "-o", output, "--force")
    assert output.read_text().startswith('"mean"') or output.read_text().startswith("mean")
    before = regressor.read_bytes()
    run("fit", folder / "data.csv", "--target", "price", *QUICK, "-o", regressor, code=2)
    assert regressor.read_bytes() == before
    missing = run("predict", regressor, folder / "data.csv", "-o", tmp_path / "no" / "out.csv", code=2)
    assert "there is no folder" in missing.stderr


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        (lambda table: table.drop(columns="size").rename(columns={"place": "Place"}), 1, "no column 'size', 'place'"),
        (
            lambda table: table.assign(size=["much", *table["size"][1:]]),
            1,
            "column 'size' must be a number, got 'much'",
        ),
        (lambda table: table.assign(size=np.inf), 1, "must be finite, got inf in row 1"),
        (
            lambda table: table.assign(day="31.12.2024"),
            1,
            "must be a date such as 2020-01-31, got '31.12.2024' in row 1",
        ),
        (
            lambda table: table.assign(day="2024-02-30"),
            1,
            "must be a date such as 2020-01-31, got '2024-02-30' in row 1",
        ),
        (lambda table: table[:0], 1, "has no rows below its header"),
    ],
)
@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_predict(run, regressor, frame, tmp_path, change, code, message, ending):
    table = change(frame.astype({"size": object}))
    path = tmp_path / f"new.{ending}"
    table.to_csv(path, index=False) if ending == "csv" else table.astype(str).to_parquet(path)
    check(run("predict", regressor, path, "-o", tmp_path / "out.csv", code=code), tmp_path, message)
    assert not (tmp_path / "out.csv").exists()


def test_the_row_is_counted_over_all_batches(run, regressor, frame, tmp_path):
    many = pd.concat([frame.astype({"size": object})] * 150, ignore_index=True)
    many.loc[44_000, "size"] = "much"
    many.to_csv(tmp_path / "new.csv", index=False)
    result = run("predict", regressor, tmp_path / "new.csv", "-o", tmp_path / "out.csv", code=1)
    check(result, tmp_path, "got 'much' in row 44001")


@pytest.mark.parametrize("damage", [lambda data: data[:-9], lambda data: b"", lambda data: b"x" * 99])
def test_damaged_models(run, regressor, folder, tmp_path, damage):
    (tmp_path / "model.bin").write_bytes(damage(regressor.read_bytes()))
    for command in (["predict", "-o", tmp_path / "out.csv"], ["evaluate"], ["report", "-o", tmp_path / "page.html"]):
        result = run(command[0], tmp_path / "model.bin", folder / "data.csv", *command[1:], code=1)
        check(result, tmp_path, "cannot be loaded")


def test_outputs_that_cannot_be_written_are_known_before_the_work(run, regressor, folder, tmp_path, monkeypatch):
    def refuse(**_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    data = folder / "data.csv"
    for command in (["fit", data, "--target", "price"], ["predict", regressor, data], ["report", regressor, data]):
        result = run(*command, "-o", tmp_path / "out.csv", code=2)
        check(result, tmp_path, f"nothing can be written to the folder {str(tmp_path)!r}: Permission denied")


def test_inputs_are_never_the_output(run, regressor, folder):
    data = folder / "data.csv"
    for command in (["fit", data, "--target", "price", "-o", data], ["predict", regressor, data, "-o", regressor]):
        assert "is what is read" in run(*command, "--force", code=2).stderr


def test_an_unknown_ending_of_the_output(run, regressor, folder, tmp_path):
    result = run("predict", regressor, folder / "data.csv", "-o", tmp_path / "out.xlsx", code=2)
    check(result, tmp_path, "must end in .csv, .tsv or .parquet")


def test_a_wrong_coverage(run, regressor, folder, tmp_path):
    command = ["predict", regressor, folder / "data.csv", "--coverage", "90", "-o", tmp_path / "out.csv"]
    check(run(*command, code=2), tmp_path, "90.0 is not in the range")
