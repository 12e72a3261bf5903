"""Interleaved timing: every contender once a round, so that a slow spell of the machine hits all of them alike."""

from __future__ import annotations

import gc
import math
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import torch

Clock = Callable[[], float]

# Bounds on the epochs of a timed fit: one more than its set-up at least, and no endless runs of tiny epochs.
MIN_EPOCHS, MAX_EPOCHS = 2, 400
MAX_CALLS = 1000


@dataclass(frozen=True)
class Contender:
    """Something to time: `n_calls` calls of `run` in a row, on `n_threads` of torch (None: as many as now)."""

    name: str
    run: Callable[[], object]
    n_threads: int | None = None
    n_calls: int = 1


@dataclass(frozen=True)
class Trainer:
    """Something that trains for a number of epochs, from new weights at each call."""

    name: str
    train: Callable[[int], object]
    n_threads: int | None = None

    def contender(self, n_epochs: int) -> Contender:
        """Return the fit of so many epochs."""
        return Contender(f"{self.name}, {n_epochs} epochs", lambda: self.train(n_epochs), self.n_threads)


@contextmanager
def undisturbed(n_threads: int | None = None) -> Iterator[None]:
    """Run the body without warnings and with gradients on, and put back what it may have changed in torch."""
    threads, gradients = torch.get_num_threads(), torch.is_grad_enabled()
    gc.collect()  # the garbage of one contender is not to be collected in the time of the next
    torch.set_num_threads(n_threads or threads)
    torch.set_grad_enabled(True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        torch.set_num_threads(threads)
        torch.set_grad_enabled(gradients)


def time_once(contender: Contender, clock: Clock = time.perf_counter) -> float:
    """Return the seconds of one call, as the mean of the contender's `n_calls`."""
    with undisturbed(contender.n_threads):
        start = clock()
        for _ in range(contender.n_calls):
            contender.run()
        return (clock() - start) / contender.n_calls


def interleave(
    contenders: Sequence[Contender], rounds: int, clock: Clock = time.perf_counter
) -> dict[str, list[float]]:
    """Return the seconds of each contender in each round; every round runs all of them in turn."""
    seconds: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    if len(seconds) < len(contenders):
        raise ValueError(f"contenders must have different names, got {[contender.name for contender in contenders]}.")
    for _ in range(rounds):
        for contender in contenders:
            seconds[contender.name].append(time_once(contender, clock))
    return seconds


def with_enough_calls(contender: Contender, seconds: float, clock: Clock = time.perf_counter) -> Contender:
    """Return the contender with as many calls as take about `seconds`; it has then been warmed up too."""
    one = time_once(contender, clock)
    if one < seconds:  # what takes long needs no second trial
        one = time_once(contender, clock)
    return replace(contender, n_calls=min(max(math.ceil(seconds / max(one, 1e-9)), 1), MAX_CALLS))


def enough_epochs(trainer: Trainer, seconds: float, clock: Clock = time.perf_counter) -> int:
    """Return how many epochs take about `seconds`; the trainer has then been warmed up (and compiled) too."""
    time_once(trainer.contender(1), clock)
    one = time_once(trainer.contender(1), clock)
    if one < seconds:  # less of it set-up, then
        one = time_once(trainer.contender(2), clock) / 2
    return min(max(1 + math.ceil(seconds / max(one, 1e-9)), MIN_EPOCHS), MAX_EPOCHS)


def interleave_epochs(
    trainers: Sequence[Trainer], n_epochs: Sequence[int], rounds: int, clock: Clock = time.perf_counter
) -> dict[str, list[float]]:
    """Return each trainer's seconds per epoch in each round, without its set-up.

    They are (fit of n epochs - fit of 1 epoch) / (n - 1): checks, set-up and whatever the first epoch needs drop out,
    for all trainers alike.
    """
    pairs = [(trainer.contender(1), trainer.contender(n)) for trainer, n in zip(trainers, n_epochs, strict=True)]
    seconds = interleave([contender for pair in pairs for contender in pair], rounds, clock)
    return {
        trainer.name: [
            (long - short) / (n - 1) for short, long in zip(seconds[one.name], seconds[many.name], strict=True)
        ]
        for trainer, n, (one, many) in zip(trainers, n_epochs, pairs, strict=True)
    }
