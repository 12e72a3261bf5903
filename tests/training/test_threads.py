"""The number of threads: fitted to the work, within every limit, and put back."""

from threading import Event, Thread

import pytest
import torch
from threadpoolctl import threadpool_info, threadpool_limits

from uncertainty.training.threads import (
    denormals_flushed,
    one_blas_thread,
    thread_limit,
    torch_threads,
    training_threads,
    worthwhile_threads,
)

HUGE = 10**12


@pytest.fixture
def set_threads():
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


@pytest.mark.parametrize("threads", [worthwhile_threads, training_threads])
def test_threads_fit_the_work_and_the_limit(threads):
    assert threads(0, 8) == 1
    assert threads(1000, 8) == 1
    assert threads(HUGE, 8) == 8
    assert threads(HUGE, 1) == 1
    assert 1 < threads(30_000_000, 100) < 100


@pytest.mark.parametrize("in_force", [1, 2])
def test_the_limit_in_force_is_never_exceeded(set_threads, in_force):
    set_threads(in_force)
    assert thread_limit() == thread_limit(-1) == thread_limit(8) == in_force


def test_n_jobs_is_a_limit(set_threads):
    set_threads(2)
    assert thread_limit(1) == 1
    assert thread_limit(0) == 1


def test_the_number_holds_inside(set_threads):
    set_threads(2)
    with torch_threads(1):
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 2


def test_the_old_number_comes_back_even_after_an_error(set_threads):
    set_threads(2)
    with pytest.raises(RuntimeError, match="inside"), torch_threads(1):
        raise RuntimeError("inside")
    assert torch.get_num_threads() == 2


def test_overlapping_limits_on_two_threads_leave_both_as_they_were(set_threads):
    set_threads(2)
    inside, done, found = Event(), Event(), []

    def body():
        with torch_threads(1):
            inside.set()
            done.wait(10)
        found.append(torch.get_num_threads())

    first = Thread(target=body)
    first.start()
    assert inside.wait(10)
    second = Thread(target=body)  # new to torch, while the limit of the first is in force
    second.start()
    done.set()
    first.join()
    second.join()
    assert found == [2, 2]
    assert torch.get_num_threads() == 2


def blas_threads():
    return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]


def test_numpy_multiplies_on_one_thread_inside_and_on_as_many_as_before_afterwards():
    before = blas_threads()
    with one_blas_thread():
        assert blas_threads() == [1] * len(before)
    assert blas_threads() == before


def test_overlapping_limits_end_with_the_last():
    with threadpool_limits(2, user_api="blas"):
        before = blas_threads()
        first, second = one_blas_thread(), one_blas_thread()
        first.__enter__()
        second.__enter__()
        first.__exit__(None, None, None)
        assert blas_threads() == [1] * len(before)
        second.__exit__(None, None, None)
        assert blas_threads() == before


def test_a_fit_leaves_the_threads_of_numpy_alone(fit):
    before, inside = blas_threads(), []
    fit(range(2), on_epoch_end=(lambda state: inside.append(blas_threads()) or False,))
    assert set(map(tuple, inside)) == {(1,) * len(before)}
    assert blas_threads() == before


def flushes():
    return float(torch.tensor(1e-40) * 1.0) == 0.0


@pytest.mark.parametrize("before", [False, True])
def test_denormals_are_flushed_inside_and_treated_as_before_afterwards(before):
    torch.set_flush_denormal(before)
    try:
        with denormals_flushed():
            assert flushes()
        assert flushes() is before
    finally:
        torch.set_flush_denormal(False)


@pytest.mark.parametrize("n_threads", [1, 2])
def test_moments_without_a_gradient_end_at_zero(fit, monkeypatch, n_threads):
    # Units behind a dead rectifier: their first moments shrink by a tenth a step, and would stay just above zero.
    monkeypatch.setattr("uncertainty.training.whole.training_threads", lambda work, limit: n_threads)
    options = {"dtype": torch.float32, "activation": "relu", "batch_size": 5, "max_epochs": 120}
    start = fit(range(2), **{**options, "max_epochs": 1})
    values = start.values.copy()
    start.mlp.layout.views(torch.from_numpy(values))["hidden0.bias"][:] = -100.0
    state = start.result.optimizer_state
    first = fit(range(2), start=(values, start.statistics), optimizer_state=state, **options).result.optimizer_state
    moments = start.mlp.layout.views(torch.from_numpy(first["first"]))["hidden0.weight"]
    assert (moments == 0.0).all()
    assert not flushes()
