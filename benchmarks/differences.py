"""How the scores of two methods differ on the splits that both have, and what the test of it allows for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from .statistics import PairedDifference, paired_difference
from .store import Record

# What is repeated in a suite: splits of one table, which share training rows; draws of all rows; or seeds on one split.
Repeats = Literal["splits", "draws", "seeds"]

TESTS: dict[Repeats, str] = {
    "splits": "the corrected resampled t test (Nadeau & Bengio 2003), whose variance allows for splits that share "
    "training rows",
    "draws": "the paired t test over independent draws of all rows",
    "seeds": "the paired t test over the seeds of one split, which tells the chance in training and says nothing of "
    "other rows",
}


def find_difference(
    first: Sequence[Record], second: Sequence[Record], score: str, repeats: Repeats
) -> PairedDifference | None:
    """Return how a score of two methods differs on the splits that both have.

    None where they have no split in common, or the score has no value on one of these: a mean over the others would
    leave out the hardest.
    """
    theirs = {record["split"]: record["scores"].get(score) for record in second}
    pairs = [(record["scores"].get(score), theirs[record["split"]]) for record in first if record["split"] in theirs]
    if not pairs or any(value is None for pair in pairs for value in pair):
        return None
    test_to_train = first[0]["n_test"] / first[0]["n_train"] if repeats == "splits" else 0.0
    return paired_difference([ours for ours, _ in pairs], [other for _, other in pairs], test_to_train)
