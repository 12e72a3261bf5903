"""Which differences between methods are more than the chance of the splits, in numbers and in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ..statistics import paired_p_value
from .rows import Row

LEVEL = 0.05
METRICS = (("nll", "NLL"), ("rmse", "RMSE"), ("error", "error"))  # all of them the lower, the better

NOTE = (
    "lower, higher: by more than the splits explain, at the 5 % level of a paired t test on the differences split by "
    "split, whose variance allows for splits that share training rows (Nadeau & Bengio 2003); no correction for the "
    "number of tests"
)


@dataclass(frozen=True)
class Difference:
    """A metric of `first` minus that of `second` on the same splits of one data set."""

    dataset: str
    metric: str
    first: str
    second: str
    mean: float
    p_value: float

    @property
    def sign(self) -> int:
        """-1 or 1 where the first is lower or higher beyond chance, else 0."""
        return int(np.sign(self.mean)) if self.p_value < LEVEL else 0

    def record(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return asdict(self)


def find_differences(rows: Sequence[Row], methods: Sequence[str]) -> list[Difference]:
    """Return the differences of every ordered pair of methods, on each data set and metric, splits paired."""
    found = []
    for dataset in dict.fromkeys(row["dataset"] for row in rows):
        group = {(row["method"], row["split"]): row for row in rows if row["dataset"] == dataset}
        splits = sorted({split for _, split in group})
        any_row = next(iter(group.values()))
        for metric, _ in METRICS:
            if metric not in any_row:
                continue
            for first in methods:
                for second in methods:
                    if first == second:
                        continue
                    values = [group[first, split][metric] - group[second, split][metric] for split in splits]
                    p_value = paired_p_value(values, any_row["n_train"], any_row["n_test"])
                    found.append(Difference(dataset, metric, first, second, float(np.mean(values)), p_value))
    return found


def data_set_lines(differences: Sequence[Difference]) -> list[str]:
    """Return one line for each data set and metric: who is lowest, and whom it is told apart from."""
    lines = []
    for dataset in dict.fromkeys(difference.dataset for difference in differences):
        for metric, heading in METRICS:
            group = [d for d in differences if (d.dataset, d.metric) == (dataset, metric)]
            if group:
                lines.append(f"{dataset}, {heading}: {_describe_lowest(group)}")
    return lines


def _describe_lowest(group: Sequence[Difference]) -> str:
    # The lowest is the one with no positive mean difference from any other.
    names = dict.fromkeys(difference.first for difference in group)
    best = next(name for name in names if all(d.mean <= 0.0 for d in group if d.first == name))
    own = [difference for difference in group if difference.first == best]
    apart = [difference.second for difference in own if difference.sign < 0]
    level = [difference.second for difference in own if difference.sign == 0]
    if not apart:
        return f"{best} has the lowest mean, but no method is told apart from it"
    rest = f", not told apart from {_listed(level)}" if level else ""
    return f"{best} is lowest, lower than {_listed(apart)}{rest}"


def overall_lines(differences: Sequence[Difference], method: str) -> list[str]:
    """Return how `method` stands against each other one over all data sets, and a sentence on all of it."""
    own = [difference for difference in differences if difference.first == method]
    lines = []
    for second in dict.fromkeys(difference.second for difference in own):
        counts = {
            "NLL": [d.sign for d in own if d.second == second and d.metric == "nll"],
            "RMSE or error": [d.sign for d in own if d.second == second and d.metric != "nll"],
        }
        parts = (f"{heading} {_describe_counts(signs)}" for heading, signs in counts.items())
        lines.append(f"{method} against {second}: {'; '.join(parts)}")
    return [*lines, _verdict(own, method)]


def _describe_counts(signs: Sequence[int]) -> str:
    lower, higher = signs.count(-1), signs.count(1)
    return f"lower on {lower}, higher on {higher}, not told apart on {len(signs) - lower - higher} of {len(signs)} sets"


def _verdict(own: Sequence[Difference], method: str) -> str:
    """Say in one sentence what the NLL of a method says of it."""
    signs = {
        second: [d.sign for d in own if d.second == second and d.metric == "nll"]
        for second in dict.fromkeys(difference.second for difference in own)
    }
    wins = [second for second, values in signs.items() if -1 in values and 1 not in values]
    losses = [second for second, values in signs.items() if 1 in values and -1 not in values]
    mixed = [second for second, values in signs.items() if 1 in values and -1 in values]
    level = [second for second, values in signs.items() if not any(values)]
    parts = [
        f"{before} {_listed(names)} {after}"
        for before, names, after in (
            ("better than", wins, "on some sets and worse on none"),
            ("worse than", losses, "on some sets and better on none"),
            ("better on some sets and worse on others than", mixed, ""),
            ("told apart from", level, "on no set"),
        )
        if names
    ]
    return f"By NLL, {method} is {', '.join(part.strip() for part in parts)}"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
