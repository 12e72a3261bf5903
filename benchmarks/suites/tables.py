"""The suites on real tables: scikit-learn's own, the UCI sets in three ways to split them, and those of PMLB."""

from __future__ import annotations

from functools import lru_cache

from ..datasets import DATASETS, SUITE_DATASETS, Task, load_dataset
from ..runner import ExtraScores, Problem, no_extra_scores
from ..splits import N_STRATIFIED_SPLITS, N_UCI_SPLITS, Split, gap_splits, make_splits, shift_split
from .gap import SCORES, gap_scores
from .suite import Suite

N_SHIFT_SEEDS = 5

# The splits there are: one for each feature.
UCI_FEATURES = {"boston": 13, "concrete": 8, "energy": 8, "kin8nm": 8, "power": 4, "yacht": 6}

# A worker meets the same table many times.
_load_table = lru_cache(maxsize=2)(load_dataset)


def load_standard(dataset: str, split: int) -> Problem:
    """Return a standard split of a table: a random 90/10 one of a regression, a stratified 80/20 one of classes."""
    y = _load_table(dataset)[1]
    return _problem(dataset, make_splits(DATASETS[dataset].task, y, split + 1)[split])


def load_gap(dataset: str, split: int) -> Problem:
    """Return the split whose test rows have the feature numbered `split` in the middle third of its values."""
    y = _load_table(dataset)[1]
    return _problem(dataset, gap_splits(dataset, len(y))[split], gap_scores)


def load_shift(dataset: str, split: int) -> Problem:
    """Return the shift of the inputs; its rows are the same in all splits, which differ in the estimator's seed."""
    return _problem(dataset, shift_split(_load_table(dataset)[0]))


def _problem(dataset: str, split: Split, extra_scores: ExtraScores = no_extra_scores) -> Problem:
    (X, y), (train, test) = _load_table(dataset), split
    return Problem(DATASETS[dataset].task, X[train], y[train], X[test], y[test], extra_scores)


def _tasks(suite: str) -> dict[str, Task]:
    return {name: DATASETS[name].task for name in SUITE_DATASETS[suite]}


QUICK = Suite(
    name="quick",
    text="scikit-learn's bundled data sets, two splits each; needs no download",
    tasks=_tasks("quick"),
    n_splits=dict.fromkeys(SUITE_DATASETS["quick"], N_STRATIFIED_SPLITS),
    load=load_standard,
    default_splits=2,
    default_group="ours",
    rerun_changed=True,
)
UCI = Suite(
    name="uci",
    text="UCI regression on the 20 standard splits, beside the published results",
    tasks=_tasks("uci"),
    n_splits=dict.fromkeys(SUITE_DATASETS["uci"], N_UCI_SPLITS),
    load=load_standard,
)
UCI_GAP = Suite(
    name="uci_gap",
    text="UCI regression without the middle third of one feature in training, beside the published results",
    tasks=_tasks("uci"),
    n_splits=UCI_FEATURES,
    load=load_gap,
    scores=SCORES,
)
SHIFT = Suite(
    name="shift",
    text="UCI regression, trained on the low two thirds of the first principal component and tested on the rest, "
    f"{N_SHIFT_SEEDS} seeds",
    tasks=_tasks("uci"),
    n_splits=dict.fromkeys(SUITE_DATASETS["uci"], N_SHIFT_SEEDS),
    load=load_shift,
    repeats="seeds",
)
CLASSIFICATION = Suite(
    name="classification",
    text=f"{len(SUITE_DATASETS['classification'])} tables, {N_STRATIFIED_SPLITS} stratified splits each",
    tasks=_tasks("classification"),
    n_splits=dict.fromkeys(SUITE_DATASETS["classification"], N_STRATIFIED_SPLITS),
    load=load_standard,
)
