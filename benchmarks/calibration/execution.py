"""One run, a family on one split of one data set, and its records: one for each variant."""

from __future__ import annotations

import time
import traceback
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

import uncertainty

from ..execution import make_record
from ..runner import Problem
from ..store import Record, find_record, save_record
from ..suites.tables import load_standard
from .family import Family, Question
from .rows import Rows
from .scores import (
    Counts,
    Scores,
    class_groups,
    feature_groups,
    group_counts,
    interval_scores,
    set_scores,
    undefined_scores,
)

SUITE = "calibration"
PACKAGES = ("MAPIE", "crepes", "quantile-forest")


@dataclass(frozen=True)
class Run:
    """A family on one split of one data set; the number of the split is the seed of all that is drawn."""

    dataset: str
    split: int
    family: Family
    coverage: float

    @property
    def parameters(self) -> str:
        """What a stored record must agree with, beside its name."""
        return f"coverage={self.coverage}"


def stored_records(run: Run, folder: Path) -> list[Record]:
    """Return the records of a run, or none where one is missing.

    Raises
    ------
    StoreError
        If a stored record is of another coverage or version.
    """
    found = [
        find_record(folder, run.dataset, run.family.method(variant), run.split,
                    parameters=run.parameters, version=uncertainty.__version__)
        for variant in run.family.variants
    ]  # fmt: skip
    return [record for record in found if record is not None] if None not in found else []


@dataclass(frozen=True)
class Answer:
    """What became of a run: seconds, and the traceback if it failed."""

    run: Run
    seconds: float
    failure: str | None

    def text(self) -> str:
        """Say which run has ended and how."""
        name = f"{self.run.dataset}, {self.run.family.name}, split {self.run.split}"
        return f"{name}: {self.seconds:.1f} s" if self.failure is None else f"{name} failed:\n{self.failure}"


def evaluate(run: Run, folder: Path) -> Answer:
    """Fit the family, ask each variant, and store the records; an error does not stop the other runs."""
    start, failure = time.perf_counter(), None
    try:
        for record in list(_records(run, load_standard(run.dataset, run.split))):
            save_record(record, folder)
    except Exception:
        failure = traceback.format_exc()
    return Answer(run, time.perf_counter() - start, failure)


def _records(run: Run, problem: Problem) -> Iterator[Record]:
    rows = Rows.of(problem, run.split)
    question = Question(rows, run.coverage, run.split)
    with threadpool_limits(limits=1), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        start = time.perf_counter()
        model = run.family.fit(rows, run.split)
        fit_seconds, of_the_fit = time.perf_counter() - start, list(caught)
        for name, variant in run.family.variants.items():
            caught.clear()
            start = time.perf_counter()
            prediction = variant(model, question)
            seconds = fit_seconds + time.perf_counter() - start
            scores, counts = _scores(problem, prediction, run.coverage)
            expected = {"expected_coverage": rows.expected_coverage(run.coverage)}
            outcome = {
                "dataset": run.dataset,
                "task": problem.task,
                "method": run.family.method(name),
                "split": run.split,
                "seed": run.split,
                "n_train": len(problem.y_train),
                "n_test": len(problem.y_test),
                "parameters": run.parameters,
                "scores": scores | expected | {"seconds": seconds},
                "curves": {"groups": counts},
                "warnings": sorted(
                    {f"{warning.category.__name__}: {warning.message}" for warning in (*of_the_fit, *caught)}
                ),
            }
            yield make_record(SUITE, outcome, PACKAGES)


def _scores(problem: Problem, prediction: NDArray[Any] | None, coverage: float) -> tuple[Scores, Counts]:
    """Return the scores of the test rows and the counts of their groups: thirds of the features, or classes."""
    y, X = problem.y_test, problem.X_test
    if prediction is None:
        return undefined_scores(problem.task), {"covered": [0.0], "count": [0.0]}
    if problem.task == "regression":
        covered = (prediction[:, 0] <= y) & (y <= prediction[:, 1])
        groups = feature_groups(X, np.concatenate([problem.X_train, X]))
        return interval_scores(y, prediction, coverage), group_counts(covered, groups)
    classes = np.unique(problem.y_train)
    covered = prediction[np.arange(len(y)), np.searchsorted(classes, y)]
    return set_scores(y, prediction, classes), group_counts(covered, class_groups(y, classes))
