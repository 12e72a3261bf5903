"""Finished runs on disk: written whole, read back, refused where they are not what is wanted."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from benchmarks.store import StoreError, find_record, load_records, record_path, save_record


def make_record(**values: Any) -> dict[str, Any]:
    record = {"format": 2, "suite": "uci", "dataset": "yacht", "method": "fake", "split": 3, "parameters": "Fake()",
              "versions": {"uncertainty": "0.1.0"}, "scores": {"nll": 0.5}}  # fmt: skip
    return record | values


def find(folder: Path, *, parameters: str = "Fake()", version: str = "0.1.0", split: int = 3) -> dict[str, Any] | None:
    return find_record(folder, "yacht", "fake", split, parameters=parameters, version=version)


def test_a_run_has_one_file_and_is_read_back(tmp_path: Path) -> None:
    path = save_record(make_record(), tmp_path)
    assert path == tmp_path / "yacht" / "fake" / "003.json" == record_path(tmp_path, "yacht", "fake", 3)
    assert find(tmp_path) == make_record()
    assert find(tmp_path, split=4) is None
    assert [p.name for p in path.parent.iterdir()] == ["003.json"]


def test_numbers_that_json_lacks_become_null(tmp_path: Path) -> None:
    scores = {"nll": math.nan, "crps": math.inf, "rmse": 1.0}
    save_record(make_record(scores=scores, curves={"pit": [1, math.nan]}), tmp_path)
    record = find(tmp_path)
    assert record is not None
    assert record["scores"] == {"nll": None, "crps": None, "rmse": 1.0}
    assert record["curves"] == {"pit": [1, None]}


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    save_record(make_record(), tmp_path)
    with pytest.raises(TypeError):
        save_record(make_record(scores={"nll": object()}), tmp_path)
    assert find(tmp_path) == make_record()


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"parameters": "Fake(alpha=1)"}, r"parameters Fake\(alpha=1\), got Fake\(\)"),
        ({"version": "0.2.0"}, "version of uncertainty 0.2.0, got 0.1.0"),
    ],
)
def test_a_run_of_another_kind_is_refused_with_its_name(tmp_path: Path, wanted: dict[str, str], message: str) -> None:
    save_record(make_record(), tmp_path)
    with pytest.raises(StoreError, match=rf"yacht/fake/003.json .*{message}.*another --output, or delete"):
        find(tmp_path, **wanted)


@pytest.mark.parametrize("content", ["{", '{"format": 1}', "[]"])
def test_a_file_that_is_no_record_is_named(tmp_path: Path, content: str) -> None:
    path = save_record(make_record(), tmp_path)
    path.write_text(content)
    with pytest.raises(StoreError, match=r"003.json must hold a record .* Delete it"):
        load_records(tmp_path)


def test_records_of_a_suite_come_in_order(tmp_path: Path) -> None:
    for suite in ("uci", "uci/of_another_day"):
        for method, split in (("b", 0), ("a", 10), ("a", 2)):
            save_record(make_record(method=method, split=split), tmp_path / suite)
    (tmp_path / "uci" / "quick-20260101-000000.json").write_text(json.dumps({"format": 1}))
    assert [(r["method"], r["split"]) for r in load_records(tmp_path / "uci")] == [("a", 2), ("a", 10), ("b", 0)]
    assert load_records(tmp_path / "nowhere") == []
