"""Comparisons of predictions, and what they need of memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from . import ours, processes
from .comparison import Comparison
from .problems import Problem
from .session import Session
from .timing import Contender

N_MASKS, DROPOUT = 100, 0.1
MASKS_BESIDE = {
    "lightning-uq-box": "lightning-uq-box",
    "torch-uncertainty": "torch-uncertainty",
    "torch": "plain torch, one pass for each mask",
}
PREDICTED = Problem(n_features=10)
MASKED = Problem()
ROWS = (1, 1000, 1_000_000)
TORCH_LOOP = "five torch networks in a loop"


def compare_predictions(session: Session) -> list[Comparison]:
    """Compare the ensemble's predictions with a loop over torch networks, by number of rows.

    The loop's interval is the normal one with the mixture's mean and variance; ours has exact quantiles.
    """
    prepare = session.load("torch", "prepare_predictions")
    model = ours.make_ensemble(PREDICTED, 2).fit(*PREDICTED.arrays())
    rows = []
    for n_rows in ROWS:
        session.say(f"predictions, {n_rows} rows")
        X = replace(PREDICTED, n_rows=n_rows).arrays()[0]
        theirs = {} if prepare is None else prepare(PREDICTED, X)
        for name, call in {
            "mean": lambda X=X: model.predict(X),
            "interval": lambda X=X: model.predict_interval(X),
            "dist": lambda X=X: model.predict_dist(X),
        }.items():
            contenders = [Contender(ours.NAME, call)]
            contenders += [Contender(TORCH_LOOP, theirs[name])] if name in theirs else []
            seconds = session.time_calls(contenders)
            beside = f"{TORCH_LOOP}{', normal approximation' if name == 'interval' else ''}"
            what = f"predict, {name}, {n_rows} row{'s' * (n_rows > 1)}"
            rows.append(Comparison("predict", what, seconds[ours.NAME], beside, seconds.get(TORCH_LOOP, [])))
    return rows


def compare_masks(
    session: Session, limits: Mapping[str, float | None] | None = None, n_threads: int | None = None
) -> list[Comparison]:
    """Compare mean and variance of MC-dropout with 100 masks."""
    if limits is None:
        limits = {"lightning-uq-box": 1 / 30, "torch-uncertainty": 1 / 50, "torch": None}
    session.say(f"MC-dropout, {N_MASKS} masks")
    X, y = MASKED.arrays()
    model = ours.make_mc_dropout(MASKED, 2, N_MASKS, DROPOUT).fit(X, y)
    contenders = [Contender(ours.NAME, lambda: model.predict_uncertainty(X), n_threads)]
    for key in limits:
        prepare = session.load(key, "prepare_mc_dropout")
        if prepare is not None:
            contenders.append(Contender(MASKS_BESIDE[key], prepare(MASKED, N_MASKS, DROPOUT), n_threads))
    seconds = session.time_calls(contenders)
    what = f"MC-dropout, mean and variance, {N_MASKS} masks, {MASKED.layers}, {MASKED.n_rows} rows"
    return [
        Comparison("masks", what, seconds[ours.NAME], MASKS_BESIDE[key], seconds[MASKS_BESIDE[key]], limit)
        for key, limit in limits.items()
        if MASKS_BESIDE[key] in seconds
    ]


def compare_memory(session: Session, limit: float = 400.0, rounds: int | None = None) -> list[Comparison]:
    """Compare the peak of the resident set during `predict_interval` of 1e6 rows with what it was before."""
    session.say("memory of predict_interval, in processes of its own")
    before, peak = zip(*(processes.measure_memory() for _ in range(rounds or session.rounds)), strict=True)
    what = "resident set, predict_interval, 1000000 rows x 10, 5 members"
    return [Comparison("memory", what, peak, "before the call", before, limit, by="difference", unit="MB")]


def compare_imports(session: Session) -> list[Comparison]:
    """Compare importing the package, down to an estimator, with importing what it needs anyway."""
    session.say("import time, in processes of their own")
    processes.measure_import()  # the first finds no files in the cache
    needed, ours_too = zip(*(processes.measure_import() for _ in range(session.rounds)), strict=True)
    what = "import torch, sklearn, uncertainty; DeepEnsembleRegressor"
    return [Comparison("import", what, ours_too, "import torch, sklearn", needed, 0.25, by="difference")]
