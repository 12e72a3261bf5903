"""Label smoothing: the training target of a row is a little of every class."""

from __future__ import annotations

from typing import Any

from uncertainty.components.spec import check_number


def check_label_smoothing(value: Any) -> float:
    """Return the share of the target that is spread evenly over the classes, checked to be in [0, 1)."""
    share = check_number("label_smoothing", value)
    if share >= 1.0:
        raise ValueError(f"label_smoothing must be in [0, 1), got {value!r}. A share of 1 would leave no label.")
    return share
