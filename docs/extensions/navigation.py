"""The order of the pages in the sidebar. It is kept here so that the Markdown reads well on a code host too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

# caption -> pages below it, without ending; one that does not exist is left out.
GROUPS: dict[str, tuple[str, ...]] = {
    "Start": ("quick_start", "which_uncertainty", "user_guide/README", "gallery", "migration/README"),
    "Data and predictions": (
        "user_guide/tables",
        "user_guide/metrics",
        "user_guide/selective",
        "user_guide/report",
    ),
    "Calibration": ("user_guide/conformal", "user_guide/prediction_sets", "user_guide/recalibration"),
    "Networks": (
        "user_guide/activations",
        "user_guide/initialization",
        "user_guide/normalization",
        "user_guide/depth_and_dropout",
        "user_guide/losses",
        "user_guide/augmentation",
        "user_guide/pretraining",
        "user_guide/snapshots",
    ),
    "Training": (
        "user_guide/progress",
        "user_guide/optimizers",
        "user_guide/schedules",
        "user_guide/moving_averages",
        "user_guide/averaging",
        "user_guide/regularization",
        "user_guide/diagnostics",
    ),
    "Saving, serving, other tools": (
        "user_guide/saving",
        "user_guide/serving",
        "user_guide/command_line",
        "user_guide/interoperation",
    ),
    "Measured": ("benchmarks", "calibration", "components", "performance"),
    "Reference": ("api/index", "decisions/README", "changelog"),
}
# Where pages of the user guide go that no group names.
OTHERS = "More of the user guide"

# Pages that list the others in their folder.
LISTS = ("migration/README", "decisions/README")


def toctree(pages: list[str], caption: str | None = None, *options: str) -> str:
    """Return the directive for the sidebar, or for a list on the page."""
    lines = [f":{option}:" for option in options] + ([f":caption: {caption}"] if caption else [])
    return "\n".join(["", "```{toctree}", *lines, "", *pages, "```", ""])


def groups(found: set[str]) -> dict[str, list[str]]:
    """Return caption -> pages that exist, with the pages of the guide that no group names at the end."""
    named = {page for pages in GROUPS.values() for page in pages}
    rest = sorted(page for page in found if page.startswith("user_guide/") and page not in named)
    existing = {caption: [page for page in pages if page in found] for caption, pages in GROUPS.items()}
    return {caption: pages for caption, pages in {**existing, OTHERS: rest}.items() if pages}


def add_toctrees(app: Any, docname: str, source: list[str]) -> None:
    """Append the toctrees to the start page and to the pages that list a folder; put the changelog in its place."""
    if docname == "index":
        for caption, pages in groups(app.env.found_docs).items():
            source[0] += toctree([f"/{page}" for page in pages], caption, "hidden")
    if docname in LISTS:
        folder = Path(docname).parent
        pages = sorted(page for page in app.env.found_docs if Path(page).parent == folder and page != docname)
        source[0] += toctree([f"/{page}" for page in pages])
    if docname == "changelog":  # kept in the root of the repository, where people and tools look for it
        changelog = Path(app.srcdir).parent / "CHANGELOG.md"
        app.env.note_dependency(changelog)
        source[0] = changelog.read_text(encoding="utf-8")


def setup(app: Any) -> dict[str, bool]:
    """Have the toctrees added when a page is read."""
    app.connect("source-read", add_toctrees)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
