"""When a claim is met, missed and by how much, or open."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.report_page.claims import Against, Claim, bound_claim, count_claim

SETS = ["a", "b", "c"]


@pytest.mark.parametrize(
    ("values", "options", "measured", "verdict"),
    [
        ([1.0, 2.0], {}, "1.50", "met"),
        ([2.5], {}, "2.50", "missed by 0.50"),
        ([1.5], {"at_least": True}, "1.50", "missed by 0.50"),
        ([2.0], {"at_least": True}, "2.00", "met"),
        ([2.0], {}, "2.00", "met"),
        ([1.0, 2.0], {"unit": " points"}, "1.50 points", "met"),
        ([], {}, "–", "not measured"),
    ],
)
def test_bounds(values: list[float], options: dict[str, object], measured: str, verdict: str) -> None:
    claim = bound_claim("Something", values, 2.0, **options)  # type: ignore[arg-type]
    assert (claim.measured, claim.verdict) == (measured, verdict)


@pytest.mark.parametrize(
    ("ours", "needed", "strict", "measured", "verdict"),
    [
        ((0.9, 1.0, 1.1), 2, False, "2 of 3 sets; behind by 0.10 on c", "met"),
        ((0.9, 1.0, 1.1), 2, True, "1 of 3 sets; behind by 0.00 on b, 0.10 on c", "missed by 1 set"),
        ((1.2, 1.3, 1.1), 3, False, "0 of 3 sets; behind by 0.20 on a, 0.30 on b, 0.10 on c", "missed by 3 sets"),
        ((0.9, None, 1.1), 2, False, "1 of 2 sets; behind by 0.10 on c; no numbers for b", "open: runs are missing"),
        ((0.9, None, 1.1), 3, False, "1 of 2 sets; behind by 0.10 on c; no numbers for b", "missed by at least 1 set"),
        ((0.9, None, 0.8), 2, False, "2 of 2 sets; no numbers for b", "met"),
        (
            (1.1, None, 1.1),
            3,
            False,
            "0 of 2 sets; behind by 0.10 on a, 0.10 on c; no numbers for b",
            "missed by at least 2 sets",
        ),
        ((None, None, None), 2, False, "–", "not measured"),
    ],
)
def test_counts(ours: tuple[float | None, ...], needed: int, strict: bool, measured: str, verdict: str) -> None:
    found = {name: None if value is None else Against(value, 1.0) for name, value in zip(SETS, ours, strict=True)}
    claim = count_claim("Something", SETS, found, needed, strict=strict)
    assert (claim.bar, claim.measured, claim.verdict) == (f"{needed} of 3 sets", measured, verdict)


def test_counts_tell_clear_ones_from_ties() -> None:
    found = {"a": Against(0.8, 1.0, error=0.1), "b": Against(0.95, 1.0, error=0.1), "c": Against(1.5, 1.0, error=0.1)}
    claim = count_claim("Something", SETS, found, 2)
    assert claim.measured == ("2 of 3 sets; 1 of them by more than the error of the difference; behind by 0.50 on c")
    assert claim.verdict == "met"


def test_a_claim_over_some_of_its_runs_says_so() -> None:
    claim = Claim("Something", "at most 2", "1.50", "met")
    assert claim.over(3, 3) == claim
    assert claim.over(1, 3).row[2:] == ("1.50 (from 1 of 3 runs)", "met so far")
    assert replace(claim, verdict="missed by 1 set").over(1, 3).verdict == "missed by 1 set so far"
    open_one = replace(claim, verdict="open: runs are missing")
    assert open_one.over(1, 3).row[2:] == ("1.50 (from 1 of 3 runs)", "open: runs are missing")
    nothing = Claim("Something", "at most 2", "–", "not measured")
    assert nothing.over(0, 3) == nothing
