"""Tables of one suite, each cell computed from the records."""

from __future__ import annotations

from collections.abc import Sequence

from ..published import verdict
from ..statistics import Estimate, compare_ranks
from .columns import LEVELS, LOSSES, Columns
from .groups import OURS, REFERENCE, group_of, sort_methods
from .numbers import NONE, write_estimate, write_number, write_p_value
from .page import Table
from .published_rows import PublishedRows
from .results import Results

# Whose verdicts stand in the tables of published rows.
JUDGED = ("deep_ensemble", "mc_dropout")


def score_table(results: Results, dataset: str, columns: Columns, caption: str = "") -> Table | None:
    """Return the scores of every method on a data set, group by group; None where no method has any of them."""
    rows = {
        method: [results.estimate(dataset, method, score) for score, _ in columns]
        for method in results.methods_of(dataset)
    }
    used = [index for index in range(len(columns)) if any(row[index] is not None for row in rows.values())]
    if not used:
        return None
    return Table(
        ("method", "group", *(columns[index][1] for index in used)),
        tuple(
            (method, group_of(method), *(write_estimate(row[index]) for index in used))
            for method, row in rows.items()
            if any(estimate is not None for estimate in row)
        ),
        caption or dataset,
        n_left=2,
    )


def cost_table(results: Results, datasets: Sequence[str], columns: Columns) -> Table | None:
    """Return means of the costs of one run, a line for each data set and method."""
    rows = [
        (dataset, method, *(write_number(results.mean(dataset, method, score)) for score, _ in columns))
        for dataset in datasets
        for method in results.methods_of(dataset)
    ]
    rows = [row for row in rows if set(row[2:]) != {NONE}]
    header = ("data set", "method", *(heading for _, heading in columns))
    return Table(header, tuple(rows), n_left=2) if rows else None


def coverage_table(results: Results, datasets: Sequence[str]) -> Table:
    """Return how far coverage is off in points, averaged over the data sets, at each level and over the levels."""
    rows = []
    for method in results.methods:
        errors = [coverage_errors(results, method, datasets, level) for level in LEVELS]
        if all(errors):
            means = [100.0 * sum(error.values()) / len(error) for error in errors]
            rows.append((method, *(write_number(value, 1) for value in [*means, sum(means) / len(means)])))
    return Table(
        ("method", *(f"{level} %" for level in LEVELS), "mean"),
        tuple(rows),
        "Distance of observed from nominal coverage in points, averaged over the data sets",
    )


def coverage_errors(results: Results, method: str, datasets: Sequence[str], level: int) -> dict[str, float]:
    """Return |mean observed - nominal| coverage for each data set on which the method has intervals."""
    observed = {dataset: results.mean(dataset, method, f"coverage_{level}") for dataset in datasets}
    return {dataset: abs(value - level / 100.0) for dataset, value in observed.items() if value is not None}


def published_table(results: Results, dataset: str, published: PublishedRows) -> Table:
    """Return ours above the published rows; beside each of those how two of ours stand against it: better or worse."""
    judged = [method for method in JUDGED if method in results.methods_of(dataset)]
    header = ["method", "NLL", "NLL Gaussian", "RMSE"]
    header += [f"{method} {metric}" for method in judged for metric in ("NLL", "RMSE")]
    rows = []
    for method in [name for name in results.methods_of(dataset) if name in OURS]:
        scores = [results.estimate(dataset, method, score) for score in ("nll", "nll_moment_matched", "rmse")]
        rows.append((method, *map(write_estimate, scores), *([""] * 2 * len(judged))))
    for method in published.methods(dataset):
        printed = [published.estimate(dataset, method, metric) for metric in ("nll", "rmse")]
        verdicts = [
            _verdict(results.estimate(dataset, ours, metric), published.bar(dataset, method, metric))
            for ours in judged
            for metric in ("nll", "rmse")
        ]
        cells = (write_estimate(printed[0]), NONE, write_estimate(printed[1]))
        rows.append((method, *cells, *verdicts))
    return Table(tuple(header), tuple(rows), dataset)


def source_table(datasets: Sequence[str], published: PublishedRows) -> Table:
    """Return where the rows of each published method come from."""
    sources: dict[str, list[str]] = {}
    for dataset in datasets:
        for method in published.methods(dataset):
            sources.setdefault(method, []).append(published.sources[dataset, method])
    rows = tuple((method, "; ".join(dict.fromkeys(sources[method]))) for method in sorted(sources))
    return Table(("published", "source"), rows, n_left=2)


def _verdict(ours: Estimate | None, theirs: Estimate | None) -> str:
    return NONE if ours is None or theirs is None else verdict(ours, theirs)


def rank_table(results: Results, datasets: Sequence[str], task: str) -> Table:
    """Return average ranks over the data sets for each loss, among the methods that have it on the usual splits."""
    ranks = {score: compare_ranks(mean_scores(results, datasets, score)).ranks for score, _ in LOSSES[task]}
    methods = sort_methods({method for row in ranks.values() for method in row})
    return Table(
        ("method", "group", *(heading for _, heading in LOSSES[task])),
        tuple(
            (method, group_of(method), *(write_number(ranks[score].get(method), 2) for score, _ in LOSSES[task]))
            for method in methods
        ),
        f"Average rank over {len(datasets)} data sets, 1 for the best",
        n_left=2,
    )


def mean_scores(results: Results, datasets: Sequence[str], score: str) -> dict[str, dict[str, float]]:
    """Return data set -> method -> mean over the usual splits, of the methods that have the score on all data sets."""
    results = results.on_usual_splits()
    means = {
        dataset: {method: results.mean(dataset, method, score) for method in results.methods_of(dataset)}
        for dataset in datasets
    }
    complete = [m for m in results.methods if all(row.get(m) is not None for row in means.values())]
    return {dataset: {m: float(row[m] or 0.0) for m in complete} for dataset, row in means.items()}


def paired_table(results: Results, datasets: Sequence[str], task: str) -> Table | None:
    """Return our means minus the reference's on the splits both have, with the p-value of each difference."""
    rows = []
    for dataset in datasets:
        for method in OURS:
            cells = [_paired_cells(results, dataset, method, score) for score, _ in LOSSES[task]]
            if any(cell != (NONE, NONE) for cell in cells):
                rows.append((dataset, method, *(text for cell in cells for text in cell)))
    header = [text for _, heading in LOSSES[task] for text in (f"{heading} difference", "p")]
    return Table(("data set", "method", *header), tuple(rows), n_left=2) if rows else None


def _paired_cells(results: Results, dataset: str, method: str, score: str) -> tuple[str, str]:
    difference = results.difference(dataset, method, REFERENCE, score)
    if difference is None:
        return NONE, NONE
    return write_estimate(Estimate(difference.mean, difference.standard_error)), write_p_value(difference.p_value)
