"""From an estimator to JSON and tensors: a list of objects, parts first, each a class with its parameters and state."""

from __future__ import annotations

from typing import Any

import numpy as np

from uncertainty.persistence.array_values import Tensors, store_array
from uncertainty.persistence.classes import class_names, qualified_name
from uncertainty.persistence.parts import parts_of
from uncertainty.persistence.plain_values import (
    MAX_INTEGER_BITS,
    TYPE_NAMES,
    Json,
    dtype,
    number,
    random_state,
    scalar,
)

MAX_DEPTH = 40
# Lists of so many numbers, and of so many dicts of numbers, are tensors: histories of long fits.
FEWEST_NUMBERS = 16
FEWEST_RECORDS = 4


class GraphEncoder:
    """Collects the objects and tensors of a model. `where` names a value, for the one who has to replace it."""

    def __init__(self) -> None:
        self.objects: list[Json] = []
        self.tensors: Tensors = {}
        # By identity: what is shared is stored once. The values are kept, as an identity lasts no longer than they do.
        self._done: dict[int, tuple[Any, Json]] = {}
        self._open: set[int] = set()

    def value(self, value: Any, where: str, depth: int = 0) -> Json:
        """Return the JSON of any value.

        Raises
        ------
        TypeError
            For a function, an object of a foreign class, or anything else that is not data.
        """
        if depth > MAX_DEPTH:
            raise TypeError(f"{where} must be nested less than {MAX_DEPTH} deep to be saved. Flatten it.")
        if value is None or type(value) in (bool, str):
            return value
        if type(value) is int and value.bit_length() <= MAX_INTEGER_BITS:
            return value
        if type(value) is float:
            return number(value)
        if type(value) in (list, tuple, dict, slice):
            return self._container(value, where, depth + 1)
        return self._shared(value, where, depth)

    def _container(self, value: Any, where: str, depth: int) -> Json:
        if isinstance(value, dict):
            pairs = [(key, part) for key, part in value.items()]
            plain = (str, int, float, bool, np.generic, type(None))
            for key in value:
                if not isinstance(key, plain):
                    raise _refused(f"a key of {where}", key)
            items = [
                [self.value(key, f"a key of {where}", depth), self.value(part, f"{where}[{key!r}]", depth)]
                for key, part in pairs
            ]
            return {"dict": items}
        if isinstance(value, slice):
            return {"slice": [self.value(end, where, depth) for end in (value.start, value.stop, value.step)]}
        if isinstance(value, list) and (columns := self._columns(value)) is not None:
            return columns
        items = [self.value(part, f"{where}[{i}]", depth) for i, part in enumerate(value)]
        return {"tuple": items} if isinstance(value, tuple) else items

    def _columns(self, value: list[Any]) -> Json | None:
        """A long list of numbers as a tensor, and one of dicts of numbers as a tensor for each key; None for others."""
        kinds = set(map(type, value))
        if len(value) >= FEWEST_NUMBERS and kinds == {float}:
            return {"numbers": self._tensor(np.array(value, dtype=np.float64))}
        if len(value) >= FEWEST_NUMBERS and kinds == {int} and max(map(int.bit_length, value)) < 64:
            return {"numbers": self._tensor(np.array(value, dtype=np.int64))}
        if len(value) < FEWEST_RECORDS or kinds != {dict}:
            return None
        names = list(value[0])
        if not names or not all(type(n) is str for n in names) or not all(list(record) == names for record in value):
            return None
        columns = {name: [record[name] for record in value] for name in names}
        if not all(set(map(type, column)) in ({float}, {int}) for column in columns.values()):
            return None
        if any(type(c[0]) is int and max(map(int.bit_length, c)) >= 64 for c in columns.values()):
            return None
        return {"records": [[name, self._tensor(np.array(column))] for name, column in columns.items()]}

    def _tensor(self, values: Any) -> str:
        name = str(len(self.tensors))
        self.tensors[name] = values
        return name

    def _shared(self, value: Any, where: str, depth: int) -> Json:
        """Values that may occur in several places."""
        if id(value) not in self._done:
            if id(value) in self._open:
                raise TypeError(f"{where} must not contain itself to be saved.")
            self._open.add(id(value))
            self._done[id(value)] = value, self._described(value, where, depth)
            self._open.remove(id(value))
        return self._done[id(value)][1]

    def _described(self, value: Any, where: str, depth: int) -> Json:
        described: Json | None = None
        if type(value) in (np.ndarray, np.memmap):
            array = store_array(value, self.tensors, lambda part, i: self.value(part, f"{where}[{i}]", depth + 1))
            described = None if array is None else {"array": array}
        elif isinstance(value, np.generic):
            described = scalar(value)
        elif isinstance(value, np.dtype):
            described = dtype(value)
        elif isinstance(value, type):
            described = {"type": TYPE_NAMES[value]} if value in TYPE_NAMES else None
        elif type(value) in (np.random.RandomState, np.random.Generator):
            state = random_state(value)
            described = None if state is None else {"random_state": self.value(state, where, depth + 1)}
        elif type(value) in class_names():
            described = self._object(value, where)
        if described is None:
            raise _refused(where, value)
        return described

    def _object(self, value: Any, where: str) -> Json:
        parts = [
            {name: self.value(part, f"{where}.{name}") for name, part in sorted(group.items())}
            for group in parts_of(value)
        ]
        self.objects.append({"class": class_names()[type(value)], "parameters": parts[0], "state": parts[1]})
        return {"object": len(self.objects) - 1}


def _refused(where: str, value: Any) -> TypeError:
    named = getattr(value, "__qualname__", None)
    if isinstance(value, type) or (callable(value) and named is not None):
        kind = "class" if isinstance(value, type) else "function"
        what = f"the {kind} {getattr(value, '__module__', '?')}.{named}"
    elif type(value) in (np.ndarray, np.memmap):
        what = f"an array of dtype {value.dtype}"
    else:
        what = f"{value!r:.80}, of the class {qualified_name(type(value))}"
    return TypeError(
        f"{where} must be data, or an object of this package or of the listed ones of scikit-learn, to be saved, got "
        f"{what}. Replace it, or keep the model with pickle, joblib or skops, which need the code again to load it."
    )
