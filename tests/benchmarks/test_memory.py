"""The growth of resident memory while something runs."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from benchmarks import memory
from benchmarks.memory import PeakMemory, resident_bytes

pytestmark = pytest.mark.skipif(resident_bytes() is None, reason="the system does not tell its resident memory")


def test_a_peak_in_between_is_seen() -> None:
    with PeakMemory() as peak:
        block = np.ones(8_000_000)  # 61 MiB, in a mapping of its own that goes back to the system
        time.sleep(0.05)
        del block
    assert peak.peak_mb is not None
    assert 50.0 < peak.peak_mb < 90.0
    with PeakMemory() as idle:
        time.sleep(0.02)
    assert idle.peak_mb is not None
    assert 0.0 <= idle.peak_mb < 20.0


def test_the_watch_ends_with_the_block_even_if_it_fails() -> None:
    n_threads = threading.active_count()
    with pytest.raises(ValueError, match="inside"), PeakMemory():
        raise ValueError("inside")
    assert threading.active_count() == n_threads


def test_where_the_system_does_not_tell_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "STATUS", memory.STATUS.with_name("no such file"))
    with PeakMemory() as peak:
        pass
    assert peak.peak_mb is None
