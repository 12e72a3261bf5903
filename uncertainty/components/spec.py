"""Specs: small immutable descriptions of an option, and how a slot of an estimator is resolved to one."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from types import ModuleType
from typing import Any, ClassVar, TypeVar

from sklearn.base import BaseEstimator


class Spec(BaseEstimator):
    """Description of one option of the base network; `build` (where there is one) makes the runtime object.

    A spec only stores its arguments, as scikit-learn demands of an estimator, so `get_params`, nested names such as
    `dropout__rate`, `clone` and a short repr come from scikit-learn. Arguments are checked when it is built.
    `short_name` is the string that stands for the spec with default arguments.
    """

    short_name: ClassVar[str | None] = None


SpecT = TypeVar("SpecT")


def resolve(argument: str, value: Any, choices: Mapping[str, SpecT], kind: type | tuple[type, ...]) -> SpecT:
    """Return the spec that `value`, a short name or a spec of class `kind`, stands for.

    Raises
    ------
    ValueError
        For an unknown name; the message lists the valid ones.
    TypeError
        For anything that is neither a name nor a spec of the right kind.
    """
    if isinstance(value, str):
        if value in choices:
            return choices[value]
        raise ValueError(f"{argument} must be one of {sorted(choices)}, got {value!r}.{_suggestion(value, choices)}")
    if isinstance(value, kind):
        return value  # type: ignore[return-value]
    kinds = kind if isinstance(kind, tuple) else (kind,)
    names = " or ".join(k.__name__ for k in kinds)
    article = "an" if names[0] in "AEIOU" else "a"
    remedy = f" Call it: {value.__name__}()." if isinstance(value, type) and issubclass(value, kind) else ""
    raise TypeError(f"{argument} must be one of {sorted(choices)} or {article} {names} object, got {value!r}.{remedy}")


def named_specs(room: ModuleType, kind: type[SpecT]) -> dict[str, SpecT]:
    """Short name -> default spec, for every spec of class `kind` that the package `room` exports."""
    exported = (getattr(room, name) for name in room.__all__)
    classes = (c for c in exported if isinstance(c, type) and issubclass(c, kind))
    return {c.short_name: c() for c in classes if c.short_name is not None}  # type: ignore[attr-defined]


def _suggestion(value: str, choices: Mapping[str, Any]) -> str:
    close = difflib.get_close_matches(value.lower(), choices, n=1)
    return f" Did you mean {close[0]!r}?" if close else ""


def check_number(
    argument: str,
    value: Any,
    *,
    low: float = 0.0,
    high: float = float("inf"),
    low_open: bool = False,
    high_open: bool = False,
) -> float:
    """Return `value` as a float after checking that it is a number in [low, high], of which either end may be open."""
    is_number = isinstance(value, (int, float)) or hasattr(value, "__float__")
    if isinstance(value, (bool, str)) or not is_number:
        raise TypeError(f"{argument} must be a number, got {value!r}.")
    number = float(value)
    above = number > low if low_open else number >= low
    below = number < high if high_open else number <= high
    if not (above and below):
        rule = f"{'greater than' if low_open else 'at least'} {low:g}"
        if high_open or high != float("inf"):
            rule += (
                " and finite" if high == float("inf") else f" and {'less than' if high_open else 'at most'} {high:g}"
            )
        raise ValueError(f"{argument} must be {rule}, got {value!r}.")
    return number


def check_integer(argument: str, value: Any, *, low: int = 1) -> int:
    """Return `value` as an int after checking that it is a whole number of at least `low`."""
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{argument} must be a whole number, got {value!r}.")
    number = int(value)
    if number < low:
        raise ValueError(f"{argument} must be at least {low}, got {value!r}.")
    return number
