"""The page as a whole: what is there, and what is said where something is not."""

from __future__ import annotations

from benchmarks.methods import METHODS
from benchmarks.report_page.content import build_page
from benchmarks.report_page.groups import OURS, group_of, sort_methods
from benchmarks.report_page.markdown import render_markdown
from benchmarks.report_page.page import Page, Section, Table
from benchmarks.report_page.published_rows import PublishedRows
from benchmarks.store import Record

from .conftest import PUBLISHED, make_record


def find_section(page: Page, heading: str) -> Section:
    return next(section for section in page.sections if section.heading == heading)


def page_of(records: list[Record]) -> Page:
    return build_page(records, {})


def test_every_suite_has_its_chapter_and_missing_ones_say_so(page: Page) -> None:
    text = render_markdown(page, "benchmarks")
    for suite in ("uci", "uci_gap", "classification", "mnist", "noise"):
        assert f"## Suite {suite}\n" in text
        assert f"### {suite}: scores" in text
    for suite in ("shift", "quick"):
        assert f"No records of this suite: `python -m benchmarks {suite}` makes them." in text
    assert "### uci: beside the published results" in text
    assert "set `UNCERTAINTY_DATA_DIR` to a folder that holds `uci_gap/published.csv`" in text


def test_published_rows_stand_there_whoever_wins(page: Page) -> None:
    section = find_section(page, "uci: beside the published results")
    tables = {block.caption: block for block in section.blocks if isinstance(block, Table)}
    for line in PUBLISHED.splitlines()[1:]:
        dataset, method = line.split(",")[:2]
        assert method in [row[0] for row in tables[dataset].rows]
    verdicts = {cell for table in tables.values() for row in table.rows for cell in row[4:]}
    assert {"better", "worse"} <= verdicts


def test_what_was_run(page: Page, records: list[Record]) -> None:
    section = find_section(page, "What was run")
    suites, methods, versions, states = (block for block in section.blocks if isinstance(block, Table))
    assert suites.rows[0] == ("uci", "2026-11-21", "6", "10", "5", "0 to 4", "300", "0")
    assert sum(int(row[6]) for row in suites.rows) == len(records)
    assert ("deep_ensemble", "ours", "`deep_ensembleClassifier(random_state=seed)`; "
            "`deep_ensembleRegressor(random_state=seed)`", "") in methods.rows  # fmt: skip
    assert "at most 1000 of the training rows" in {row[3] for row in methods.rows}
    assert ("torch", "2.13.0") in versions.rows
    text = render_markdown(page, "benchmarks")
    assert "Machine: Some Processor, 2 cores, x86_64." in text
    assert "No run gave a warning." in text
    assert "different versions" not in text
    assert "met so far" in text  # 5 of 20 splits
    methods = "deep_ensemble mc_dropout snapshot_ensemble probabilistic_mlp"
    assert f"- `python -m benchmarks mnist --datasets mnist --methods {methods} --splits 2`" in text
    assert "Not run, of the methods of other packages: `ngboost`, `realmlp`" in text
    assert ("uci", "mc_dropout", "0123456789ab (30 runs)") in states.rows
    assert "hgb" not in {row[1] for row in states.rows}
    assert "The defaults (10 networks with hidden layers of (64, 64, 64) units" in text


def small(**changes: object) -> list[Record]:
    return [
        make_record("shift", "yacht", "regression", method, split, scores={"nll": 1.0, "rmse": 2.0})
        | (changes if method == "mc_dropout" and split == 0 else {})
        for method in OURS
        for split in range(2)
    ]


def test_records_of_different_versions_and_machines_are_pointed_out() -> None:
    versions = {"python": "3.11.9", "uncertainty": "0.2.0", "torch": "2.13.0"}
    text = render_markdown(page_of(small(versions=versions)), "benchmarks")
    assert "Note: the records come from different versions of `uncertainty` (0.1.0, 0.2.0)" in text
    other = {"n_cores": 8, "architecture": "arm64", "processor": None}
    text = render_markdown(page_of(small(machine=other)), "benchmarks")
    assert "Note: the records come from different machines" in text


def test_warnings_are_counted_once_a_run() -> None:
    records = small(warnings=["ConvergenceWarning: a", "ConvergenceWarning: b", "UserWarning: c"])
    tables = [block for block in find_section(page_of(records), "What was run").blocks if isinstance(block, Table)]
    assert tables[-1].rows == (
        ("shift", "mc_dropout", "ConvergenceWarning", "1"),
        ("shift", "mc_dropout", "UserWarning", "1"),
    )
    assert tables[0].rows[0][-1] == "1"


def test_missing_splits_are_named() -> None:
    text = render_markdown(page_of(small()[:-1]), "benchmarks")
    assert "shift: `probabilistic_mlp` has 1 of 2 splits of yacht." in text


def test_missing_reference_is_said_to_be_missing() -> None:
    section = find_section(page_of(small()), "shift: differences to `sklearn_mlp`")
    assert "No records of `sklearn_mlp`" in str(section.blocks)


def test_published_file_without_some_data_set(published: PublishedRows, records: list[Record]) -> None:
    energy = [r | {"curves": {}} for r in records if r["suite"] == "uci" and r["dataset"] == "energy"]
    page = build_page(energy, {"uci": published})
    assert "uci: beside the published results" in [section.heading for section in page.sections]


def test_groups() -> None:
    assert {name: group_of(name) for name in METHODS} == {name: method.group for name, method in METHODS.items()}
    assert sort_methods(["zebra", "hgb", "ngboost", "deep_ensemble"]) == ["deep_ensemble", "hgb", "ngboost", "zebra"]
    assert [group_of(name) for name in ("mc_dropout", "same_epochs_mlp", "hgb", "ngboost", "zebra")] == [
        "ours", "control", "baseline", "peer", "other",
    ]  # fmt: skip
