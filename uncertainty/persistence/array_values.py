"""numpy arrays as tensors, with what a tensor cannot say: the order of its axes in memory, and text.

A tensor is a C-contiguous array of numbers. Text of fixed width is stored as its code points, and arrays of Python
strings as UTF-8 bytes and lengths, so that memory in reading is a small multiple of the file whatever it says.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from uncertainty.persistence.plain_values import NUMERIC_TYPES, Json

Tensors = dict[str, NDArray[Any]]

LARGEST_CODE_POINT = 0x10FFFF


def store_array(array: NDArray[Any], tensors: Tensors, item: Callable[[Any, int], Json]) -> Json | None:
    """Add the tensors of `array` and return its description; None if it holds what is not stored.

    `item(value, number)` describes the elements of an array of objects other than strings.
    """
    values = np.asarray(array)
    if not values.dtype.isnative:
        values = values.astype(values.dtype.newbyteorder("="))
    if values.dtype.kind == "U":
        width = values.dtype.itemsize // 4
        points = np.frombuffer(values.tobytes(), dtype=np.uint32).reshape(*values.shape, width)
        return {"text": _add(points, tensors)}
    if values.dtype == object:
        return _store_objects(values, tensors, item)
    if values.dtype.name not in NUMERIC_TYPES:
        return None
    if values.ndim > 1 and values.flags.f_contiguous and not values.flags.c_contiguous:
        return {"transposed": _add(values.T, tensors)}
    return _add(np.ascontiguousarray(values).reshape(values.shape), tensors)


def read_array(description: Json, tensors: Tensors, item: Callable[[Json], Any]) -> NDArray[Any]:
    """Return the array that `store_array` described, and take its tensors away."""
    if isinstance(description, str):
        return tensors.pop(description)
    ((kind, content),) = description.items()
    if kind == "transposed":
        return tensors.pop(content).T
    if kind == "text":
        return _text(tensors.pop(content))
    shape = tuple(content["shape"])
    if kind == "strings":
        return _filled(shape, _split(tensors.pop(content["bytes"]), tensors.pop(content["lengths"])))
    if kind == "objects":
        return _filled(shape, [item(value) for value in content["items"]])
    raise ValueError(f"{kind!r} is no kind of array")


def _add(values: NDArray[Any], tensors: Tensors) -> str:
    name = str(len(tensors))
    tensors[name] = values
    return name


def _store_objects(values: NDArray[Any], tensors: Tensors, item: Callable[[Any, int], Json]) -> Json:
    elements, shape = values.ravel().tolist(), list(values.shape)
    if not all(type(element) is str for element in elements):
        return {"objects": {"shape": shape, "items": [item(element, i) for i, element in enumerate(elements)]}}
    encoded = [element.encode("utf-8", "surrogatepass") for element in elements]
    text = np.frombuffer(b"".join(encoded), dtype=np.uint8)
    lengths = np.array([len(part) for part in encoded], dtype=np.int64)
    return {"strings": {"shape": shape, "bytes": _add(text, tensors), "lengths": _add(lengths, tensors)}}


def _text(points: NDArray[Any]) -> NDArray[Any]:
    if points.dtype != np.uint32 or points.ndim == 0 or (points.size and points.max() > LARGEST_CODE_POINT):
        raise ValueError("a text has no such code points")
    *shape, width = points.shape
    if points.size == 0:
        return np.zeros(shape, dtype=f"<U{max(width, 1)}") if prod(shape) == 0 else np.full(shape, "")
    return np.frombuffer(points.tobytes(), dtype=f"<U{width}").reshape(shape).copy()


def _split(text: NDArray[Any], lengths: NDArray[Any]) -> list[str]:
    if text.dtype != np.uint8 or lengths.dtype != np.int64 or text.ndim != 1 or lengths.ndim != 1:
        raise ValueError("strings are not stored as bytes and lengths")
    ends = np.cumsum(lengths, dtype=np.int64)
    if (lengths < 0).any() or (ends < 0).any() or (ends[-1] if len(ends) else 0) != len(text):
        raise ValueError("the lengths of strings do not add up")
    whole = text.tobytes()
    return [whole[end - n : end].decode("utf-8", "surrogatepass") for end, n in zip(ends, lengths, strict=True)]


def _filled(shape: tuple[int, ...], elements: list[Any]) -> NDArray[Any]:
    if prod(shape) != len(elements):
        raise ValueError(f"an array of shape {shape} has not {len(elements)} elements")
    array = np.empty(len(elements), dtype=object)
    for number, element in enumerate(elements):
        array[number] = element
    return array.reshape(shape)
