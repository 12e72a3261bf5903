"""Comparisons of fits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch

from uncertainty import DeepEnsembleRegressor, ProbabilisticMLPRegressor, SnapshotEnsembleRegressor

from . import ours
from .comparison import Comparison
from .floor import matrix_rate, multiply_adds_per_epoch
from .peers import PEERS
from .problems import Problem
from .session import Session
from .timing import Contender, Trainer

BASE = Problem()
WIDE_STACK = Problem(layers=(100, 100), n_members=20)

# peer -> the most that our epoch may take of its epoch; None: shown without a target.
BASE_LIMITS: dict[str, float | None] = {
    "jax": 1.0,
    "jax-numpy-shuffles": None,
    "torch-loader": 1 / 12,
    "torch": None,
    "torch-uncertainty": 1 / 15,
    "lightning-uq-box": 1 / 35,
    "skorch": None,
    "scikit-learn": 1 / 3,
}
JAX = ("jax", "jax-numpy-shuffles")
ELSEWHERE: dict[str, float | None] = {"jax": None, "jax-numpy-shuffles": None, "torch": None}

# One factor of the base case varied at a time, and the peers beside it.
VARIED: tuple[tuple[Problem, Mapping[str, float | None]], ...] = (
    (replace(BASE, n_members=1), ELSEWHERE),
    (replace(BASE, n_members=20), ELSEWHERE | {"jax": 0.5}),
    (replace(BASE, layers=(100, 100)), ELSEWHERE),
    (replace(BASE, layers=(256, 256, 256)), ELSEWHERE),
    (replace(BASE, n_rows=1000), ELSEWHERE),
    (replace(BASE, n_rows=100_000), ELSEWHERE),
    (replace(BASE, head="mixture"), ELSEWHERE),
    (replace(BASE, head="classes"), ELSEWHERE),
)


def compare_epochs(
    session: Session, problem: Problem, limits: Mapping[str, float | None], n_threads: int | None = None
) -> list[Comparison]:
    """Compare our epoch with the peers'."""
    session.say(f"epoch, {problem}")
    trainers = [Trainer(ours.NAME, ours.prepare(problem), n_threads), *session.trainers(problem, limits, n_threads)]
    seconds = session.time_epochs(trainers)
    return [
        Comparison("fit", f"epoch, {problem}", seconds[ours.NAME], PEERS[key].name, seconds[PEERS[key].name], limit)
        for key, limit in limits.items()
        if PEERS[key].name in seconds
    ]


def compare_base(session: Session) -> list[Comparison]:
    """Compare epochs in the base case, with every peer."""
    return compare_epochs(session, BASE, BASE_LIMITS)


def compare_around(session: Session) -> list[Comparison]:
    """Compare epochs around the base case."""
    return [row for problem, limits in VARIED for row in compare_epochs(session, problem, limits)]


def compare_stack(session: Session) -> list[Comparison]:
    """Compare the stack of 20 members of (100, 100), and the base case, with JAX and with the matrix products."""
    session.say(f"epoch, {WIDE_STACK}, by number of threads")
    threads = [n for n in (1, 2) if n <= torch.get_num_threads()]
    rates = {n: matrix_rate(n) for n in threads}
    mine = {n: f"{ours.NAME} on {n}" for n in threads}
    trainers = [Trainer(mine[n], ours.prepare(WIDE_STACK), n) for n in threads]
    seconds = session.time_epochs([*trainers, *session.trainers(WIDE_STACK, JAX)])
    rates = {n: max(rate, matrix_rate(n)) for n, rate in rates.items()}
    rows = []
    for n in threads:
        what = f"epoch, {WIDE_STACK}, {n} thread{'s' * (n > 1)}"
        for key in JAX:
            name, limit = PEERS[key].name, {1: 0.8, 2: 0.5}[n] if key == "jax" else None
            if name in seconds:
                rows.append(Comparison("stack", what, seconds[mine[n]], name, seconds[name], limit))
        rows.append(_beside_floor(what, WIDE_STACK, seconds[mine[n]], n, rates[n], 1.9 if n == 1 else None))
    return [*rows, *compare_floor(session, BASE, None)]


def compare_floor(session: Session, problem: Problem, limit: float | None) -> list[Comparison]:
    """Compare our epoch on one thread with the matrix products in it."""
    session.say(f"epoch, {problem}, and its matrix products")
    rate = matrix_rate(1)
    seconds = session.time_epochs([Trainer(ours.NAME, ours.prepare(problem), 1)])[ours.NAME]
    rate = max(rate, matrix_rate(1))
    return [_beside_floor(f"epoch, {problem}, 1 thread", problem, seconds, 1, rate, limit)]


def _beside_floor(
    what: str, problem: Problem, seconds: list[float], n_threads: int, rate: float, limit: float | None
) -> Comparison:
    name = f"matrix products alone, {rate / 1e9:.1f}e9 multiply-adds/s on {n_threads}"
    return Comparison("stack", what, seconds, name, [multiply_adds_per_epoch(problem) / rate], limit)


def compare_overhead(session: Session) -> list[Comparison]:
    """Compare a whole default fit with its epochs alone, and with a whole fit of NGBoost.

    So that the epochs are the same, the fit that is taken apart is one in which no member stops before the others:
    as many epochs as the default fit makes, of which the bare one has the rows that are not held out.
    """
    session.say("whole fit, default arguments")
    X, y = BASE.arrays()
    default = DeepEnsembleRegressor(random_state=0)
    n_epochs = int(default.fit(X, y).n_iter_)
    n_train = len(X) - -(-len(X) // 10)  # the share held out is rounded up

    def make(max_iter: int, **options: Any) -> DeepEnsembleRegressor:
        network = ProbabilisticMLPRegressor(max_iter=max_iter, n_iter_no_change=max_iter + 1, **options)
        return DeepEnsembleRegressor(network, random_state=0)

    contenders = [
        Contender("default", lambda: default.fit(X, y)),
        Contender("watched", lambda: make(n_epochs).fit(X, y)),
        Contender("bare", lambda: make(n_epochs, early_stopping=False).fit(X[:n_train], y[:n_train])),
        Contender("one", lambda: make(1, early_stopping=False).fit(X[:n_train], y[:n_train])),
    ]
    boost = session.load("ngboost")
    if boost is not None:
        contenders.append(Contender("ngboost", boost(BASE)))
    seconds = session.time_calls(contenders)
    bare = [(long - one) / (n_epochs - 1) * n_epochs for long, one in zip(seconds["bare"], seconds["one"], strict=True)]
    what = f"fit of {n_epochs} epochs, default network, early stopping"
    rows = [Comparison("overhead", what, seconds["watched"], "the epochs alone", bare, 1.15)]
    if "ngboost" in seconds:
        name = f"{PEERS['ngboost'].name}, default arguments"
        rows.append(
            Comparison("overhead", "whole fit, default arguments", seconds["default"], name, seconds["ngboost"])
        )
    return rows


def compare_methods(session: Session) -> list[Comparison]:
    """Compare our own methods with each other: what a method costs beside the plain one."""
    return [*compare_snapshots(session), *compare_dropout(session, 1.4), *compare_members(session, 4.0)]


def compare_snapshots(session: Session, n_epochs: int = 50, n_rows: int = 100_000) -> list[Comparison]:
    """Compare a snapshot ensemble with one network of as many epochs: fit and predict."""
    session.say("snapshot ensemble and one network")
    X, y = BASE.arrays()
    many = replace(BASE, n_rows=n_rows).arrays()[0]
    network = ours.make_network(BASE, n_epochs)
    single = ours.make_network(BASE, n_epochs)
    snapshots = SnapshotEnsembleRegressor(network, n_snapshots=5, random_state=0)
    rows = []
    for what, calls in (
        (f"fit, 5 snapshots, {n_epochs} epochs", [lambda: snapshots.fit(X, y), lambda: single.fit(X, y)]),
        (f"predict, 5 snapshots, {n_rows} rows", [lambda: snapshots.predict(many), lambda: single.predict(many)]),
    ):
        names = ("snapshots", "one network")
        seconds = session.time_calls([Contender(name, call) for name, call in zip(names, calls, strict=True)])
        rows.append(Comparison("methods", what, seconds["snapshots"], "one network", seconds["one network"]))
    return rows


def compare_dropout(session: Session, limit: float, n_threads: int | None = None) -> list[Comparison]:
    """Compare training with dropout and without."""
    session.say("dropout and none")
    trainers = [
        Trainer("dropout", ours.prepare(BASE, dropout=0.1), n_threads),
        Trainer("no dropout", ours.prepare(BASE), n_threads),
    ]
    seconds = session.time_epochs(trainers)
    what = f"epoch with dropout 0.1, {BASE}"
    return [Comparison("methods", what, seconds["dropout"], "no dropout", seconds["no dropout"], limit)]


def compare_members(session: Session, limit: float, n_threads: int | None = None) -> list[Comparison]:
    """Compare 20 members and one."""
    session.say("20 members and one")
    trainers = [Trainer(f"{n} members", ours.prepare(replace(BASE, n_members=n)), n_threads) for n in (20, 1)]
    seconds = session.time_epochs(trainers)
    what = f"epoch, {replace(BASE, n_members=20)}"
    return [Comparison("methods", what, seconds["20 members"], "1 member", seconds["1 members"], limit)]
