"""Ctrl-C: wherever it comes, what is left is what the whole epochs gave, and the process is as it was."""

from __future__ import annotations

import pickle
import signal
import threading

import numpy as np
import pytest
import torch

from uncertainty.training import TrainingInterrupted, Watcher, whole
from uncertainty.training.batches import BatchStream
from uncertainty.training.interruption import interrupts_deferred
from uncertainty.training.stack import Stack

pytestmark = pytest.mark.usefixtures("heard_ctrl_c")


MEMBERS = range(3)
# The weights last in use are the ones to keep, or the best ones by the held-out rows; averaged ones are as good.
OPTIONS = {
    "last weights": {},
    "best weights": {"n_validation": 15, "learning_rate": 0.1},
    "averages": {"n_validation": 15, "averaging": "ema"},
}
STEPS_PER_EPOCH = 4  # of 50 rows, with one of two in the last batch


@pytest.fixture(params=OPTIONS.values(), ids=OPTIONS)
def options(request):
    from uncertainty.optim import EMA

    given = dict(request.param)
    return given | ({"averaging": EMA()} if "averaging" in given else {})


@pytest.fixture
def interrupting(monkeypatch):
    """Let a function run before the given call of `Stack.compute_gradient`, counted from 1 over all stacks."""

    def arrange(number, action):
        compute, calls = Stack.compute_gradient, []

        def counted(stack, batch):
            calls.append(batch)
            if len(calls) == number:
                action()
            return compute(stack, batch)

        monkeypatch.setattr(Stack, "compute_gradient", counted)

    return arrange


def press():
    signal.raise_signal(signal.SIGINT)


def assert_same_result(one, other):
    assert one.history == other.history
    for name in ("values", "statistics", "best_epochs", "best_losses"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)


@pytest.mark.parametrize("step", [1, 3, STEPS_PER_EPOCH])
def test_an_interrupt_within_an_epoch_leaves_the_epochs_before_it(fit, interrupting, options, step):
    expected = fit(MEMBERS, max_epochs=2, **options).result
    interrupting(2 * STEPS_PER_EPOCH + step, press)
    with pytest.raises(TrainingInterrupted, match="after epoch 2") as caught:
        fit(MEMBERS, max_epochs=6, **options)
    assert_same_result(caught.value.result, expected)
    assert caught.value.result.n_unfinished == 3


@pytest.mark.parametrize("action", [press, lambda: (_ for _ in ()).throw(KeyboardInterrupt)], ids=["signal", "raised"])
def test_an_interrupt_after_an_epoch_counts_the_epoch(fit, options, action):
    expected = fit(MEMBERS, max_epochs=3, **options).result

    def hook(state):
        if state.epoch == 3:
            action()
        return False

    with pytest.raises(TrainingInterrupted) as caught:
        fit(MEMBERS, max_epochs=6, on_epoch_end=(hook,), **options)
    assert_same_result(caught.value.result, expected)


def test_an_interrupt_in_the_first_epoch_is_passed_on(fit, interrupting):
    interrupting(STEPS_PER_EPOCH, press)
    with pytest.raises(KeyboardInterrupt) as caught:
        fit(MEMBERS)
    assert not isinstance(caught.value, TrainingInterrupted)


def test_an_interrupt_waits_until_all_of_an_epoch_is_kept(fit):
    """A signal in the middle of that is not seen before its end, and then before anybody else is."""
    reached, told = [], []

    class Told(Watcher):
        def end_epoch(self, state):
            told.append(state.epoch)
            return False

    def hook(state):
        if state.epoch == 2:
            press()
            reached.append(state.epoch)
        return False

    with pytest.raises(TrainingInterrupted):
        fit(MEMBERS, on_epoch_end=(hook,), watchers=(Told(),))
    assert (reached, told) == ([2], [1])


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="no signals to a thread on this system")
def test_threads_that_share_the_work_stop_too(fit, interrupting, monkeypatch):
    """Ctrl-C comes to the main thread, which waits for the others."""
    expected, threads = fit(MEMBERS, max_epochs=1).result, threading.enumerate()
    torch.set_num_threads(2)
    monkeypatch.setattr(whole, "training_threads", lambda work, limit: 2)
    abandon, abandoned = BatchStream.abandon, threading.Event()
    monkeypatch.setattr(BatchStream, "abandon", lambda stream: (abandon(stream), abandoned.set()))
    main = threading.main_thread().ident

    def press_from_another_thread():
        assert threading.current_thread() is not threading.main_thread()
        signal.pthread_kill(main, signal.SIGINT)
        abandoned.wait(timeout=30)

    interrupting(2 * STEPS_PER_EPOCH + 1, press_from_another_thread)  # two groups make the steps of an epoch each
    with pytest.raises(TrainingInterrupted) as caught:
        fit(MEMBERS, max_epochs=5)
    assert_same_result(caught.value.result, expected)
    assert abandoned.is_set()
    for thread in set(threading.enumerate()) - set(threads):
        thread.join(timeout=30)
    assert threading.enumerate() == threads


def test_the_process_is_as_it_was(fit, interrupting):
    interrupting(STEPS_PER_EPOCH + 2, press)
    threads, handler = torch.get_num_threads(), signal.getsignal(signal.SIGINT)
    with pytest.raises(TrainingInterrupted):
        fit(MEMBERS)
    assert torch.get_num_threads() == threads
    assert signal.getsignal(signal.SIGINT) is handler
    assert float(torch.tensor(1e-40) * 1.0) != 0.0  # denormals are numbers again


def test_a_handler_of_the_user_is_called_after_the_body():
    seen = []
    before = signal.signal(signal.SIGINT, lambda number, frame: seen.append(number))
    try:
        with interrupts_deferred():
            press()
            press()
            assert seen == []
        assert seen == [signal.SIGINT]
    finally:
        signal.signal(signal.SIGINT, before)


def test_another_thread_than_the_main_one_trains_as_well(fit):
    """Only the main thread may ask for signals."""
    results = []
    thread = threading.Thread(target=lambda: results.append(fit(MEMBERS).result))
    thread.start()
    thread.join()
    assert_same_result(results[0], fit(MEMBERS).result)


def test_it_comes_out_of_another_process_in_one_piece(fit, interrupting):
    interrupting(STEPS_PER_EPOCH + 1, press)
    with pytest.raises(TrainingInterrupted) as caught:
        fit(MEMBERS)
    again = pickle.loads(pickle.dumps(caught.value))
    assert_same_result(again.result, caught.value.result)
    assert repr(again) == "TrainingInterrupted('training was interrupted after epoch 1')"
