"""The published rows of a suite, with the paper each one comes from."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from ..datasets import DATA_DIR_VARIABLE
from ..published import PUBLISHED_FILES, load_published, published_path
from ..statistics import Estimate

# Printed with two decimals: any value up to 0.095 is printed so, and ours is held against that.
ROUNDED = {("kin8nm", "deep_ensemble_2017", "rmse"): 0.095}
# They chose their precision with knowledge of the test rows, as their authors say.
TUNED_ON_TEST_ROWS = "mc_dropout_2016"


@dataclass(frozen=True)
class PublishedRows:
    """The rows of one ``published.csv``: (data set, method, metric) -> estimate, (data set, method) -> source."""

    estimates: dict[tuple[str, str, str], Estimate]
    sources: dict[tuple[str, str], str]

    def methods(self, dataset: str) -> list[str]:
        """Return the published methods of a data set in the order of the alphabet."""
        return sorted(method for name, method in self.sources if name == dataset)

    def estimate(self, dataset: str, method: str, metric: str) -> Estimate | None:
        """Return a published mean and standard error as they are printed, None where there is no such row."""
        return self.estimates.get((dataset, method, metric))

    def bar(self, dataset: str, method: str, metric: str) -> Estimate | None:
        """Return the estimate that ours is held against: as printed, but for what is known to be rounded."""
        printed = self.estimate(dataset, method, metric)
        rounded = ROUNDED.get((dataset, method, metric))
        return printed if printed is None or rounded is None else Estimate(rounded, printed.standard_error)

    def best(self, dataset: str, metric: str) -> tuple[str, Estimate] | None:
        """Return the lowest published row of a data set, leaving out those tuned on test rows; None without any."""
        found = [
            (method, estimate)
            for method in self.methods(dataset)
            if not method.startswith(TUNED_ON_TEST_ROWS)
            and (estimate := self.estimate(dataset, method, metric)) is not None
        ]
        return min(found, key=lambda item: item[1].mean, default=None)


def find_published_rows(suite: str) -> PublishedRows | None:
    """Return the published rows of a suite from the data folder, None where there is no such file."""
    path = published_path(suite)
    return None if path is None else read_published_rows(path)


def read_published_rows(path: Path) -> PublishedRows:
    """Read the columns ``dataset, method, metric, mean, standard_error, source``."""
    estimates = {
        (dataset, method, metric): estimate
        for dataset, methods in load_published(path).items()
        for method, metrics in methods.items()
        for metric, estimate in metrics.items()
    }
    with path.open(newline="", encoding="utf-8") as file:
        sources = {(row["dataset"], row["method"]): row["source"] for row in csv.DictReader(file)}
    return PublishedRows(estimates, sources)


def missing_rows_note(suite: str) -> str:
    """Say why no published rows are shown and what would show them."""
    return f"No published rows: set `{DATA_DIR_VARIABLE}` to a folder that holds `{PUBLISHED_FILES[suite]}`."
