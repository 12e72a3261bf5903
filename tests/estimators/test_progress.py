"""What `verbose` prints, and what `max_time` ends."""

from __future__ import annotations

import re
from functools import partial

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from uncertainty import Autoencoder, DeepEnsembleRegressor, ProbabilisticMLPRegressor, SnapshotEnsembleRegressor
from uncertainty.estimators.progress import duration, is_time_for_a_line
from uncertainty.training import time_budget
from uncertainty.training.whole import WholeStack


@pytest.fixture
def quick(quick):
    """Fits of nine epochs: three cycles of three for snapshots."""
    return partial(quick, max_iter=9)


@pytest.fixture
def seconds_an_epoch(monkeypatch):
    """Let every epoch take so many seconds, and all else none."""
    now = [0.0]
    monkeypatch.setattr(time_budget, "monotonic", lambda: now[0])
    run = WholeStack.run_epoch

    def let_go_by(seconds):
        def timed(stack):
            now[0] += seconds
            return run(stack)

        monkeypatch.setattr(WholeStack, "run_epoch", timed)

    return let_go_by


# -- verbose -----------------------------------------------------------------------------------------------------


def test_the_first_level_prints_about_ten_lines(quick, regression, capsys, seconds_an_epoch):
    seconds_an_epoch(2.0)
    quick(DeepEnsembleRegressor, max_iter=40, n_iter_no_change=None, own={"verbose": 1}).fit(*regression)
    lines = capsys.readouterr().out.splitlines()
    assert [int(re.match(r"epoch +(\d+)/40: ", line)[1]) for line in lines[:-1]] == [1, *range(4, 41, 4)]
    assert re.fullmatch(
        r"epoch  4/40: train NLL -?\d+\.\d{4}, held-out NLL -?\d+\.\d{4}, 3 of 3 members training, 8\.0 s, "
        r"at most 1 min 12 s left",
        lines[1],
    )
    assert lines[-1] == "40 of 40 epochs in 1 min 20 s"


@pytest.mark.parametrize("level", [2, 3])
def test_the_second_level_prints_a_line_an_epoch(quick, regression, capsys, level):
    quick(ProbabilisticMLPRegressor, max_iter=12, early_stopping=False, verbose=level).fit(*regression)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 13
    assert re.match(r"epoch  3/12: train NLL -?\d+\.\d{4}, learning rate \d\.\d\de-\d\d, \d", lines[2])
    assert "members" not in "".join(lines)


def test_true_is_the_first_level_and_false_and_zero_are_silent(any_kind, quick, problem, capsys):
    printed = []
    for verbose in (False, 0, True, 1):
        quick(any_kind, own={"verbose": verbose}).fit(*problem(any_kind))
        printed.append(re.sub(r"\d+\.\d s", "s", capsys.readouterr().out))
    assert printed[:2] == ["", ""]
    assert printed[2] == printed[3] != ""


def test_a_single_pass_prints_its_line(quick, regression, capsys):
    model = quick(DeepEnsembleRegressor, early_stopping=False, own={"verbose": 1})
    model.partial_fit(*regression).partial_fit(*regression)
    assert [line[:11] for line in capsys.readouterr().out.splitlines()] == ["epoch 1/1: "] * 2


def test_lines_of_short_and_long_fits():
    assert [epoch for epoch in range(1, 4) if is_time_for_a_line(epoch, 3)] == [1, 2, 3]
    assert sum(is_time_for_a_line(epoch, 1234) for epoch in range(1, 1235)) == 11
    assert is_time_for_a_line(1234, 1234)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (59.94, "59.9 s"), (59.96, "1 min 00 s"), (125.4, "2 min 05 s"), (7500.0, "2 h 05 min")],
)
def test_a_time_is_read_at_a_glance(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize("value", [-1, 0.5, "much"])
def test_a_level_is_a_whole_number(quick, regression, value):
    with pytest.raises((TypeError, ValueError), match="verbose must be"):
        quick(ProbabilisticMLPRegressor, verbose=value).fit(*regression)


# -- max_time ----------------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:only . of 3 snapshots")
def test_a_fit_ends_with_the_epoch_in_which_its_time_is_over(any_kind, quick, problem, answers, seconds_an_epoch):
    seconds_an_epoch(1.0)
    model = quick(any_kind, own={"max_time": 3.5})
    with pytest.warns(
        ConvergenceWarning, match=r"max_time=3.5 seconds were over after 4 of 9 epochs \(4.0 s\)"
    ) as caught:
        model.fit(*problem(any_kind))
    assert [w.filename for w in caught if "max_time" in str(w.message)] == [__file__]
    assert model.n_iter_ == 4
    assert all(np.isfinite(values).all() for values in answers(model, problem(any_kind)[0]).values())


def test_its_weights_are_the_best_ones_so_far(quick, regression, seconds_an_epoch):
    seconds_an_epoch(1.0)
    expected = quick(DeepEnsembleRegressor, max_iter=4, schedule="constant").fit(*regression)
    model = quick(DeepEnsembleRegressor, schedule="constant", own={"max_time": 4})
    with pytest.warns(ConvergenceWarning, match="max_time"):
        model.fit(*regression)
    np.testing.assert_array_equal(model.predict(regression[0]), expected.predict(regression[0]))


def test_at_least_one_epoch_is_run_of_the_network_and_of_each_layer_before(quick, regression, seconds_an_epoch):
    seconds_an_epoch(1.0)
    network = quick(ProbabilisticMLPRegressor, hidden_layer_sizes=(8, 8), pretraining=Autoencoder(50), max_time=0.5)
    with pytest.warns(ConvergenceWarning, match=r"after 1 of 9 epochs \(3.0 s\)"):
        network.fit(*regression)


def test_a_fit_within_its_time_is_the_same_as_without_one(quick, regression, seconds_an_epoch):
    seconds_an_epoch(1.0)
    X, y = regression
    free, timed = (quick(DeepEnsembleRegressor, own={"max_time": t}).fit(X, y) for t in (None, 9.0))
    np.testing.assert_array_equal(free.predict(X), timed.predict(X))


@pytest.mark.filterwarnings("ignore:only . of 3 snapshots")
def test_an_ensemble_without_a_time_of_its_own_takes_the_network_s(wrapper_kind, quick, problem, seconds_an_epoch):
    seconds_an_epoch(1.0)
    X, y = problem(wrapper_kind)
    model = quick(wrapper_kind, max_time=6.5)
    with pytest.warns(ConvergenceWarning) as caught:
        model.fit(X, y)
    assert any(re.match("max_time=6.5 .* after 7 of 9", str(w.message)) for w in caught)
    model.set_params(max_time=100.0).fit(X, y)
    assert model.n_iter_ == 9


def test_snapshots_are_those_of_finished_cycles(quick, regression, seconds_an_epoch):
    seconds_an_epoch(1.0)
    for seconds, n_members in [(2.0, 1), (3.0, 1), (7.0, 2)]:
        model = quick(SnapshotEnsembleRegressor, own={"max_time": seconds})
        with pytest.warns(ConvergenceWarning) as caught:
            model.fit(*regression)
        messages = " ".join(str(w.message) for w in caught)
        assert f"only {int(seconds) // 3} of 3 snapshots" in messages
        assert ("is the only member" in messages) == (seconds == 2.0)
        assert len(model.members_) == n_members


@pytest.mark.parametrize("value", [0, -1.0, "long", True])
def test_a_time_is_positive(quick, regression, value):
    with pytest.raises((TypeError, ValueError), match="max_time must be"):
        quick(ProbabilisticMLPRegressor, max_time=value).fit(*regression)
