"""How much memory a piece of work takes, seen from outside of it."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from types import TracebackType

STATUS = Path("/proc/self/statm")
PERIOD_SECONDS = 0.01
MEGABYTE = 1024.0**2


class PeakMemory:
    """Context in which the resident memory of this process is sampled every 10 ms.

    ``peak_mb`` is afterwards the largest sample minus the one at the start, in MiB; None where the system does not tell
    (it does on Linux). It is a lower bound: peaks between samples are missed, and memory that an earlier run freed,
    but that the process kept, is used again without being seen. The first run of a process counts what it loads, too.
    The high-water mark that the system keeps would be worse: it is of the whole life of a process, of many runs.
    """

    peak_mb: float | None = None

    def __enter__(self) -> PeakMemory:
        self._start = resident_bytes()
        if self._start is not None:
            self._largest = self._start
            self._done = threading.Event()
            self._thread = threading.Thread(target=self._watch, daemon=True)
            self._thread.start()
        return self

    def _watch(self) -> None:
        while True:
            self._largest = max(self._largest, resident_bytes() or 0)
            if self._done.wait(PERIOD_SECONDS):
                return

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._start is None:
            return
        self._done.set()
        self._thread.join()
        self.peak_mb = (max(self._largest, resident_bytes() or 0) - self._start) / MEGABYTE


def resident_bytes() -> int | None:
    """Return the memory of this process that is in physical memory now, None where the system does not tell."""
    if not STATUS.is_file():
        return None
    return int(STATUS.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
