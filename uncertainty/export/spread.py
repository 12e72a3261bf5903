"""How much members differ."""

from __future__ import annotations

from uncertainty.export.graph import Value


def variance_over_members(values: Value) -> Value:
    """Population variance [1, N, ...] of [M, N, ...]: in two passes, and exactly 0 for members that agree."""
    spread = values - values.part(0, 1, axis=0)
    spread = spread - spread.mean(axis=0)
    return (spread * spread).mean(axis=0)
