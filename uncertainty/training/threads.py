"""How many threads to use, for the length of a call."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

# A second thread is worth waking for this much work. With less it saves little on an idle machine, and on a busy one
# the wait for it costs many times the work: five hundred milliseconds for twenty, measured with the other core taken.
MULTIPLY_ADDS_PER_THREAD = 10_000_000


@contextmanager
def limited_threads(multiply_adds: int, n_jobs: int | None = None) -> Iterator[None]:
    """Run the body on a number of torch threads that fits its work, then put the old number back.

    Never more than the limit in force (joblib sets one in its workers), nor than `n_jobs`.
    """
    before = torch.get_num_threads()
    wanted = max(1, multiply_adds // MULTIPLY_ADDS_PER_THREAD)
    limit = before if n_jobs is None or n_jobs < 0 else min(before, max(n_jobs, 1))
    torch.set_num_threads(min(wanted, limit))
    try:
        yield
    finally:
        torch.set_num_threads(before)


def keep_to_members(n_members: int) -> None:
    """Use one thread for one member, until the surrounding `limited_threads` ends.

    Threads share out the members of a stack, which changes no bit of any. The products of a lone member would
    themselves be split, and then round differently for each number of threads.
    """
    if n_members == 1:
        torch.set_num_threads(1)
