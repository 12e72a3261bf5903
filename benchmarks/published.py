"""Published results on the standard and the gap splits of the UCI sets, and how ours compare with them."""

from __future__ import annotations

import csv
import math
from pathlib import Path

from .datasets import DATA_DIR_VARIABLE, data_dir
from .statistics import Estimate

# suite -> the file of its published results below the data folder, and the method each of ours is held against
PUBLISHED_FILES = {"uci": "uci/published.csv", "uci_gap": "uci_gap/published.csv"}
REFERENCE_METHODS = {"uci": "deep_ensemble_2017", "uci_gap": "dun_ensemble5_2020"}

# (our metric, heading, published metric). The 2017 paper scored the Gaussian with the moments of its mixture, most
# later ones the mixture itself: both of ours are shown.
COMPARED_METRICS = (("nll", "NLL", "nll"), ("nll_moment_matched", "NLL Gaussian", "nll"), ("rmse", "RMSE", "rmse"))


# data set -> method -> metric -> estimate
Published = dict[str, dict[str, dict[str, Estimate]]]


def load_published(path: Path) -> Published:
    """Read the published rows: columns ``dataset, method, metric, mean, standard_error`` (others are ignored)."""
    published: Published = {}
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            estimate = Estimate(float(row["mean"]), float(row["standard_error"]))
            published.setdefault(row["dataset"], {}).setdefault(row["method"], {})[row["metric"]] = estimate
    return published


def published_path(suite: str) -> Path | None:
    """Return the file of a suite's published results in the data folder, None where there is no such file."""
    folder = data_dir()
    if folder is None or suite not in PUBLISHED_FILES:
        return None
    path = folder / PUBLISHED_FILES[suite]
    return path if path.is_file() else None


def find_published(suite: str) -> Published:
    """Return the published rows of a suite from the data folder, none where there is no such file."""
    path = published_path(suite)
    return {} if path is None else load_published(path)


def missing_note(suite: str) -> str:
    """Say why no published rows are shown and what would show them."""
    return f"No published rows: set {DATA_DIR_VARIABLE} to a folder that holds {PUBLISHED_FILES[suite]}."


def verdict(ours: Estimate, reference: Estimate) -> str:
    """Say how a lower-is-better result of ours stands against a published one.

    Returns
    -------
    str
        ``"better"`` or ``"worse"`` if the means differ by more than the standard error of their difference,
        ``"within error"`` otherwise, and ``"undecided"`` where ours has no standard error.
    """
    if not math.isfinite(ours.standard_error):
        return "undecided (one split)"
    error = math.hypot(ours.standard_error, reference.standard_error)
    difference = ours.mean - reference.mean
    if abs(difference) <= error:
        return "within error"
    return "better" if difference < 0 else "worse"
