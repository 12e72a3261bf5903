"""How numbers are written: as many digits as their error gives them, and a dash where there is none."""

from __future__ import annotations

import math

from ..statistics import Estimate

NONE = "–"


def write_number(value: float | None, decimals: int | None = None, *, significant: int = 3) -> str:
    """Write a number with `decimals` digits after the point, by default enough for the significant ones.

    >>> write_number(0.01234), write_number(2.5, 3), write_number(123.45), write_number(float("nan")), write_number(3e7)
    ('0.0123', '2.500', '123', '–', '3.00e+07')
    """
    if value is None or not math.isfinite(value):
        return NONE
    if decimals is None:
        if value != 0.0 and not 1e-4 <= abs(value) < 1e6:
            return f"{value:.2e}"
        decimals = _decimals(value, significant, most=6)
    return f"{value:.{decimals}f}"


def write_estimate(estimate: Estimate | None) -> str:
    """Write mean ± standard error with three decimals around 1, fewer above and more below.

    >>> write_estimate(Estimate(2.4143, 0.0559)), write_estimate(Estimate(-1.2, 0.0)), write_estimate(None)
    ('2.414 ± 0.056', '-1.200 ± 0.000', '–')
    >>> write_estimate(Estimate(0.0123, float("nan")))
    '0.0123'
    """
    if estimate is None or not math.isfinite(estimate.mean):
        return NONE
    mean, error = estimate.mean, estimate.standard_error
    if not math.isfinite(error):
        return write_number(mean)
    largest = max(abs(mean), error)  # a mean near 0 needs no more digits than its error
    if largest >= 1e6 or 0.0 < largest < 1e-4:
        return f"{mean:.2e} ± {error:.2e}"
    decimals = _decimals(largest, 3, most=6) if largest < 0.1 else min(3, max(1, _decimals(largest, 4, most=3)))
    if error > 0.0:  # a small error must not read as none
        decimals = max(decimals, _decimals(error, 1, most=6))
    return f"{mean:.{decimals}f} ± {error:.{decimals}f}"


def write_p_value(p_value: float | None) -> str:
    """Write a p-value to two digits, with a bound below 0.001."""
    if p_value is None or not math.isfinite(p_value):
        return NONE
    return "< 0.001" if p_value < 0.001 else f"{p_value:.3f}"


def _decimals(value: float, significant: int, most: int) -> int:
    if value == 0.0:
        return significant
    return min(most, max(0, significant - 1 - math.floor(math.log10(abs(value)))))
