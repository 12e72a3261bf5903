"""All options of a family on the same splits, each once a round: a slow spell of the machine hits all of them alike."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sklearn.model_selection import train_test_split

from ..speed.comparison import Comparison
from .family import Family, Option, TargetKind
from .fits import Row, TimedFit, Trial, fit_option, score_members

N_MEMBERS, RATIO_LIMIT = 5, 2.5  # the most that a fit of so many members may take of a fit of one
N_MORE_ROUNDS = 4
TUNING_SHARE = 0.2


@dataclass(frozen=True)
class Settings:
    """What the options of all families have in common."""

    n_epochs: int
    n_members: int = N_MEMBERS
    say: Callable[[str], None] = lambda line: None


@dataclass
class Result:
    """One option: a row for each seed, and the seconds of each round, of which there may be more."""

    name: str
    option: Option
    rate: float | None = None
    rows: list[Row] = field(default_factory=list)
    seconds_many: list[float] = field(default_factory=list)
    seconds_one: list[float] = field(default_factory=list)

    def add(self, row: Row) -> None:
        """Take in the row of one round."""
        self.rows.append(row)
        self.seconds_one.append(row["seconds_one"])
        if row["seconds_many"] is not None:
            self.seconds_many.append(row["seconds_many"])

    def comparison(self, family: str, n_members: int) -> Comparison | None:
        """Return the fit of all members beside that of one; None for an option with one network."""
        if not self.seconds_many:
            return None
        what, limit = f"{self.name}, fit of {n_members}", RATIO_LIMIT if n_members == N_MEMBERS else None
        return Comparison(family, what, self.seconds_many, "fit of 1", self.seconds_one, limit)

    def describe(self) -> dict[str, Any]:
        """Return what the option is, as plain JSON values."""
        return {
            "network": {name: repr(value) for name, value in self.option.network.items()},
            "ensemble": dict(self.option.ensemble),
            "n_masks": self.option.n_masks,
            "rate": self.rate,
        }


def compare_options(
    name: str, family: Family, target: TargetKind, trials: Sequence[Trial], settings: Settings
) -> list[Result]:
    """Return the results of the family's options that suit the target, in their order."""
    results = [
        Result(label, option, find_rate(option, family.rates, trials[0], settings))
        for label, option in family.suited(target).items()
    ]
    for result in results:  # what is imported or compiled at the first fit counts for nobody
        TimedFit(result.option.make(trials[0].task, 1, 1, 0, result.rate)).run(trials[0].train)
    for trial in trials:
        settings.say(f"{name}: seed {trial.seed}, {len(results)} options")
        for result in results:
            row = fit_option(result.option, trial, settings.n_epochs, settings.n_members, result.rate)
            result.add({"family": name, "option": result.name, **row})
    measure_again(name, results, trials[0], settings)
    return results


def find_rate(option: Option, rates: Sequence[float], trial: Trial, settings: Settings) -> float | None:
    """Return the rate with which networks best predict rows held out of the training rows; None without rates.

    It is the mean NLL of several networks, one at a time: at the largest rates some succeed and others do not. Test
    rows of `trial` are not looked at.

    Raises
    ------
    FloatingPointError
        If training fails at every rate.
    """
    if not rates:
        return None
    (X, y), strata = trial.train, trial.train[1] if trial.task == "classification" else None
    X_fit, X_held, y_fit, y_held = train_test_split(X, y, test_size=TUNING_SHARE, random_state=0, stratify=strata)

    def loss(rate: float) -> float:
        estimator = option.make(trial.task, settings.n_epochs, settings.n_members, trial.seed, rate)
        try:
            TimedFit(estimator).run((X_fit, y_fit))
        except FloatingPointError:  # a rate at which nothing can be trained
            return math.inf
        nll = score_members(estimator, X_held, y_held)["nll"]
        return nll if math.isfinite(nll) else math.inf

    losses = {rate: loss(rate) for rate in rates}
    best = min(rates, key=losses.__getitem__)
    if math.isinf(losses[best]):
        raise FloatingPointError(
            f"training must succeed at one of the rates {list(rates)} at least, got no finite NLL."
        )
    return best


def measure_again(name: str, results: Sequence[Result], trial: Trial, settings: Settings) -> None:
    """Time the options that are beyond the limit in more rounds, which count beside the first ones."""
    slow = [r for r in results if (c := r.comparison(name, settings.n_members)) is not None and c.is_met is False]
    if slow:
        settings.say(f"{name}: {N_MORE_ROUNDS} more rounds of {', '.join(result.name for result in slow)}")
    for _ in range(N_MORE_ROUNDS):
        for result in slow:
            for seconds, n_members in ((result.seconds_many, settings.n_members), (result.seconds_one, 1)):
                estimator = result.option.make(trial.task, settings.n_epochs, n_members, trial.seed, result.rate)
                seconds.append(TimedFit(estimator).run(trial.train).seconds)
