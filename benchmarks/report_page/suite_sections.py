"""The sections of one suite: what its scores are defined for decides which of them there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..differences import TESTS
from ..statistics import compare_ranks
from .columns import COSTS, GAP, NOISE, OUT_OF_DISTRIBUTION, SCORES, Columns
from .curve_blocks import (
    coverage_blocks,
    epistemic_blocks,
    file_name,
    present,
    reliability_blocks,
    selection_blocks,
)
from .figures.forest import draw_forest
from .figures.ranks import draw_ranks
from .groups import OURS, REFERENCE
from .page import Block, Figure, Paragraph, Section
from .published_rows import PublishedRows, missing_rows_note
from .results import Results
from .tables import cost_table, mean_scores, paired_table, published_table, rank_table, score_table, source_table

# What each suite is; those that have published rows are compared with them.
DESCRIPTIONS = {
    "uci": "Six regression tables on the 20 random 90/10 splits that every published row below was measured on.",
    "uci_gap": "The same tables, the middle third of one feature after the other held out: test rows lie between the "
    "training rows. kin8nm and power have no real gap: their rows are many and close together.",
    "classification": "Public classification tables, stratified 80/20 splits by fixed seeds.",
    "mnist": "Handwritten digits, pixels only divided by 255; letters (notMNIST) as inputs of another kind.",
    "shift": "Trained on the low two thirds of the rows along the first principal component, tested on the rest.",
    "noise": "Made data with known standard deviation of the noise.",
    "quick": "The tables that come with scikit-learn, two splits each: a look, not a measurement.",
}
PUBLISHED_SUITES = ("uci", "uci_gap")
# What is known of single published rows.
REMARKS = {
    "uci": "The RMSE of `deep_ensemble_2017` on kin8nm is printed as 0.09 and taken as 0.095. `mc_dropout_2016` and "
    "`mc_dropout_2016_2layers` chose their precision with knowledge of the test rows.",
    "uci_gap": "On kin8nm `dun_ensemble5_2020` has diverged (its RMSE is 1.6 ± 1.6, where others have 0.07): to be "
    "better than that says nothing.",
}
# Ranks mean something over data sets of different kinds: not over sizes of one made one, or over two.
RANKED_SUITES = ("uci", "uci_gap", "classification", "shift")


def suite_sections(results: Results, published: PublishedRows | None) -> list[Section]:
    """Return the chapter of a suite: published rows, scores, calibration, selection, ranks, differences, costs."""
    sections = [Section(f"Suite {results.suite}", (Paragraph(DESCRIPTIONS.get(results.suite, "")),))]
    if results.suite in PUBLISHED_SUITES:
        sections.append(_published_section(results, published))
    for task in ("regression", "classification"):
        datasets = results.datasets_of(task)
        if datasets:
            named = f"{results.suite}, {task}" if len(datasets) < len(results.datasets) else results.suite
            sections += _task_sections(results, task, datasets, named)
    sections.append(_costs_section(results))
    return [section for section in sections if section.blocks]


def missing_section(suite: str) -> Section:
    """Return the chapter of a suite without records."""
    note = f"No records of this suite: `python -m benchmarks {suite}` makes them."
    return Section(f"Suite {suite}", (Paragraph(DESCRIPTIONS[suite]), Paragraph(note)))


def _published_section(results: Results, published: PublishedRows | None) -> Section:
    heading = f"{results.suite}: beside the published results"
    if published is None:
        return Section(heading, (Paragraph(missing_rows_note(results.suite)),), 3)
    datasets = [dataset for dataset in results.datasets if published.methods(dataset)]
    forest = {dataset: _forest_rows(results, dataset, published) for dataset in datasets}
    forest = {dataset: rows for dataset, rows in forest.items() if rows}
    blocks: list[Block] = []
    if forest:
        caption = (
            "NLL of the mixture on the test rows, mean ± two standard errors: ours (filled, coloured) above the "
            "published rows (open, grey). An arrow with a number lies outside the panel, a bar that "
            "reaches the edge goes on."
        )
        blocks.append(Figure(f"{results.suite}_forest", draw_forest(forest, "NLL, nats per row"), caption))
    text = (
        "Better, worse: the mean of ours is lower or higher than the published one by more than the standard error of "
        "their difference; within error: by no more. "
    )
    blocks.append(Paragraph(text + REMARKS[results.suite]))
    blocks.append(source_table(datasets, published))
    return Section(heading, (*blocks, *(published_table(results, name, published) for name in datasets)), 3)


def _forest_rows(results: Results, dataset: str, published: PublishedRows) -> dict[str, Any]:
    ours = {method: results.estimate(dataset, method, "nll") for method in OURS}
    theirs = {method: published.estimate(dataset, method, "nll") for method in published.methods(dataset)}
    return {label: estimate for label, estimate in {**ours, **theirs}.items() if estimate is not None}


def _task_sections(results: Results, task: str, datasets: Sequence[str], named: str) -> list[Section]:
    extras = [_special_section(results, datasets, named, *special) for special in _SPECIAL if _has(results, special[1])]
    noise = [_noise_section(results, datasets, named)] if _has(results, NOISE) else []
    scores = [score_table(results, dataset, SCORES[task]) for dataset in datasets]
    calibration = coverage_blocks if task == "regression" else reliability_blocks
    return [
        *extras,
        *noise,
        Section(f"{named}: scores", present(scores), 3),
        Section(f"{named}: calibration", tuple(calibration(results, datasets, named)), 3),
        Section(f"{named}: trusting the most certain rows", tuple(selection_blocks(results, datasets, named)), 3),
        Section(f"{named}: average ranks", tuple(_rank_blocks(results, datasets, task, named)), 3),
        Section(f"{named}: differences to `{REFERENCE}`", tuple(_paired_blocks(results, datasets, task)), 3),
    ]


_SPECIAL: tuple[tuple[str, Columns, str], ...] = (
    (
        "inputs of another kind",
        OUT_OF_DISTRIBUTION,
        "AUROC of telling inputs of another kind from test rows by each measure of uncertainty; beside it the trivial "
        "detector, the distance from the range of the training rows, which needs no model.",
    ),
    (
        "the gap",
        GAP,
        "Mean epistemic standard deviation on the rows of the gap and on held-out rows outside it, their ratio (above "
        "1: the model knows that it does not know), and the rank correlation of |error| with the predicted std.",
    ),
)


def _has(results: Results, columns: Columns, dataset: str | None = None) -> bool:
    """Whether the first of the columns, which marks the kind of suite, has a value, on one data set or on any."""
    return any(record["scores"].get(columns[0][0]) is not None for record in results.records(dataset))


def _special_section(
    results: Results, datasets: Sequence[str], named: str, heading: str, columns: Columns, text: str
) -> Section:
    marked = [dataset for dataset in datasets if _has(results, columns, dataset)]
    tables = present([score_table(results, dataset, columns) for dataset in marked])
    return Section(f"{named}: {heading}", (Paragraph(text), *tables), 3)


def _noise_section(results: Results, datasets: Sequence[str], named: str) -> Section:
    text = (
        "The aleatoric standard deviation beside the known one on test rows, and the epistemic standard deviation, "
        "which must shrink as rows are added while the aleatoric one stays."
    )
    tables = present([score_table(results, dataset, NOISE) for dataset in datasets])
    return Section(f"{named}: recovered noise", (Paragraph(text), *epistemic_blocks(results, named), *tables), 3)


def _rank_blocks(results: Results, datasets: Sequence[str], task: str, named: str) -> list[Block]:
    if results.suite not in RANKED_SUITES or len(datasets) < 2:
        return []
    table = rank_table(results, datasets, task)
    comparison = compare_ranks(mean_scores(results, datasets, "nll"))
    if len(comparison.ranks) < 2:  # one method is the first of one
        return []
    caption = (
        f"Average ranks by NLL over {len(datasets)} data sets of the methods that have it on all of them; a bar joins "
        "methods that Nemenyi's test at the 5 % level does not tell apart (Demšar 2006). Friedman's test of no "
        f"difference at all: p = {comparison.p_value:.2g}."
    )
    return [Figure(f"{file_name(named)}_ranks", draw_ranks(comparison), caption), table]


def _paired_blocks(results: Results, datasets: Sequence[str], task: str) -> list[Block]:
    table = paired_table(results, datasets, task)
    if table is None:
        return [Paragraph(f"No records of `{REFERENCE}` beside ours with these scores.")]
    text = (
        f"Mean over the splits of ours minus `{REFERENCE}` on the same rows (below zero: ours is better), its standard "
        f"error and two-sided p-value by {TESTS[results.repeats]}; no correction for the number of tests."
    )
    return [Paragraph(text), table]


def _costs_section(results: Results) -> Section:
    table = cost_table(results, results.datasets, COSTS)
    text = "Means over the splits, one thread; the peak is that of the memory of a run above what it started with."
    return Section(f"{results.suite}: cost of a run", () if table is None else (Paragraph(text), table), 3)
