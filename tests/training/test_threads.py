"""The number of threads: fitted to the work, within every limit, and put back."""

import pytest
import torch

from uncertainty.training.threads import limited_threads

HUGE = 10**12


@pytest.fixture
def set_threads():
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


def threads_inside(work, n_jobs=None):
    with limited_threads(work, n_jobs):
        return torch.get_num_threads()


def test_little_work_takes_one_thread(set_threads):
    set_threads(2)
    assert threads_inside(1000) == 1
    assert threads_inside(0) == 1


@pytest.mark.parametrize("limit", [1, 2])
def test_the_limit_in_force_is_never_exceeded(set_threads, limit):
    set_threads(limit)
    assert threads_inside(HUGE) == limit
    assert threads_inside(HUGE, n_jobs=8) == limit
    assert threads_inside(HUGE, n_jobs=-1) == limit


def test_n_jobs_is_a_limit(set_threads):
    set_threads(2)
    assert threads_inside(HUGE, n_jobs=1) == 1


def test_the_old_number_comes_back_even_after_an_error(set_threads):
    set_threads(2)
    with pytest.raises(RuntimeError, match="inside"), limited_threads(1):
        raise RuntimeError("inside")
    assert torch.get_num_threads() == 2
