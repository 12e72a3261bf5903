"""The order of the rounds, what the clock is read around, and the epochs without their set-up."""

from __future__ import annotations

import warnings

import pytest
import torch

from benchmarks.speed.timing import (
    MAX_EPOCHS,
    MIN_EPOCHS,
    Contender,
    Trainer,
    enough_epochs,
    interleave,
    interleave_epochs,
    time_once,
    with_enough_calls,
)

from .conftest import FakeClock


def test_rounds_are_interleaved_and_each_is_timed_on_its_own() -> None:
    clock, order = FakeClock(), []

    def contender(name: str, seconds: float) -> Contender:
        def run() -> None:
            order.append(name)
            clock.advance(seconds * len(order))  # later rounds are slower

        return Contender(name, run)

    seconds = interleave([contender("ours", 1.0), contender("a", 10.0), contender("b", 100.0)], 2, clock)
    assert order == ["ours", "a", "b", "ours", "a", "b"]
    assert seconds == {"ours": [1.0, 4.0], "a": [20.0, 50.0], "b": [300.0, 600.0]}


def test_two_contenders_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="different names"):
        interleave([Contender("a", list), Contender("a", list)], 1)


def test_several_calls_give_their_mean() -> None:
    clock = FakeClock()
    assert time_once(Contender("a", lambda: clock.advance(0.5), n_calls=4), clock) == 0.5
    assert clock.now == 2.0


def test_what_a_contender_changes_in_torch_is_put_back() -> None:
    before, seen = torch.get_num_threads(), []

    def run() -> None:
        seen.append(torch.get_num_threads())
        torch.set_num_threads(before + 1)
        torch.set_grad_enabled(False)
        warnings.warn("peers may warn", UserWarning, stacklevel=1)

    interleave([Contender("one thread", run, n_threads=1), Contender("as before", run)], 1)
    assert seen == [1, before]
    assert torch.get_num_threads() == before
    assert torch.is_grad_enabled()


def test_epochs_are_timed_without_their_set_up() -> None:
    clock = FakeClock()
    trainers = [
        Trainer("ours", lambda n: clock.advance(10.0 + 2.0 * n)),
        Trainer("theirs", lambda n: clock.advance(0.5 * n)),
    ]
    seconds = interleave_epochs(trainers, [5, 3], 2, clock)
    assert seconds == {"ours": [2.0, 2.0], "theirs": [0.5, 0.5]}
    assert clock.now == 2 * (12 + 20 + 0.5 + 1.5)


@pytest.mark.parametrize(("epoch", "n_epochs"), [(0.125, 9), (7.0, MIN_EPOCHS), (1e-7, MAX_EPOCHS)])
def test_number_of_epochs_follows_from_their_length(epoch: float, n_epochs: int) -> None:
    clock = FakeClock()
    assert enough_epochs(Trainer("a", lambda n: clock.advance(epoch * n)), 1.0, clock) == n_epochs


def test_the_first_call_does_not_count_for_the_number_of_calls() -> None:
    clock = FakeClock()
    compiling = iter([0.5, 0.25])
    contender = with_enough_calls(Contender("a", lambda: clock.advance(next(compiling))), 1.0, clock)
    assert contender.n_calls == 4
    slow = with_enough_calls(Contender("b", lambda: clock.advance(30.0)), 1.0, clock)
    assert slow.n_calls == 1
    assert clock.now == 0.75 + 30.0  # tried once only
