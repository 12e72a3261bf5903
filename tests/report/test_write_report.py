"""`write_report`: which models and tables it takes, and what stands in the file."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression, LogisticRegression

from tests.report.conftest import HOSTILE
from uncertainty import (
    ConformalClassifier,
    ConformalRegressor,
    MCDropoutRegressor,
    ProbabilisticMLPClassifier,
    ProbabilisticMLPRegressor,
    RecalibratedRegressor,
    write_report,
)

ROOT = Path(__file__).resolve().parents[2]
GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(120, 2))
Y = X[:, 0] + GENERATOR.normal(size=120) * 0.5
LABELS = np.digitize(Y, [-0.5, 0.5])
VOID = {"meta", "input", "link", "br"}


def small_regressor() -> ProbabilisticMLPRegressor:
    return ProbabilisticMLPRegressor((4,), max_iter=3, random_state=0)


def small_classifier() -> ProbabilisticMLPClassifier:
    return ProbabilisticMLPClassifier((4,), max_iter=3, random_state=0)


class Parsed(HTMLParser):
    """Start tags, ids and text of a page, every element closed in turn."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.scripts: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        (self.scripts if self.open[-1:] in (["script"], ["style"]) else self.text).append(data)

    def words(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.text))


def written(estimator: Any, X: Any, y: Any, folder: Path, **options: Any) -> Parsed:
    write_report(estimator, X, y, folder / "report.html", overwrite=True, **options)
    return Parsed((folder / "report.html").read_text(encoding="utf-8"))


def test_the_page_is_well_formed_and_loads_nothing(regression_page: Path, classification_page: Path) -> None:
    for path in (regression_page, classification_page):
        page = Parsed(path.read_text(encoding="utf-8"))
        ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
        assert len(ids) == len(set(ids))
        for tag, attributes in page.tags:
            assert tag not in ("link", "img", "iframe", "object")
            assert not {"src", "style", "onclick", "onload"} & set(attributes)
            assert attributes.get("href", "#").startswith("#")
            assert attributes.get("href", f"#{ids[0]}")[1:] in ids
        assert "http://" not in path.read_text(encoding="utf-8")


def test_text_of_the_user_is_text(regression_page: Path, classification_page: Path) -> None:
    for path in (regression_page, classification_page):
        raw = path.read_text(encoding="utf-8")
        page = Parsed(raw)
        assert sum(tag == "script" for tag, _ in page.tags) == 2
        assert not any(tag == "b" for tag, _ in page.tags)
        assert HOSTILE not in raw
        assert "<b>islands" not in raw
        assert HOSTILE in page.words()
    assert "cost & </script> [k€]" in Parsed(regression_page.read_text(encoding="utf-8")).words()
    data = Parsed(regression_page.read_text(encoding="utf-8")).scripts[1]
    names = [column["name"] for column in json.loads(data)["columns"]]
    assert HOSTILE in names
    assert names[0] == "cost & </script> [k€]"


def test_title_and_target_name(tmp_path: Path) -> None:
    model = small_regressor().fit(X, Y)
    page = written(model, X, Y, tmp_path, title="A & <i>B</i>", target_name="<u>")
    assert "A & <i>B</i>" in page.words()
    assert "<u> (a number, in the units of y)" in page.words()
    assert not {"i", "u"} & {tag for tag, _ in page.tags}


@pytest.mark.parametrize("n_rows", [1, 2, 5])
def test_few_rows_are_told_as_such(n_rows: int, tmp_path: Path) -> None:
    regression = written(small_regressor().fit(X, Y), X[:n_rows], Y[:n_rows], tmp_path).words()
    classification = written(small_classifier().fit(X, LABELS), X[:n_rows], LABELS[:n_rows], tmp_path).words()
    told = "A single row says nothing of the noise" if n_rows == 1 else f"With only {n_rows} rows even the limits"
    assert told in regression
    assert told in classification


def test_conformal_wrappers_of_plain_models(tmp_path: Path) -> None:
    words = written(ConformalRegressor(LinearRegression(), random_state=0).fit(X, Y), X, Y, tmp_path).words()
    assert "ConformalRegressor of LinearRegression" in words
    assert "rows are ordered by the width" in words
    assert "no CRPS, NLL or PIT" in words
    words = written(
        ConformalClassifier(LogisticRegression(), random_state=0).fit(X, LABELS), X, LABELS, tmp_path
    ).words()
    assert "The sets are conformal" in words
    assert "does not tell ignorance (epistemic) from noise" in words


def test_other_wrappers_and_methods(tmp_path: Path) -> None:
    words = written(RecalibratedRegressor(small_regressor()).fit(X, Y), X, Y, tmp_path).words()
    assert "RecalibratedRegressor of ProbabilisticMLPRegressor" in words
    assert "single network, which cannot tell ignorance from noise" in words
    dropout = MCDropoutRegressor(n_mc_samples=6, random_state=0).set_params(
        estimator=ProbabilisticMLPRegressor((4,), dropout=0.1, max_iter=3)
    )
    assert "Members 6" in written(dropout.fit(X, Y), X, Y, tmp_path).words()


def test_binary_classes_and_polars_frames(tmp_path: Path) -> None:
    frame = pl.DataFrame({"a": X[:, 0], "b": X[:, 1]})
    model = small_classifier().fit(frame, LABELS == 0)
    words = written(model, frame, pl.Series("is low", LABELS == 0), tmp_path).words()
    assert "is low (one of several classes)" in words


def test_constant_targets_and_columns(tmp_path: Path) -> None:
    words = written(small_regressor().fit(X, Y), np.ones((30, 2)), np.ones(30), tmp_path).words()
    assert "No column has two groups of rows to compare." in words
    assert "One value in every row: column 0, column 1." in words


def test_a_file_is_replaced_only_on_request(tmp_path: Path) -> None:
    model, path = small_regressor().fit(X, Y), tmp_path / "report.html"
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(FileExistsError, match="Pass overwrite=True"):
        write_report(model, X, Y, path)
    assert path.read_text(encoding="utf-8") == "mine"
    write_report(model, X, Y, path, overwrite=True)
    assert path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]


def test_nothing_is_left_of_a_report_that_fails(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="y must hold finite numbers"):
        write_report(small_regressor().fit(X, Y), X, np.where(Y > 0, np.nan, Y), tmp_path / "report.html")
    assert list(tmp_path.iterdir()) == []


def test_what_no_report_can_be_written_of(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    with pytest.raises(TypeError, match=r"estimator must have predict_interval or predict_dist, got LinearRegression"):
        write_report(LinearRegression().fit(X, Y), X, Y, path)
    with pytest.raises(NotFittedError):
        write_report(small_regressor(), X, Y, path)
    with pytest.raises(TypeError, match="estimator must be a fitted regressor or classifier, got str"):
        write_report("model", X, Y, path)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="y must hold classes that the model knows"):
        write_report(small_classifier().fit(X, LABELS), X, LABELS + 1, path)
    two = small_regressor().fit(X, np.column_stack([Y, Y]))
    with pytest.raises(ValueError, match="y must have one target"):
        write_report(two, X, np.column_stack([Y, Y]), path)


def test_without_jinja2_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(ImportError, match=r"pip install 'uncertainty\[report\]'"):
        write_report(small_regressor().fit(X, Y), X, Y, tmp_path / "report.html")


@pytest.mark.slow
def test_a_wheel_holds_the_templates(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--no-deps",
        "--no-build-isolation",
        "-q",
        "-w",
        str(tmp_path),
        ".",
    ]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    names = zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist()
    assert {f"uncertainty/report/templates/report.{kind}" for kind in ("html", "css", "js")} <= set(names)
