"""Those who look on, and the time that training may take."""

from __future__ import annotations

import numpy as np
import pytest

from uncertainty.training import TimeBudget, Watcher, time_budget

MEMBERS = range(4)


class Diary(Watcher):
    """Writes down what it sees, and stops after an epoch."""

    def __init__(self, last=None):
        self.last = last
        self.entries, self.moments, self.states = [], [], []

    def begin_epoch(self, epoch):
        self.entries.append(("begin", epoch))

    def end_epoch(self, state):
        self.entries.append(("end", state.epoch))
        self.moments.append(state.moment())
        self.states.append((state.values.clone(), state.n_training))
        return state.epoch == self.last


@pytest.fixture
def clock(monkeypatch):
    """Seconds that go by when the test says so."""

    class Clock:
        now = 100.0

        def __call__(self):
            return self.now

    made = Clock()
    monkeypatch.setattr(time_budget, "monotonic", made)
    return made


def test_watchers_change_nothing_and_see_every_epoch_begin_and_end(fit):
    diary = Diary()
    watched, alone = fit(MEMBERS, watchers=(diary,)).result, fit(MEMBERS).result
    np.testing.assert_array_equal(watched.values, alone.values)
    assert diary.entries == [(what, epoch) for epoch in range(1, 5) for what in ("begin", "end")]


def test_a_watcher_stops_training_with_the_best_weights(fit):
    options = {"n_validation": 15, "learning_rate": 0.1}
    stopped = fit(MEMBERS, max_epochs=9, watchers=(Diary(3),), **options).result
    np.testing.assert_array_equal(stopped.values, fit(MEMBERS, max_epochs=3, **options).result.values)
    assert stopped.n_unfinished == 4
    assert fit(MEMBERS, max_epochs=3, **options).result.n_unfinished == 0


def test_a_moment_has_the_weights_now_of_those_that_train_and_the_final_ones_of_the_others(fit):
    diary = Diary()
    options = {"max_epochs": 60, "n_validation": 15, "patience": 2, "learning_rate": 0.05}
    final = fit(MEMBERS, watchers=(diary,), **options).result
    # Who trains in the epoch after is known by then; in the first epoch it is everyone.
    training = [n for _, n in diary.states[1:]] + [0]
    assert len({*training}) > 2, "members should stop in different epochs"
    for moment, (values, _), n_training in zip(diary.moments, diary.states, training, strict=True):
        assert len(moment.values) == 4
        live = [row for row in moment.values if (values.numpy() == row).all(axis=1).any()]
        stopped = [row for row, last in zip(moment.values, final.values, strict=True) if np.array_equal(row, last)]
        assert len(live) >= n_training
        assert len(stopped) >= 4 - n_training
        assert moment.history == final.history[: len(moment.history)]
    first = diary.moments[0]
    np.testing.assert_array_equal(first.values, diary.states[0][0].numpy())
    assert first.best_epochs.tolist() == [1, 1, 1, 1]


def test_training_ends_with_the_epoch_in_which_the_time_is_over(fit, clock):
    def tick(state):
        clock.now += 1.0
        return False

    for seconds, n_epochs in [(2.5, 3), (3.0, 3), (0.1, 1), (100.0, 4), (None, 4)]:
        budget = TimeBudget(seconds)
        result = fit(MEMBERS, max_epochs=4, on_epoch_end=(tick,), time_budget=budget).result
        assert len(result.history) == n_epochs
        assert result.n_unfinished == (4 if n_epochs < 4 else 0)
        assert budget.is_spent() == (seconds is not None and seconds <= n_epochs)
        np.testing.assert_array_equal(result.values, fit(MEMBERS, max_epochs=n_epochs).result.values)


def test_a_clock_tells_what_is_gone_and_what_is_left(clock):
    budget, endless = TimeBudget(10.0), TimeBudget()
    clock.now += 4.0
    assert (budget.elapsed(), budget.left(), endless.left()) == (4.0, 6.0, float("inf"))
    clock.now += 40.0
    assert (budget.left(), budget.is_spent(), endless.is_spent()) == (0.0, True, False)
