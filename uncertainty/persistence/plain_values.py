"""Numbers, types and random states in JSON, such that each comes back as it was, to the bit."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

Json = Any

NUMERIC_TYPES = (
    *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
    *("float16", "float32", "float64"),
)
# Types as arguments, such as `dtype` of scikit-learn's encoders.
TYPES: dict[str, type] = {
    **{f"numpy.{name}": np.dtype(name).type for name in NUMERIC_TYPES},
    **{f"numpy.{name}": getattr(np, name) for name in ("number", "integer", "floating", "object_", "str_")},
    **{kind.__name__: kind for kind in (bool, float, int, object, str)},
}
TYPE_NAMES = {kind: name for name, kind in TYPES.items()}

MAX_INTEGER_BITS = 1024
MAX_TEXT_WIDTH = 10_000
TWISTER_WORDS = 624


def number(value: float) -> Json:
    """A float: JSON has no NaN and no infinities, so these are named."""
    return value if math.isfinite(value) else {"number": repr(value)}


def read_number(name: Json) -> float:
    return {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}[name]


def scalar(value: np.generic) -> Json | None:
    """A numpy number or text, with its type; None for other types."""
    if isinstance(value, np.str_):
        return {"scalar": ["str", str(value)]}
    if value.dtype.name not in NUMERIC_TYPES:
        return None
    plain = value.item()
    return {"scalar": [value.dtype.name, number(plain) if isinstance(plain, float) else plain]}


def read_scalar(content: Json) -> np.generic:
    name, plain = content
    if name == "str":
        return np.str_(_expect(str, plain))
    if name not in NUMERIC_TYPES:
        raise ValueError(f"{name!r} is no type of a number")
    if isinstance(plain, dict):
        plain = read_number(plain["number"])
    kind = {"b": bool, "i": int, "u": int, "f": (int, float)}[np.dtype(name).kind]
    return np.dtype(name).type(_expect(kind, plain))


def dtype(value: np.dtype[Any]) -> Json | None:
    """A numpy dtype; None for one of arrays that are not stored."""
    if value.kind == "U" and value.itemsize // 4 <= MAX_TEXT_WIDTH:
        return {"dtype": f"str{value.itemsize // 4}"}
    return {"dtype": value.name} if value.name in (*NUMERIC_TYPES, "object") else None


def read_dtype(name: Json) -> np.dtype[Any]:
    if name in (*NUMERIC_TYPES, "object"):
        return np.dtype(name)
    width = int(_expect(str, name).removeprefix("str"))
    if not 0 <= width <= MAX_TEXT_WIDTH:
        raise ValueError(f"{name!r} is no dtype")
    return np.dtype(f"<U{width}")


def random_state(value: Any) -> dict[str, Any] | None:
    """The state of numpy's two usual generators of random numbers, as a dict; None for others."""
    if isinstance(value, np.random.RandomState):
        state: dict[str, Any] = value.get_state(legacy=False)
        return state if state["bit_generator"] == "MT19937" else None
    state = dict(value.bit_generator.state)
    return state if state["bit_generator"] == "PCG64" else None


def read_random_state(state: dict[str, Any]) -> Any:
    """The generator in this state. numpy does not check the position within the twister, and would read beyond it."""
    if state["bit_generator"] == "PCG64":
        generator = np.random.Generator(np.random.PCG64(0))
        generator.bit_generator.state = state
        return generator
    inner = state["state"]
    if state["bit_generator"] != "MT19937" or not 0 <= _expect(int, inner["pos"]) <= TWISTER_WORDS:
        raise ValueError("it has no such state of random numbers")
    twister = np.random.RandomState(0)
    twister.set_state(state)
    return twister


READERS: dict[str, Callable[[Json], Any]] = {
    "number": read_number,
    "scalar": read_scalar,
    "dtype": read_dtype,
    "type": TYPES.__getitem__,
}


def _expect(kind: Any, value: Any) -> Any:
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise TypeError(f"{value!r} is of the wrong type")
    return value
