"""The short form: has anything become much slower? Only beside what is always installed, in about a minute."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .comparison import Comparison
from .prediction import compare_masks, compare_memory
from .session import Session
from .training import BASE, WIDE_STACK, compare_dropout, compare_epochs, compare_floor, compare_members

Check = Callable[[Session], list[Comparison]]

# Bounds 1.5 to 2 times what was measured on two busy cores: they are there to catch a regression, not to boast, and
# may be tightened whenever the engine becomes faster. All on one thread, whose timings vary least.
CHECKS: tuple[Check, ...] = (
    lambda session: compare_epochs(
        session, BASE, {"torch-loader": 1 / 14, "torch": 1 / 9, "scikit-learn": 1 / 3}, n_threads=1
    ),
    lambda session: compare_floor(session, WIDE_STACK, 3.0),
    lambda session: compare_members(session, 6.0, n_threads=1),
    lambda session: compare_dropout(session, 2.0, n_threads=1),
    lambda session: compare_masks(session, {"torch": 1 / 15}, n_threads=1),
    lambda session: compare_memory(session, limit=300.0, rounds=1),
)


def run_checks(session: Session, checks: Sequence[Check] = CHECKS) -> list[Comparison]:
    """Return the comparisons of all checks. One that breaks a bound is measured again, and counts only if it does so
    twice: a busy machine is no regression.
    """
    comparisons = []
    for check in checks:
        first = check(session)
        if find_broken(first):
            session.say("  over a bound: measured once more")
            first = [min(pair, key=_excess) for pair in zip(first, check(session), strict=True)]
        comparisons += first
    return comparisons


def find_broken(comparisons: Sequence[Comparison]) -> list[Comparison]:
    """Return those that have a bound and are not within it; one that could not be measured is not."""
    return [comparison for comparison in comparisons if comparison.limit is not None and not comparison.is_met]


def describe_broken(comparison: Comparison) -> str:
    """Return the one line that says which bound was broken, and by how much."""
    value, limit = comparison.format_value(comparison.value), comparison.format_limit()
    how = "times" if comparison.by == "ratio" else "than"
    return f"speed guard: {comparison.what}: {value} {how} {comparison.beside}, must be at most {limit}"


def _excess(comparison: Comparison) -> float:
    """Sort key: by value, and last what could not be measured."""
    return comparison.value if comparison.is_met is not None else float("inf")
