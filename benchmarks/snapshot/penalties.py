"""The L2 penalty of each contender on each data set: many members bear less of it than one network does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sklearn.model_selection import train_test_split

from ..datasets import DATASETS, Arrays
from ..protocols import Row, Run, Split, evaluate_runs
from .contenders import CONTENDERS, Contender

ALPHAS = (1e-4, 1e-3, 1e-2)
HELD_OUT = 0.2

Penalties = dict[tuple[str, str], float]  # (data set, contender) -> alpha


def hold_out(name: str, y: Arrays, split: Split) -> Split:
    """Return the training rows of a split, divided once more; its test rows are in neither part."""
    train = split[0]
    strata = y[1][train] if DATASETS[name].task == "classification" else None
    return tuple(train_test_split(train, test_size=HELD_OUT, random_state=0, stratify=strata))


def choose_penalties(
    arrays: Mapping[str, Arrays],
    splits: Mapping[str, Sequence[Split]],
    *,
    n_epochs: int,
    n_members: int,
    n_jobs: int,
    on_done: Callable[[Row], None] = lambda row: None,
) -> Penalties:
    """Return the alpha with which each contender predicts held-out training rows of the first split best, by NLL."""
    chances = [
        (dataset, Contender(name, n_epochs, n_members, alpha))
        for dataset in arrays
        for name in CONTENDERS
        for alpha in ALPHAS
    ]
    runs = [
        Run(dataset, DATASETS[dataset].task, f"{contender.name}, alpha {contender.alpha:g}", 0, contender.make)
        for dataset, contender in chances
    ]
    inner = {name: [hold_out(name, arrays[name], splits[name][0])] for name in arrays}
    rows = evaluate_runs(runs, dict(arrays), inner, n_jobs=n_jobs, on_done=on_done)
    losses: dict[tuple[str, str], dict[float, float]] = {}
    for (dataset, contender), row in zip(chances, rows, strict=True):
        losses.setdefault((dataset, contender.name), {})[contender.alpha] = row["nll"]
    return {key: min(values, key=values.__getitem__) for key, values in losses.items()}
