"""How thoroughly to measure, against which peers, and what had to be left out."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from .peers import PEERS, PeerUnavailable
from .problems import Problem
from .timing import Contender, Trainer, enough_epochs, interleave, interleave_epochs, with_enough_calls

T = TypeVar("T", Contender, Trainer)


@dataclass
class Session:
    """One run: `rounds` interleaved rounds, with timed fits and calls that take about `seconds` each.

    The first of the contenders (or trainers) of a comparison is ours: what goes wrong there is an error, while a peer
    that fails is left out, with one line that says so.
    """

    rounds: int = 5
    seconds: float = 1.0
    peers: Collection[str] = tuple(PEERS)
    skipped: list[str] = field(default_factory=list)

    def skip(self, line: str) -> None:
        """Say once that something is left out."""
        if line not in self.skipped:
            self.skipped.append(line)
            self.say(line)

    @staticmethod
    def say(line: str) -> None:
        """Print progress on the error stream."""
        print(line, file=sys.stderr, flush=True)

    def load(self, key: str, function: str | None = None) -> Callable[..., Any] | None:
        """Return a function of a peer, or None (and say why) where it is not to be had."""
        if key not in self.peers:
            return None
        try:
            return PEERS[key].load(function)
        except PeerUnavailable as error:
            self.skip(str(error))
            return None

    def trainers(self, problem: Problem, keys: Collection[str], n_threads: int | None = None) -> list[Trainer]:
        """Return the trainers of the peers that can be had."""
        loaded = ((key, self.load(key)) for key in keys)
        return [
            Trainer(PEERS[key].name, _Prepared(prepare, problem), n_threads)
            for key, prepare in loaded
            if prepare is not None
        ]

    def time_epochs(self, trainers: Sequence[Trainer]) -> dict[str, list[float]]:
        """Return the seconds per epoch of each trainer in each round; a peer that fails is left out."""
        ready = self._ready(trainers, lambda trainer: enough_epochs(trainer, self.seconds))
        self.say("  " + ", ".join(f"{trainer.name}: {n} epochs" for trainer, n in ready))
        return interleave_epochs([trainer for trainer, _ in ready], [n for _, n in ready], self.rounds)

    def time_calls(self, contenders: Sequence[Contender]) -> dict[str, list[float]]:
        """Return the seconds of a call of each contender in each round; a peer that fails is left out."""
        ready = self._ready(contenders, lambda contender: with_enough_calls(contender, self.seconds / 5))
        return interleave([contender for _, contender in ready], self.rounds)

    def _ready(self, contenders: Sequence[T], warm_up: Callable[[T], Any]) -> list[tuple[T, Any]]:
        ready = []
        for number, contender in enumerate(contenders):
            try:
                ready.append((contender, warm_up(contender)))
            except Exception as error:
                if number == 0:
                    raise
                self.skip(f"{contender.name}: skipped, it failed with {type(error).__name__}: {error}")
        return ready


class _Prepared:
    """Prepares at the first call, so that a peer that fails to do so fails where it is warmed up."""

    def __init__(self, prepare: Callable[[Problem], Callable[[int], object]], problem: Problem) -> None:
        self.prepare, self.problem = prepare, problem
        self.train: Callable[[int], object] | None = None

    def __call__(self, n_epochs: int) -> None:
        if self.train is None:
            self.train = self.prepare(self.problem)
        self.train(n_epochs)
