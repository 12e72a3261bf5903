"""When a claim is met, missed and by how much, or open."""

from __future__ import annotations

import pytest

from benchmarks.report_page.claims import Against, bound_claim, count_claim

SETS = ["a", "b", "c"]


@pytest.mark.parametrize(
    ("values", "options", "measured", "verdict"),
    [
        ([1.0, 2.0], {}, "1.50", "met"),
        ([2.5], {}, "2.50", "missed by 0.50"),
        ([1.5], {"at_least": True}, "1.50", "missed by 0.50"),
        ([2.0], {"at_least": True}, "2.00", "met"),
        ([2.0], {}, "2.00", "met"),
        ([1.0, 2.0], {"n_sets": 3, "unit": " points"}, "1.50 points over 2 of 3 sets", "met so far"),
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
