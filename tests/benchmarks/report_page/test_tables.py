"""Every number of the tables, against plain loops over the records."""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import mean, stdev
from typing import Any

import pytest
from scipy.stats import rankdata
from scipy.stats import t as student_t

from benchmarks.report_page.columns import COSTS, GAP, INTERVALS, LOSSES, NOISE, OUT_OF_DISTRIBUTION, SCORES, Columns
from benchmarks.report_page.groups import OURS
from benchmarks.report_page.page import Table
from benchmarks.report_page.published_rows import PublishedRows
from benchmarks.report_page.results import Results, group_results
from benchmarks.report_page.tables import (
    cost_table,
    coverage_table,
    paired_table,
    published_table,
    rank_table,
    score_table,
    source_table,
)
from benchmarks.store import Record

from .brute_force import assert_says, assert_says_mean, values_of


@pytest.fixture
def suite(records: list[Record]) -> Callable[[str], Results]:
    return lambda name: group_results(records)[name]


def present(table: Table | None) -> Table:
    assert table is not None
    return table


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("uci", SCORES["regression"]),
        ("uci", INTERVALS),
        ("uci_gap", GAP),
        ("classification", SCORES["classification"]),
        ("mnist", OUT_OF_DISTRIBUTION),
        ("noise", NOISE),
    ],
)
def test_scores(name: str, columns: Columns, suite: Callable[[str], Results], records: list[Record]) -> None:
    results = suite(name)
    scores = {heading: score for score, heading in columns}
    for dataset in results.datasets:
        table = present(score_table(results, dataset, columns))
        assert table.caption == dataset
        assert table.header == ("method", "group", *scores)
        # A method stands there if it has any of the scores.
        assert [row[0] for row in table.rows] == [
            method
            for method in results.methods
            if any(values_of(records, name, dataset, method, score) for score in scores.values())
        ]
        for method, _, *cells in table.rows:
            for score, cell in zip(scores.values(), cells, strict=True):
                assert_says_mean(cell, values_of(records, name, dataset, method, score))


def test_scores_that_no_method_has_have_no_column_and_no_table(suite: Callable[[str], Results]) -> None:
    assert score_table(suite("uci"), "yacht", OUT_OF_DISTRIBUTION) is None
    table = present(score_table(suite("uci"), "yacht", (*OUT_OF_DISTRIBUTION, ("nll", "NLL"))))
    assert table.header == ("method", "group", "NLL")


def test_a_score_that_is_null_on_one_split_has_no_mean(records: list[Record]) -> None:
    changed = [
        r | {"scores": r["scores"] | {"nll": None}} if r["split"] == 3 and r["method"] in OURS else r for r in records
    ]
    table = present(score_table(group_results(changed)["uci"], "yacht", (("nll", "NLL"), ("rmse", "RMSE"))))
    assert [row[0] for row in table.rows if row[2] == "–"] == [*OURS, "hgb_quantile"]
    assert all("±" in row[3] for row in table.rows)


def test_costs(suite: Callable[[str], Results], records: list[Record]) -> None:
    for name in ("uci", "classification"):
        table = present(cost_table(suite(name), suite(name).datasets, COSTS))
        for dataset, method, *cells in table.rows:
            for (score, _), cell in zip(COSTS, cells, strict=True):
                values = values_of(records, name, dataset, method, score)
                assert cell == "–" if not values else assert_says(cell, mean(values)) is None


def test_coverage(suite: Callable[[str], Results], records: list[Record]) -> None:
    datasets = suite("uci").datasets
    table = coverage_table(suite("uci"), datasets)
    assert table.header == ("method", "50 %", "80 %", "90 %", "95 %", "mean")
    for method, *cells in table.rows:
        errors = []
        for level, cell in zip((50, 80, 90, 95), cells[:4], strict=True):
            observed = [mean(values_of(records, "uci", d, method, f"coverage_{level}")) for d in datasets]
            errors.append(mean(abs(100 * value - level) for value in observed))
            assert_says(cell, errors[-1])
        assert_says(cells[4], mean(errors))


def test_published(suite: Callable[[str], Results], records: list[Record], published: PublishedRows) -> None:
    table = published_table(suite("uci"), "boston", published)
    columns = ("NLL", "NLL Gaussian", "RMSE")
    verdicts = ("deep_ensemble NLL", "deep_ensemble RMSE", "mc_dropout NLL", "mc_dropout RMSE")
    assert table.header == ("method", *columns, *verdicts)
    rows = {row[0]: row[1:] for row in table.rows}
    assert [*rows] == [*OURS, "deep_ensemble_2017", "mc_dropout_2016", "ngboost_2020"]
    for method in OURS:
        for score, cell in zip(("nll", "nll_moment_matched", "rmse"), rows[method][:3], strict=True):
            assert_says_mean(cell, values_of(records, "uci", "boston", method, score))
    assert rows["deep_ensemble_2017"][:3] == ("2.410 ± 0.056", "–", "3.280 ± 0.224")
    assert rows["ngboost_2020"][:3] == ("2.200 ± 0.030", "–", "–")
    for method, metric, cell in (
        ("deep_ensemble_2017", "nll", rows["deep_ensemble_2017"][3]),
        ("deep_ensemble_2017", "rmse", rows["deep_ensemble_2017"][4]),
        ("ngboost_2020", "nll", rows["ngboost_2020"][3]),
        ("mc_dropout_2016", "nll", rows["mc_dropout_2016"][3]),
    ):
        ours, theirs = values_of(records, "uci", "boston", "deep_ensemble", metric), published.estimates
        difference = mean(ours) - theirs["boston", method, metric].mean
        error = math.hypot(stdev(ours) / math.sqrt(5), theirs["boston", method, metric].standard_error)
        assert cell == ("within error" if abs(difference) <= error else "better" if difference < 0 else "worse")
    # A published row that beats ours stands there as one that does not.
    assert rows["ngboost_2020"][3:] == ("worse", "–", "worse", "–")
    assert rows["deep_ensemble_2017"][4] == "better"


def test_an_rmse_that_is_printed_rounded_is_shown_as_printed_and_taken_as_its_upper_end(
    records: list[Record], published: PublishedRows
) -> None:
    def changed(value: float) -> Results:
        return group_results([r | {"scores": r["scores"] | {"rmse": value}} for r in records])["uci"]

    rows = {row[0]: row for row in published_table(changed(0.094), "kin8nm", published).rows}
    assert rows["deep_ensemble_2017"][3] == "0.0900 ± 0.0000"
    assert rows["deep_ensemble_2017"][5] == "better"
    rows = {row[0]: row for row in published_table(changed(0.0951), "kin8nm", published).rows}
    assert rows["deep_ensemble_2017"][5] == "worse"


def test_sources(published: PublishedRows) -> None:
    assert source_table(["boston", "yacht"], published).rows == (
        ("deep_ensemble_2017", "a paper, Table 1"),
        ("mc_dropout_2016", "an older paper, Table 2"),
        ("ngboost_2020", "a third paper"),
    )


@pytest.mark.parametrize(("name", "task"), [("uci", "regression"), ("classification", "classification")])
def test_ranks(name: str, task: str, suite: Callable[[str], Results], records: list[Record]) -> None:
    results = suite(name)
    table = rank_table(results, results.datasets, task)
    for column, (score, _) in enumerate(LOSSES[task], start=2):
        means = {
            method: [values_of(records, name, dataset, method, score) for dataset in results.datasets]
            for method in results.methods
        }
        complete = {method: [mean(v) for v in values] for method, values in means.items() if all(values)}
        ranks = [rankdata([row[index] for row in complete.values()]) for index in range(len(results.datasets))]
        expected = {method: mean(rank[i] for rank in ranks) for i, method in enumerate(complete)}
        for row in table.rows:
            if row[0] in expected:
                assert_says(row[column], expected[row[0]])
            else:
                assert row[column] == "–"


def test_a_method_with_fewer_splits_than_others_has_no_rank(records: list[Record]) -> None:
    uci = [r for r in records if r["suite"] == "uci"]
    fewer = [r for r in uci if not (r["method"] == "mc_dropout" and r["dataset"] == "yacht" and r["split"] > 0)]
    without = [r for r in uci if r["method"] != "mc_dropout"]
    found, expected = (group_results(some)["uci"] for some in (fewer, without))
    assert rank_table(found, found.datasets, "regression") == rank_table(expected, expected.datasets, "regression")


def test_more_splits_of_one_method_change_no_rank(records: list[Record]) -> None:
    uci = [r for r in records if r["suite"] == "uci"]
    more = [r | {"split": 7, "scores": r["scores"] | {"nll": 100.0}} for r in uci if r["method"] == "deep_ensemble"]
    found, expected = (group_results(some)["uci"] for some in ([*uci, *more], uci))
    assert rank_table(found, found.datasets, "regression") == rank_table(expected, expected.datasets, "regression")


def corrected_t_test(first: list[float], second: list[float], ratio: float) -> tuple[float, float, float]:
    differences = [a - b for a, b in zip(first, second, strict=True)]
    error = math.sqrt((1 / len(differences) + ratio) * stdev(differences) ** 2)
    return mean(differences), error, 2 * student_t.sf(abs(mean(differences)) / error, len(differences) - 1)


def test_paired_differences(suite: Callable[[str], Results], records: list[Record]) -> None:
    table = present(paired_table(suite("uci"), suite("uci").datasets, "regression"))
    assert [row[:2] for row in table.rows] == [(d, m) for d in suite("uci").datasets for m in OURS]
    for dataset, method, *cells in table.rows:
        for index, (score, _) in enumerate(LOSSES["regression"]):
            values: list[Any] = [values_of(records, "uci", dataset, m, score) for m in (method, "sklearn_mlp")]
            if stdev([a - b for a, b in zip(*values, strict=True)]) < 1e-12:
                continue
            difference, error, p = corrected_t_test(*values, ratio=100 / 900)
            assert_says(cells[2 * index], difference, error)
            written = cells[2 * index + 1]
            assert written == "< 0.001" if p < 0.001 else assert_says(written, p) is None


def test_paired_differences_use_the_splits_that_both_have(records: list[Record]) -> None:
    fewer = [r for r in records if r["method"] != "sklearn_mlp" or r["split"] != 1]
    table = present(paired_table(group_results(fewer)["uci"], ["yacht"], "regression"))
    ours, theirs = (values_of(records, "uci", "yacht", m, "nll") for m in ("deep_ensemble", "sklearn_mlp"))
    del ours[1], theirs[1]
    difference, error, _ = corrected_t_test(ours, theirs, 100 / 900)
    assert_says(table.rows[0][2], difference, error)


def test_no_reference_no_differences(records: list[Record]) -> None:
    ours = [r for r in records if r["method"] in OURS]
    assert paired_table(group_results(ours)["uci"], ["yacht"], "regression") is None
