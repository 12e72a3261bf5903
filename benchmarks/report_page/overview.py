"""What was run: suites, splits, seeds, versions, machines, commands and warnings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ..methods import METHODS
from ..store import Record
from .groups import GROUPS, group_of, sort_methods
from .page import Block, Bullets, Paragraph, Section, Table
from .results import Results


def overview_section(suites: Mapping[str, Results]) -> Section:
    """Return the section that says what all numbers of the page come from."""
    records = [record for results in suites.values() for record in results.records()]
    blocks: list[Block] = [_suite_table(suites), *_gaps(suites), *_command_blocks(suites), _method_table(records)]
    if absent := [f"`{name}`" for name in GROUPS["peer"] if name not in {record["method"] for record in records}]:
        blocks.append(Paragraph(f"Not run, of the methods of other packages: {', '.join(absent)}."))
    return Section(
        "What was run", (*blocks, *_version_blocks(records), *_source_blocks(suites), *_warning_blocks(records))
    )


def _suite_table(suites: Mapping[str, Results]) -> Table:
    rows = []
    for suite, results in suites.items():
        records = results.records()
        days = sorted(str(record["created"])[:10] for record in records)
        rows.append((
            suite,
            span(days),
            str(len(results.datasets)),
            str(len(results.methods)),
            span([len(results.runs[name][method]) for name in results.datasets for method in results.runs[name]]),
            span([record["seed"] for record in records]),
            str(len(records)),
            str(sum(bool(record["warnings"]) for record in records)),
        ))  # fmt: skip
    header = ("suite", "days", "data sets", "methods", "splits of a set", "seeds", "runs", "runs with warnings")
    return Table(header, tuple(rows), n_left=2)


def span(values: Sequence[Any]) -> str:
    """Return the lowest and the highest value, or the one there is."""
    low, high = min(values), max(values)
    return str(low) if low == high else f"{low} to {high}"


def _gaps(suites: Mapping[str, Results]) -> list[Block]:
    """Name what ran on fewer splits than the others of its data set: its means are of other rows."""
    short: dict[tuple[str, str, int, int], list[str]] = {}
    for suite, results in suites.items():
        for method in results.methods:
            for dataset in results.datasets:
                n, most = len(results.runs[dataset].get(method, {})), results.most_splits(dataset)
                if 0 < n < most:
                    short.setdefault((suite, method, n, most), []).append(dataset)
    texts = [
        f"{suite}: `{method}` has {n} of {most} splits of {', '.join(datasets)}."
        for (suite, method, n, most), datasets in short.items()
    ]
    return [Paragraph("Not everything ran on all splits:"), Bullets(tuple(texts))] if texts else []


def _command_blocks(suites: Mapping[str, Results]) -> list[Block]:
    """Give the commands that make these runs, one for the data sets of a suite with the same methods and splits."""
    commands = []
    for suite, results in suites.items():
        groups: dict[tuple[tuple[str, int], ...], list[str]] = {}
        for dataset in results.datasets:
            ran = tuple((method, len(results.runs[dataset][method])) for method in results.methods_of(dataset))
            groups.setdefault(ran, []).append(dataset)
        for ran, datasets in groups.items():
            for n_splits in sorted({n for _, n in ran}, reverse=True):
                methods = [method for method, n in ran if n == n_splits]
                commands.append(
                    f"`python -m benchmarks {suite} --datasets {' '.join(datasets)} --methods {' '.join(methods)} "
                    f"--splits {n_splits}`"
                )
    page = "This page is made by `python -m benchmarks report`, its runs by:"
    return [Paragraph(page), Bullets(tuple(commands))]


def _method_table(records: Sequence[Record]) -> Table:
    """Return the estimators as they print themselves, seeds left out; several where they differ by task or run."""
    rows = []
    for method in sort_methods({record["method"] for record in records}):
        printed = {
            str(record["parameters"]).replace(f"random_state={record['seed']}", "random_state=seed")
            for record in records
            if record["method"] == method
        }
        estimators = "; ".join(f"`{' '.join(text.split())}`" for text in sorted(printed))
        note = METHODS[method].note if method in METHODS else ""
        rows.append((method, group_of(method), estimators, note))
    caption = f"Every method with its default arguments, but for the network of `mnist`; groups: {', '.join(GROUPS)}"
    return Table(("method", "group", "estimator", "note"), tuple(rows), caption, n_left=4)


def _version_blocks(records: Sequence[Record]) -> list[Block]:
    names = dict.fromkeys(name for record in records for name in record["versions"])
    found = {name: sorted({str(r["versions"].get(name) or "none") for r in records}) for name in names}
    del found["uncertainty_source"]  # which has a table of its own
    mixed = [name for name, versions in found.items() if len(versions) > 1]
    blocks: list[Block] = [Table(("package", "versions"), tuple((n, ", ".join(v)) for n, v in found.items()), n_left=2)]
    if mixed:
        listed = ", ".join(f"`{name}` ({', '.join(found[name])})" for name in mixed)
        blocks.append(Paragraph(f"Note: the records come from different versions of {listed}."))
    machines = sorted({_describe_machine(record["machine"]) for record in records})
    blocks.append(Paragraph(f"Machine: {'; '.join(machines)}. Each run computes on one thread."))
    if len(machines) > 1:
        blocks.append(Paragraph("Note: the records come from different machines: their seconds do not compare."))
    return blocks


def _source_blocks(suites: Mapping[str, Results]) -> list[Block]:
    """Say which states of the package's source have made the runs of our methods, where there are several."""
    rows = []
    for suite, results in suites.items():
        for method in results.methods:
            counts = Counter(
                str(record["versions"].get("uncertainty_source") or "none") for record in results.records(method=method)
            )
            states = ", ".join(f"{state} ({n} runs)" for state, n in counts.most_common())
            if group_of(method) in ("ours", "control"):
                rows.append((suite, method, states))
    if not rows:
        return []
    caption = "The states of the source of `uncertainty` that made the runs of our methods"
    return [Table(("suite", "method", "states"), tuple(rows), caption, n_left=3)]


def _describe_machine(machine: Mapping[str, Any]) -> str:
    processor = machine.get("processor") or "unknown processor"
    return f"{processor}, {machine.get('n_cores')} cores, {machine.get('architecture')}"


def _warning_blocks(records: Sequence[Record]) -> list[Block]:
    counts = Counter(
        (record["suite"], record["method"], kind)
        for record in records
        for kind in {str(text).split(":", 1)[0] for text in record["warnings"]}
    )
    if not counts:
        return [Paragraph("No run gave a warning.")]
    rows = tuple((*key, str(count)) for key, count in sorted(counts.items()))
    return [Table(("suite", "method", "warning", "runs"), rows, "Runs that gave a warning, by its kind", n_left=3)]
