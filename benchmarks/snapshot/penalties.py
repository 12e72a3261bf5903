"""The L2 penalty of each contender on each data set: many members bear less of it than one network does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sklearn.model_selection import train_test_split

from ..datasets import DATASETS, Arrays
from ..runner import Run
from ..splits import Split
from .contenders import CONTENDERS, Contender
from .rows import Row, evaluate_runs

ALPHAS = (1e-4, 1e-3, 1e-2)
HELD_OUT, N_TRIES = 0.2, 3

Penalties = dict[tuple[str, str], float]  # (data set, contender) -> alpha


def hold_out(name: str, arrays: Arrays, split: Split) -> list[Split]:
    """Return the training rows of a split, divided once more in a few ways; its test rows are in none of the parts."""
    train = split[0]
    strata = arrays[1][train] if DATASETS[name].task == "classification" else None
    return [
        tuple(train_test_split(train, test_size=HELD_OUT, random_state=number, stratify=strata))
        for number in range(N_TRIES)
    ]


def choose_penalties(
    arrays: Mapping[str, Arrays],
    splits: Mapping[str, Sequence[Split]],
    *,
    n_epochs: int,
    n_members: int,
    n_jobs: int,
    on_done: Callable[[Row], None] = lambda row: None,
) -> Penalties:
    """Return the alpha with which each contender best predicts held-out training rows of the first split.

    Best is the lowest mean NLL over a few ways to hold rows out. It is used on all splits, whose test rows are for the
    most part training rows of the first: all contenders gain alike from a penalty that has seen them.
    """
    chances = [
        (dataset, Contender(name, n_epochs, n_members, alpha))
        for dataset in arrays
        for name in CONTENDERS
        for alpha in ALPHAS
        for _ in range(N_TRIES)
    ]
    runs = [
        Run(
            dataset,
            DATASETS[dataset].task,
            f"{contender.name}, alpha {contender.alpha:g}",
            number % N_TRIES,
            contender.make,
        )
        for number, (dataset, contender) in enumerate(chances)
    ]
    inner = {name: hold_out(name, arrays[name], splits[name][0]) for name in arrays}
    rows = evaluate_runs(runs, dict(arrays), inner, n_jobs=n_jobs, on_done=on_done)
    losses: dict[tuple[str, str], dict[float, float]] = {}
    for (dataset, contender), row in zip(chances, rows, strict=True):
        sums = losses.setdefault((dataset, contender.name), dict.fromkeys(ALPHAS, 0.0))
        sums[contender.alpha] += row["nll"]
    return {key: min(sums, key=sums.__getitem__) for key, sums in losses.items()}
