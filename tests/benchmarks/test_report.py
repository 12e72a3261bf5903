"""The one file of a suite that writes one, and the lines beside its tables."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.report import warning_lines, write_record


def test_warnings_are_counted_once_for_each_run() -> None:
    rows = [{"method": "first", "split": split, "warnings": ["UserWarning: a", "UserWarning: b"]} for split in range(2)]
    assert warning_lines(rows) == ["2 runs of first gave a UserWarning"]


def test_an_existing_file_is_kept_unless_forced(tmp_path: Path) -> None:
    path = tmp_path / "new" / "record.json"
    write_record({"a": 1}, path)
    with pytest.raises(FileExistsError, match="--force"):
        write_record({"a": 2}, path)
    assert json.loads(path.read_text()) == {"a": 1}
    write_record({"a": 2}, path, force=True)
    assert json.loads(path.read_text()) == {"a": 2}
