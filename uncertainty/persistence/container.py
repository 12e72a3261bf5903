"""The bytes of a model file: the safetensors layout, whose metadata is one JSON text that begins with a checksum.

    8 bytes                 length of the header, little-endian
    header                  {"__metadata__": {"uncertainty": "{\\"sha256\\": ...}"}, "0": {"dtype", "shape", ...}, ...}
    the tensors             one behind the other

The checksum is the SHA-256 of the whole file with its own 64 digits taken as zeros, so that no bit of a file is outside
it, and it is looked at before anything else is. It guards against accidents; who alters a file on purpose can
write a new one, and meets the checks behind it.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, deserialize
from safetensors.numpy import save

from uncertainty.persistence.array_values import Tensors
from uncertainty.persistence.plain_values import Json

KEY = "uncertainty"
LENGTH_BYTES = 8
HEAD = b'{"__metadata__":{"uncertainty":"{\\"sha256\\":\\"'
DIGEST = slice(LENGTH_BYTES + len(HEAD), LENGTH_BYTES + len(HEAD) + 64)
NO_DIGEST = b"0" * 64

# A Python object takes up to some hundred bytes for a few characters of JSON: these bound memory in reading.
MAX_HEADER_BYTES = 64 * 1024 * 1024
MAX_PARTS = 200_000

DTYPES: dict[str, np.dtype[Any]] = {
    "BOOL": np.dtype(np.bool_),
    **{f"I{8 * size}": np.dtype(f"<i{size}") for size in (1, 2, 4, 8)},
    **{f"U{8 * size}": np.dtype(f"<u{size}") for size in (1, 2, 4, 8)},
    **{f"F{8 * size}": np.dtype(f"<f{size}") for size in (2, 4, 8)},
}


def pack(document: dict[str, Json], tensors: Tensors) -> bytes:
    """Return the bytes of a model file. The same model gives the same bytes.

    Raises
    ------
    ValueError
        If the document is larger than `unpack` reads.
    """
    text = json.dumps({"sha256": NO_DIGEST.decode(), **document}, allow_nan=False, separators=(",", ":"))
    data = bytearray(save(tensors, {KEY: text}))
    if not data.startswith(HEAD, LENGTH_BYTES):
        raise RuntimeError("this version of safetensors writes another header than expected. Install another one.")
    if problem := _too_large(memoryview(data), header_end(data)):
        raise ValueError(f"the model must have fewer parts to be saved: {problem}. Keep it with pickle or joblib.")
    data[DIGEST] = _digest(data)
    return bytes(data)


def header_end(start: bytes | bytearray) -> int:
    """Return where the header ends that the first bytes of a file announce."""
    return LENGTH_BYTES + int.from_bytes(start[:LENGTH_BYTES], "little")


def check_start(start: bytes, size: int) -> None:
    """Refuse, by its first bytes, a file of `size` bytes that is no model or that is cut short."""
    head = start[LENGTH_BYTES : LENGTH_BYTES + len(HEAD)]
    if size < LENGTH_BYTES or not HEAD.startswith(head):
        raise ValueError("it is no model file of this package, or its first bytes are damaged")
    if header_end(start) > size or size < DIGEST.stop:
        raise ValueError("it is cut short, or its first bytes are damaged")


def unpack(data: bytes) -> tuple[dict[str, Json], Tensors]:
    """Return the document and the tensors of a model file, after all checks of its form.

    Raises
    ------
    ValueError
        If the file is damaged, or not such a file; the message says what is wrong with it.
    """
    check_start(data[: DIGEST.stop], len(data))
    if data[DIGEST] != _digest(data):
        raise ValueError("its contents do not match its checksum: it was damaged, altered or cut short")
    end = header_end(data)
    if problem := _too_large(memoryview(data), end):
        raise ValueError(problem)
    try:
        stored = deserialize(data)
        header = _json(data[LENGTH_BYTES:end].decode("utf-8"))
        document = _json(header["__metadata__"][KEY])
    except (SafetensorError, RecursionError) as error:
        raise ValueError(f"its header is malformed ({error})") from error
    return document, {name: _tensor(content) for name, content in stored}


def _digest(data: bytes | bytearray) -> bytes:
    view = memoryview(data)
    digest = hashlib.sha256(view[: DIGEST.start])
    digest.update(NO_DIGEST)
    digest.update(view[DIGEST.stop :])
    return digest.hexdigest().encode()


def _too_large(data: memoryview, end: int) -> str | None:
    """What is too large about the header, which has not been read yet."""
    if end > MAX_HEADER_BYTES:
        return f"a header of {end} bytes is longer than {MAX_HEADER_BYTES}"
    header = bytes(data[:end])
    n_parts = sum(header.count(mark) for mark in (b",", b":", b"[", b"{"))
    return f"{n_parts} values and names are more than {MAX_PARTS}" if n_parts > MAX_PARTS else None


def _json(text: str) -> Any:
    return json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("its header has a name twice")
    return found


def _no_constant(name: str) -> float:
    raise ValueError(f"its header has the number {name}")


def _tensor(content: dict[str, Any]) -> NDArray[Any]:
    if content["dtype"] not in DTYPES:
        raise ValueError(f"it has numbers of the type {content['dtype']}")
    if content["dtype"] == "BOOL" and np.frombuffer(content["data"], dtype=np.uint8).max(initial=0) > 1:
        raise ValueError("its flags are neither true nor false")
    return np.frombuffer(content["data"], dtype=DTYPES[content["dtype"]]).reshape(content["shape"])
