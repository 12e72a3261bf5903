"""How many threads to use, for the length of a call.

Training shares out the members of a stack, and prediction the rows: each thread has some of them to itself, and every
operation of torch runs on that thread alone. Threads then meet once an epoch, or once a call, instead of at every
operation, and no bit depends on how many there are. Only the loss on held-out rows, which is of the whole stack, lets
the products of torch use several threads.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from threading import Lock, local

import torch
from threadpoolctl import ThreadpoolController

# A second thread inside a product is worth waking for this much work. With less it saves little on an idle machine, and
# on a busy one the wait for it costs many times the work: 500 ms for 20, measured with the other core taken.
MULTIPLY_ADDS_PER_THREAD = 10_000_000

# In training threads wait for Python's lock alone, between one operation and the next: with this much work a step for
# each of two they take 0.65 of the time of one, with half of it as long, and with a tenth twice as long.
MULTIPLY_ADDS_OF_A_STEP_PER_THREAD = 5_000_000


def thread_limit(n_jobs: int | None = None) -> int:
    """Return the most threads to use: the limit in force (joblib sets one in its workers), at most `n_jobs`."""
    in_force = torch.get_num_threads()
    return in_force if n_jobs is None or n_jobs < 0 else min(in_force, max(n_jobs, 1))


def worthwhile_threads(multiply_adds: int, limit: int) -> int:
    """Return how many threads, of at most `limit`, to use inside the products of so much work."""
    return min(max(1, multiply_adds // MULTIPLY_ADDS_PER_THREAD), limit)


def training_threads(step_multiply_adds: int, limit: int) -> int:
    """Return how many threads, of at most `limit`, share out a stack with so much work in a step."""
    return min(max(1, step_multiply_adds // MULTIPLY_ADDS_OF_A_STEP_PER_THREAD), limit)


class _TorchLimits:
    """How many bodies of `torch_threads` are under way, and the number of threads before the first of them.

    A thread that has not used torch yet begins with the number that any other has set last. Within a body that is its
    limit, and no number to go back to.
    """

    def __init__(self) -> None:
        self._lock, self._n_bodies, self._before = Lock(), 0, 0
        self._of_thread = local()

    def enter(self) -> int:
        """Count a body in, and return the number of threads to put back after it."""
        with self._lock:
            found, depth = torch.get_num_threads(), getattr(self._of_thread, "depth", 0)
            if self._n_bodies == 0:
                self._before = found
            self._n_bodies += 1
            self._of_thread.depth = depth + 1
            return found if depth else max(found, self._before)

    def leave(self) -> None:
        """Count a body out."""
        with self._lock:
            self._n_bodies -= 1
            self._of_thread.depth -= 1


_TORCH_LIMITS = _TorchLimits()


@contextmanager
def torch_threads(n_threads: int) -> Iterator[None]:
    """Run the body with so many threads in each of torch's operations, then put the old number back."""
    before = _TORCH_LIMITS.enter()
    torch.set_num_threads(n_threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)
        _TORCH_LIMITS.leave()


@cache
def _blas_libraries() -> ThreadpoolController:
    return ThreadpoolController()  # looks through everything that is loaded: a few milliseconds


class _BlasLimit:
    """One thread in each product of numpy's: a limit of the whole process, which bodies on several threads share.

    The first to begin sets it, and the last to end lifts it: were each to put back what it has found, the limit of
    another would stay for good.
    """

    def __init__(self) -> None:
        self._lock, self._n_bodies = Lock(), 0

    def __enter__(self) -> None:
        with self._lock:
            if self._n_bodies == 0:
                self._limiter = _blas_libraries().limit(limits=1, user_api="blas")
            self._n_bodies += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._n_bodies -= 1
            if self._n_bodies == 0:
                self._limiter.restore_original_limits()


_BLAS_LIMIT = _BlasLimit()


def one_blas_thread() -> AbstractContextManager[None]:
    """Run the body with one thread in each product of numpy's, in the whole process, then put the old number back."""
    return _BLAS_LIMIT


@contextmanager
def denormals_flushed() -> Iterator[None]:
    """Run the body with numbers below about 1e-38 read and written as zero on this thread, then as before.

    The moments of weights that have no gradient any more (behind a dead rectifier, say) shrink for ever, and arithmetic
    on what is too small for a normal floating-point number takes a hundred times as long.
    """
    before = float(torch.tensor(1e-40) * 1.0) == 0.0  # there is no other way to ask
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(before)
