"""The records of one suite, found by data set and method."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ..differences import Repeats, find_difference
from ..statistics import Estimate, PairedDifference, estimate_mean
from ..store import Record
from ..suites import SUITES
from .groups import sort_methods


@dataclass(frozen=True)
class Results:
    """The records of one suite, each key looked up once: data set -> method -> split -> record."""

    suite: str
    runs: dict[str, dict[str, dict[int, Record]]]

    @property
    def datasets(self) -> list[str]:
        """The data sets in the order of the alphabet."""
        return sorted(self.runs)

    @property
    def methods(self) -> list[str]:
        """The methods that ran on any data set, ours first."""
        return sort_methods({method for runs in self.runs.values() for method in runs})

    def methods_of(self, dataset: str) -> list[str]:
        """Return the methods that ran on a data set, ours first."""
        return sort_methods(self.runs.get(dataset, {}))

    def records(self, dataset: str | None = None, method: str | None = None) -> list[Record]:
        """Return the records, of one data set and one method where they are named, in order of the splits."""
        return [
            record
            for name in ([dataset] if dataset else self.datasets)
            for contender in ([method] if method else self.methods_of(name))
            for _, record in sorted(self.runs.get(name, {}).get(contender, {}).items())
        ]

    def most_splits(self, dataset: str) -> int:
        """Return on how many splits of a data set the methods with the most runs ran."""
        return max(map(len, self.runs[dataset].values()))

    def on_common_splits(self, methods: Sequence[str]) -> Results:
        """Return the runs of some methods on the splits that all of them have; data sets without any are left out."""
        runs = {}
        for dataset, found in self.runs.items():
            own = [found.get(method, {}) for method in methods]
            splits = sorted(set.intersection(*map(set, own))) if own else []
            if splits:
                runs[dataset] = {m: {split: found[m][split] for split in splits} for m in methods}
        return Results(self.suite, runs)

    def on_usual_splits(self) -> Results:
        """Return on each data set the splits that most methods have, and the methods that have all of these."""
        runs = {}
        for dataset, found in self.runs.items():
            counts = Counter(frozenset(of_method) for of_method in found.values())
            usual = max(counts, key=lambda splits: (counts[splits], len(splits)))
            runs[dataset] = {
                method: {split: of_method[split] for split in sorted(usual)}
                for method, of_method in found.items()
                if usual <= of_method.keys()
            }
        return Results(self.suite, runs)

    def task(self, dataset: str) -> str:
        """Return the task of a data set: ``"regression"`` or ``"classification"``."""
        return str(self.records(dataset)[0]["task"])

    def datasets_of(self, task: str) -> list[str]:
        """Return the data sets of a task."""
        return [dataset for dataset in self.datasets if self.task(dataset) == task]

    def scores(self, dataset: str, method: str, score: str) -> dict[int, float] | None:
        """Return a score split by split; None where it is missing or not finite on any of them."""
        values = {int(run["split"]): run["scores"].get(score) for run in self.records(dataset, method)}
        return None if not values or None in values.values() else {key: float(item) for key, item in values.items()}

    def estimate(self, dataset: str, method: str, score: str) -> Estimate | None:
        """Return mean and standard error of a score over the splits; None where it has no value on any of them."""
        values = self.scores(dataset, method, score)
        return None if values is None else estimate_mean(list(values.values()))

    def mean(self, dataset: str, method: str, score: str) -> float | None:
        """Return the mean of a score over the splits, None where it has none."""
        estimate = self.estimate(dataset, method, score)
        return None if estimate is None else estimate.mean

    @property
    def repeats(self) -> Repeats:
        """What differs from one split of the suite to the next."""
        return SUITES[self.suite].repeats

    def difference(self, dataset: str, method: str, other: str, score: str) -> PairedDifference | None:
        """Return how a score of one method differs from another's on the splits that both have."""
        return find_difference(self.records(dataset, method), self.records(dataset, other), score, self.repeats)

    def curves(self, dataset: str, method: str, curve: str) -> list[Any]:
        """Return a curve of every split that has it."""
        found = (record.get("curves", {}).get(curve) for record in self.records(dataset, method))
        return [item for item in found if item is not None]


def group_results(records: Iterable[Record]) -> dict[str, Results]:
    """Return the records suite by suite."""
    suites: dict[str, Results] = {}
    for record in records:
        results = suites.setdefault(record["suite"], Results(record["suite"], {}))
        runs = results.runs.setdefault(record["dataset"], {}).setdefault(record["method"], {})
        runs[int(record["split"])] = record
    return suites
