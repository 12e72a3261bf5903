"""Ctrl-C in training: weights are never half-updated, and what whole epochs have given is not lost.

An epoch may be interrupted anywhere, since nothing that is kept is written in it. What follows an epoch may not: the
best weights, their losses and the history belong together. So a KeyboardInterrupt of that time waits for its end.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from uncertainty.training.result import TrainingResult


class TrainingInterrupted(KeyboardInterrupt):
    """A KeyboardInterrupt after at least one whole epoch; `result` is what the whole epochs have given."""

    def __init__(self, result: TrainingResult) -> None:
        super().__init__(result)  # its arguments make it again where it comes out of a worker process
        self.result = result

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    def __str__(self) -> str:
        return f"training was interrupted after epoch {len(self.result.history)}"


@contextmanager
def interrupts_deferred() -> Iterator[None]:
    """Run the body to its end; what Ctrl-C does, it does after that. Only the main thread receives signals."""
    handler = signal.getsignal(signal.SIGINT)
    if not callable(handler) or threading.current_thread() is not threading.main_thread():
        yield
        return
    waiting: list[tuple[int, FrameType | None]] = []
    signal.signal(signal.SIGINT, lambda number, frame: waiting.append((number, frame)))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
        if waiting:
            handler(*waiting[0])
