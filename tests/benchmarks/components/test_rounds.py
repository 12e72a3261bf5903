"""The order of the fits, the choice of a rate, and the further rounds of what seems too slow."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from benchmarks.components import rounds
from benchmarks.components.family import LABELS, Family, Option
from benchmarks.components.fits import TimedFit, Trial
from benchmarks.components.rounds import Settings, compare_options, find_rate, measure_again
from uncertainty import SGD

from .conftest import make_result

SMALL = {"hidden_layer_sizes": (4,)}


def test_each_round_fits_every_option_once(regression: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, Any]] = []

    def fit(option: Option, trial: Trial, n_epochs: int, n_members: int, rate: float | None) -> dict[str, Any]:
        seen.append((trial.seed, option.network["alpha"]))
        return {"nll": 0.0, "seconds_many": 1.0, "seconds_one": 1.0}

    monkeypatch.setattr(rounds, "fit_option", fit)
    family = Family({name: Option({**SMALL, "alpha": alpha}) for name, alpha in (("a", 0.0), ("b", 0.1))}, "")
    other = Trial("regression", regression.train, regression.test, seed=9)
    results = compare_options("family", family, "number", [regression, other], Settings(2, 2))
    assert seen == [(4, 0.0), (4, 0.1), (9, 0.0), (9, 0.1)]
    assert [result.name for result in results] == ["a", "b"]
    assert results[1].rows[1] == {"family": "family", "option": "b", "nll": 0.0, "seconds_many": 1.0,
                                  "seconds_one": 1.0}  # fmt: skip


def test_options_for_other_targets_are_left_out(regression: Trial) -> None:
    family = Family({"a": Option(SMALL), "b": Option(SMALL, targets=LABELS)}, "")
    results = compare_options("family", family, "number", [regression], Settings(1, 1))
    assert [result.name for result in results] == ["a"]
    assert len(results[0].rows) == len(results[0].seconds_one) == 1


def test_the_rate_is_the_one_that_predicts_held_out_rows_best(regression: Trial) -> None:
    option = Option({**SMALL, "optimizer": SGD(momentum=0.0)})
    assert find_rate(option, (1e-8, 1e-2), regression, Settings(20, 2)) == 1e-2
    assert find_rate(option, (1e-2, 1e-8), regression, Settings(20, 2)) == 1e-2
    assert find_rate(option, (), regression, Settings(20, 2)) is None


def test_the_rate_does_not_depend_on_the_test_rows(regression: Trial) -> None:
    spoilt = Trial("regression", regression.train, (np.full((20, 2), np.nan), np.full(20, np.nan)), regression.seed)
    option = Option({**SMALL, "optimizer": SGD(momentum=0.0)})
    assert find_rate(option, (1e-8, 1e-2), spoilt, Settings(20, 2)) == 1e-2


def test_a_rate_at_which_training_fails_is_not_taken(regression: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    real = TimedFit.run

    def run(self: TimedFit, rows: Any) -> TimedFit:
        if self.estimator.estimator.learning_rate_init > 0.5:
            raise FloatingPointError("no finite loss")
        return real(self, rows)

    monkeypatch.setattr(TimedFit, "run", run)
    assert find_rate(Option(SMALL), (1.0, 1e-2), regression, Settings(1, 2)) == 1e-2
    with pytest.raises(FloatingPointError, match=r"rates \[1.0, 2.0\]"):
        find_rate(Option(SMALL), (1.0, 2.0), regression, Settings(1, 2))


def test_what_is_beyond_the_limit_is_timed_again_and_all_rounds_count(
    regression: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[int] = []

    def run(self: TimedFit, rows: Any) -> TimedFit:
        order.append(self.estimator.n_estimators)
        self.seconds = 2.0 if order[-1] == 5 else 1.0
        return self

    monkeypatch.setattr(TimedFit, "run", run)
    slow, fast = make_result("slow", [0.0], [3.0], [1.0]), make_result("fast", [0.0], [2.0], [1.0])
    measure_again("family", [slow, fast], regression, Settings(1, 5))
    assert order == [5, 1] * rounds.N_MORE_ROUNDS
    assert slow.seconds_many == [3.0] + [2.0] * rounds.N_MORE_ROUNDS
    assert slow.comparison("family", 5).value == 2.0  # type: ignore[union-attr]
    assert fast.seconds_many == [2.0]


def test_the_limit_is_one_of_five_members() -> None:
    result = make_result("a", [0.0], [3.0], [1.0])
    five, three = result.comparison("f", 5), result.comparison("f", 3)
    assert five is not None
    assert three is not None
    assert (five.is_met, five.value, three.limit) == (False, 3.0, None)
    assert make_result("MC", [0.0], None, [1.0]).comparison("f", 5) is None


def test_seconds_that_are_missing_are_not_counted() -> None:
    result = make_result("MC", [0.5, math.nan], None, [1.0, 3.0])
    assert (result.seconds_many, result.seconds_one) == ([], [1.0, 3.0])
