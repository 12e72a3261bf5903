"""From JSON and tensors back to an estimator. Only listed classes are made, and only out of earlier objects.

What does not fit raises one of `MALFORMED`, by a check or by whatever meets it first.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from uncertainty.components.mlp import MLP
from uncertainty.persistence.array_values import Tensors, read_array
from uncertainty.persistence.classes import stored_classes
from uncertainty.persistence.consistency import check_object, n_layers
from uncertainty.persistence.parts import from_parts
from uncertainty.persistence.plain_values import READERS, Json, read_random_state

MALFORMED = (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
MAX_NESTING = 100
# What takes much more memory than it takes in a file, and no model has so many of.
MOST = {"layers": 10_000, "records": 1_000_000}


class GraphDecoder:
    """Makes the objects of a model, in order; each may refer to those before it, so that none contains itself.

    A tensor is used up by the first who names it: one that becomes Python objects would cost memory each time.
    """

    def __init__(self, tensors: Tensors) -> None:
        self.tensors = tensors
        self.objects: list[Any] = []
        self._arrays: dict[str, Any] = {}
        self._left = dict(MOST)

    def model(self, descriptions: Json) -> Any:
        """Return the last of the objects, which is made of the others."""
        for description in descriptions:
            self._add(description)
        return self.objects[-1]

    def _add(self, description: Json) -> None:
        if set(description) != {"class", "parameters", "state"}:
            raise ValueError("an object is not described by class, parameters and state")
        name = description["class"]
        if name not in stored_classes():
            raise ValueError(f"it names the class {name!r}, which is not among those that are loaded")
        groups = description["parameters"], description["state"]
        parameters, state = ({part: self.value(value) for part, value in group.items()} for group in groups)
        kind = stored_classes()[name]
        if kind is MLP:
            self._take("layers", n_layers(parameters))
        made = from_parts(kind, parameters, state)
        check_object(made)
        self.objects.append(made)

    def value(self, content: Json, depth: int = 0) -> Any:
        """Return the value that JSON stands for."""
        if depth > MAX_NESTING:
            raise ValueError("values are nested too deep")
        if isinstance(content, list):
            return [self.value(part, depth + 1) for part in content]
        if not isinstance(content, dict):
            return content
        ((kind, inner),) = content.items()
        if kind in READERS:
            return READERS[kind](inner)
        if kind in ("array", "numbers", "records", "object"):
            return self._reference(kind, inner, depth + 1)
        if kind == "dict":
            pairs = {self._key(key): self.value(value, depth + 1) for key, value in inner}
            if len(pairs) != len(inner):
                raise ValueError("a dict has a key twice")
            return pairs
        parts = self.value(inner, depth + 1)
        if kind == "random_state" and isinstance(parts, dict):
            return read_random_state(parts)
        if kind == "tuple" and isinstance(parts, list):
            return tuple(parts)
        if kind == "slice" and isinstance(parts, list):
            return slice(*parts)
        raise ValueError(f"{kind!r} is no kind of value, or not made of such parts")

    def _key(self, content: Json) -> Any:
        key = self.value(content, MAX_NESTING - 1)
        if not isinstance(key, (str, int, float, bool, np.generic, type(None))):
            raise TypeError("a key is not plain")
        return key

    def _reference(self, kind: str, inner: Json, depth: int) -> Any:
        if kind == "object":
            if type(inner) is not int or inner < 0:
                raise ValueError("an object is not referred to by its number")
            return self.objects[inner]
        if kind == "numbers":
            return self._column(inner)
        if kind == "records":
            self._take("records", len(self.tensors[inner[0][1]]))
            names, columns = zip(*((name, self._column(tensor)) for name, tensor in inner), strict=True)
            return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
        key = repr(inner)  # an array that several objects share is one array again
        if key not in self._arrays:
            self._arrays[key] = read_array(inner, self.tensors, lambda part: self.value(part, depth))
        return self._arrays[key]

    def _take(self, what: str, n: int) -> None:
        self._left[what] -= n
        if self._left[what] < 0:
            raise ValueError(f"it has more {what} than {MOST[what]}")

    def _column(self, name: Json) -> list[Any]:
        column = self.tensors.pop(name)
        if column.ndim != 1 or column.dtype not in (np.float64, np.int64):
            raise ValueError("a list of numbers is not a row of them")
        return column.tolist()
