"""One claim about the product: what is asked, what was measured, and whether it is met or missed and by how much."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from .numbers import NONE, write_number


@dataclass(frozen=True)
class Claim:
    """A line of the table of targets, in words."""

    text: str
    bar: str
    measured: str
    verdict: str

    @property
    def row(self) -> tuple[str, str, str, str]:
        """The cells of its line."""
        return self.text, self.bar, self.measured, self.verdict

    def over(self, n_runs: int, n_wanted: int) -> Claim:
        """Return the claim as it reads while some of its runs are missing: what is met or missed, is so far."""
        if n_runs >= n_wanted or self.measured == NONE:
            return self
        so_far = "" if self.verdict.startswith("open") else " so far"
        return replace(
            self, measured=f"{self.measured} (from {n_runs} of {n_wanted} runs)", verdict=self.verdict + so_far
        )


@dataclass(frozen=True)
class Against:
    """Ours and what it is held against on one data set; the lower, the better.

    `error` is the standard error of the difference, NaN where it is not known.
    """

    ours: float
    bar: float
    error: float = math.nan

    @property
    def excess(self) -> float:
        """How far ours is above; 0 or less where the bar is met."""
        return self.ours - self.bar

    @property
    def is_clear(self) -> bool:
        """Whether ours is below by more than the standard error of the difference."""
        return -self.excess > self.error


def bound_claim(text: str, values: Sequence[float], bound: float, *, unit: str = "", at_least: bool = False) -> Claim:
    """Return the claim that the mean of a number's values on the data sets is at most (or at least) `bound`."""
    bar = f"{'at least' if at_least else 'at most'} {bound:g}{unit}"
    if not values:
        return Claim(text, bar, NONE, "not measured")
    value = fmean(values)
    excess = bound - value if at_least else value - bound
    verdict = "met" if excess <= 0.0 else f"missed by {write_number(excess, significant=2)}{unit}"
    return Claim(text, bar, f"{write_number(value)}{unit}", verdict)


def count_claim(
    text: str,
    datasets: Sequence[str],
    found: Mapping[str, Against | None],
    needed: int,
    *,
    strict: bool = False,
) -> Claim:
    """Return the claim that ours is no worse than the bar (better, if `strict`) on at least `needed` data sets.

    Data sets without a record or a bar count neither way: the claim is open as long as they could decide it.
    """
    held = {dataset: item for dataset in datasets if (item := found.get(dataset)) is not None}
    passed = [name for name, item in held.items() if (item.excess < 0.0 if strict else item.excess <= 0.0)]
    missing = [dataset for dataset in datasets if dataset not in held]
    bar = f"{needed} of {len(datasets)} sets"
    if not held:
        return Claim(text, bar, NONE, "not measured")
    behind = [f"{write_number(held[name].excess, significant=2)} on {name}" for name in held if name not in passed]
    parts = [f"{len(passed)} of {len(held)} sets"]
    if any(math.isfinite(item.error) for item in held.values()):
        parts += [f"{sum(held[name].is_clear for name in passed)} of them by more than the error of the difference"]
    parts += [f"behind by {', '.join(behind)}"] if behind else []
    parts += [f"no numbers for {', '.join(missing) if len(missing) < 4 else f'{len(missing)} sets'}"] if missing else []
    return Claim(text, bar, "; ".join(parts), _count_verdict(len(passed), len(missing), needed))


def _count_verdict(passed: int, missing: int, needed: int) -> str:
    if passed >= needed:
        return "met"
    if passed + missing >= needed:
        return "open: runs are missing"
    lacking = needed - passed - missing
    return f"missed by {'at least ' if missing else ''}{lacking} {'set' if lacking == 1 else 'sets'}"
