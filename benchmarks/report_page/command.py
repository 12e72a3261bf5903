"""``python -m benchmarks report``: reads the stored records, writes the page."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ..datasets import DatasetError
from ..store import StoreError, load_records
from ..suites import SUITES
from .content import build_page
from .html import render_html
from .markdown import render_markdown
from .page import Page
from .published_rows import find_published_rows
from .suite_sections import PUBLISHED_SUITES

SUITE = "report"
HELP = "the stored records of all suites as one page of tables and figures"
DESCRIPTION = (
    "Write benchmarks.md with its figures in a folder beside it, and benchmarks.html, which holds everything, from the "
    "records of the suites. Nothing is run."
)
RESULTS = Path(__file__).parents[1] / "results"


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments of the report."""
    command.add_argument("--results", type=Path, default=RESULTS, metavar="FOLDER",
                         help="with the folders of the suites: SUITE/DATASET/METHOD/SPLIT.json (default: "
                         "benchmarks/results)")  # fmt: skip
    command.add_argument("--output", type=Path, default=None, metavar="FOLDER",
                         help="where the page goes (default: the folder of the records)")  # fmt: skip


def run(options: argparse.Namespace) -> int:
    """Write the page and return the exit status."""
    try:
        records = [record for suite in SUITES for record in load_records(options.results / suite)]
        published = {suite: find_published_rows(suite) for suite in PUBLISHED_SUITES}
    except (StoreError, DatasetError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if not records:
        print(
            f"error: {options.results} holds no records. Run a suite first, or name another --results.", file=sys.stderr
        )
        return 2
    output = options.output or options.results
    for path in write_page(build_page(records, published), output):
        print(path)
    return 0


def write_page(page: Page, folder: Path) -> list[Path]:
    """Write ``benchmarks.md``, ``benchmarks/*.png`` and ``benchmarks.html``; return the two pages' paths.

    Figures of an earlier page that this one does not have are deleted.
    """
    figures = folder / "benchmarks"
    figures.mkdir(parents=True, exist_ok=True)
    for stale in figures.glob("*.png"):
        stale.unlink()
    for figure in page.figures():
        (figures / f"{figure.name}.png").write_bytes(figure.png)
    pages = {"benchmarks.md": render_markdown(page, "benchmarks"), "benchmarks.html": render_html(page)}
    for name, text in pages.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in pages]
