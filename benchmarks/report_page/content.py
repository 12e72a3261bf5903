"""The whole page, from the records to its sections."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .columns import NOTE
from .overview import overview_section, span
from .page import Page, Paragraph, Section, Table
from .published_rows import PublishedRows
from .results import Record, Results, group_results
from .suite_sections import DESCRIPTIONS, missing_section, suite_sections
from .targets import N_SPLITS, find_claims

TITLE = "Benchmarks"


def build_page(records: Iterable[Record], published: Mapping[str, PublishedRows | None]) -> Page:
    """Return the page of all suites found, in a fixed order; known suites without records have a line that says so.

    `published` maps a suite to its published rows, None where there are none at hand.
    """
    found = group_results(records)
    suites = {
        suite: found[suite] for suite in [*DESCRIPTIONS, *sorted(found.keys() - DESCRIPTIONS.keys())] if suite in found
    }
    sections = [
        overview_section(suites),
        _targets_section(suites, published),
        Section("How to read it", (Paragraph(NOTE),)),
    ]
    for suite in [*suites, *(name for name in DESCRIPTIONS if name not in suites)]:
        known = suite_sections(suites[suite], published.get(suite)) if suite in suites else [missing_section(suite)]
        sections.extend(known)
    return Page(TITLE, tuple(sections))


def _targets_section(suites: Mapping[str, Results], published: Mapping[str, PublishedRows | None]) -> Section:
    text = (
        "What the default arguments are meant to reach, and what they do reach. Behind: by how much ours is above the "
        "bar on that set. Open, so far: some runs or published rows are missing."
    )
    rows = tuple(claim.row for claim in find_claims(suites, published))
    n_splits = (
        [len(runs) for methods in suites["uci"].runs.values() for runs in methods.values()] if "uci" in suites else []
    )
    if n_splits and min(n_splits) < N_SPLITS:
        text += f" The numbers of `uci` come from {span(n_splits)} of its {N_SPLITS} splits."
    return Section("Targets", (Paragraph(text), Table(("claim", "asked", "measured", "verdict"), rows, n_left=4)))
