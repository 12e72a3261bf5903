"""A clock that only moves when told to, and a session that says how long things took instead of running them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
import torch

from benchmarks.speed.session import Session
from benchmarks.speed.timing import Contender, Trainer


@pytest.fixture(autouse=True)
def no_garbage_collection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Among all that the tests have in memory a collection takes longer than what is timed."""
    monkeypatch.setattr("benchmarks.speed.timing.gc.collect", lambda: 0)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """On a busy machine a second thread makes the small products of these tests slower, not faster."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


class FakeClock:
    """Seconds that pass only in `advance`."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


class FakeSession(Session):
    """The first contender takes a second, the next half a second, and so on; nothing is run."""

    def time_epochs(self, trainers: Sequence[Trainer]) -> dict[str, list[float]]:
        return {trainer.name: [1.0 / number] for number, trainer in enumerate(trainers, start=1)}

    def time_calls(self, contenders: Sequence[Contender]) -> dict[str, list[float]]:
        return {contender.name: [1.0 / number] for number, contender in enumerate(contenders, start=1)}
