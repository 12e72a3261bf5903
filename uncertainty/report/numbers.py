"""Numbers as a reader wants them: few digits, the same in every cell of a column."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from uncertainty.report.columns import NumberColumn

Array = NDArray[np.float64]


def short(value: float, digits: int = 3) -> str:
    """Return a number with `digits` significant digits, thousands apart, never as a power of ten without need.

    >>> short(0.012345), short(1234567.0), short(-3.0), short(2.5e-9)
    ('0.0123', '1,230,000', '−3', '2.5e−9')
    >>> short(2.4998), short(2.5)
    ('2.50', '2.5')
    """
    if not np.isfinite(value):
        return "not a number" if np.isnan(value) else "infinite" if value > 0 else "−infinite"
    if value == 0:
        return "0"
    rounded = float(f"{value:.{digits - 1}e}")
    if not 1e-4 <= abs(rounded) < 1e9:
        mantissa, exponent = f"{rounded:.{digits - 1}e}".split("e")
        text = f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"
    else:
        decimals = max(0, digits - 1 - int(np.floor(np.log10(abs(rounded)))))
        text = f"{rounded:,.{decimals}f}"
        if "." in text and rounded == value:  # 2.50 is said of 2.4998, and 2.5 of 2.5
            text = text.rstrip("0").rstrip(".")
    return text.replace("-", "−")


def percent(share: float, decimals: int = 0) -> str:
    """Return a share between 0 and 1 in percent; never 0 % or 100 % unless it is just that.

    >>> percent(0.123), percent(0.9999), percent(0.0001), percent(1.0)
    ('12 %', '>99 %', '<1 %', '100 %')
    """
    step = 10.0**-decimals
    value = 100.0 * share
    if 0.0 < value < step / 2:
        return f"<{step:.{decimals}f} %"
    if 100.0 - step / 2 <= value < 100.0:
        return f">{100.0 - step:.{decimals}f} %"
    return f"{value:.{decimals}f} %".replace("-", "−")


def step_for(scale: float, digits: int = 3) -> float:
    """Return the power of ten, at most 1, that shows differences of size `scale` with `digits` digits.

    >>> step_for(25.0), step_for(0.3), step_for(1e6)
    (0.1, 0.001, 1.0)
    """
    if not np.isfinite(scale) or scale <= 0:
        return 1.0
    return float(min(1.0, 10.0 ** (np.floor(np.log10(scale)) - digits + 1)))


def typical_size(values: Array) -> float:
    """Return the spread of the finite values, or their size where they do not vary."""
    finite = values[np.isfinite(values)]
    if len(finite) == 0:
        return 0.0
    low, high = np.quantile(finite, [0.25, 0.75])
    for size in (high - low, finite.std(), abs(finite[0])):
        if size > 0:
            return float(size)
    return 0.0


def column_step(values: Array) -> float:
    """Return the power of ten to which a column is rounded: 1 for whole numbers, else for three digits of its spread.

    >>> column_step(np.array([3.0, np.nan, 7.0])), column_step(np.array([0.125, 0.375]))
    (1.0, 0.001)
    """
    finite = values[np.isfinite(values)]
    return 1.0 if (finite == np.round(finite)).all() else step_for(typical_size(finite))


def column_number(value: float, column: NumberColumn) -> str:
    """Return a value of a column of numbers or dates, in digits that suit the column."""
    if column.is_date:
        return str(np.datetime64(int(value), "ms"))[:10]
    return fixed(value, column_step(column.values))


def fixed(value: float, step: float) -> str:
    """Return a number rounded to `step`, a power of ten.

    >>> fixed(3.14159, 0.01), fixed(12345.6, 1.0), fixed(2.0, 0.01)
    ('3.14', '12,346', '2')
    """
    decimals = max(0, round(-np.log10(step)))
    text = f"{value:,.{decimals}f}"
    return (text.rstrip("0").rstrip(".") if decimals else text).replace("-", "−")
