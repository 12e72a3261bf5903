"""The command: what it reads, what it writes, what it says when it cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.__main__ import main
from benchmarks.store import Record, save_record

from .conftest import PUBLISHED


@pytest.fixture
def results(records: list[Record], tmp_path: Path) -> Path:
    """Two methods on one set, so that few figures are drawn."""
    for record in records:
        if (record["suite"], record["dataset"]) == ("uci", "yacht") and record["method"] in (
            "deep_ensemble",
            "hgb_quantile",
        ):
            save_record(record, tmp_path / "results" / "uci")
    return tmp_path / "results"


def test_writes_both_pages_and_the_figures(
    results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "data" / "uci").mkdir(parents=True)
    (tmp_path / "data" / "uci" / "published.csv").write_text(PUBLISHED)
    monkeypatch.setenv("UNCERTAINTY_DATA_DIR", str(tmp_path / "data"))
    output = tmp_path / "docs"
    (output / "benchmarks").mkdir(parents=True)
    (output / "benchmarks" / "stale.png").write_bytes(b"")
    assert main(["report", "--results", str(results), "--output", str(output)]) == 0
    assert capsys.readouterr().out == f"{output}/benchmarks.md\n{output}/benchmarks.html\n"
    pictures = {path.name for path in (output / "benchmarks").iterdir()}
    assert pictures == {"uci_forest.png", "uci_coverage.png", "uci_risk_coverage.png"}
    text = (output / "benchmarks.md").read_text(encoding="utf-8")
    assert all(f"](benchmarks/{name})" in text for name in pictures)
    assert "a paper, Table 1" in text
    assert (output / "benchmarks.html").read_text(encoding="utf-8").count("data:image/png;base64,") == 3


def test_says_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", "--results", str(tmp_path / "nowhere")]) == 2
    assert "holds no records. Run a suite first" in capsys.readouterr().err
    (tmp_path / "uci" / "yacht" / "hgb").mkdir(parents=True)
    (tmp_path / "uci" / "yacht" / "hgb" / "000.json").write_text("{")
    assert main(["report", "--results", str(tmp_path)]) == 2
    assert "must hold a record in JSON" in capsys.readouterr().err
    assert not list(tmp_path.glob("*.md"))
