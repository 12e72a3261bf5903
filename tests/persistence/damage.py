"""The ways in which a file is damaged, and signed again as who alters it on purpose would."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from uncertainty.persistence import container

Damage = Callable[[bytes, Random], bytes]


def signed(data: bytes) -> bytes:
    """The bytes with the checksum that belongs to them."""
    changed = bytearray(data)
    changed[container.DIGEST] = container._digest(changed)
    return bytes(changed)


def header_of(data: bytes) -> dict[str, Any]:
    return json.loads(data[container.LENGTH_BYTES : container.header_end(data)])


def with_header(data: bytes, header: dict[str, Any] | str) -> bytes:
    """The file with another header, signed."""
    text = header if isinstance(header, str) else json.dumps(header, separators=(",", ":"))
    encoded = text.encode()
    body = data[container.header_end(data) :]
    return signed(len(encoded).to_bytes(container.LENGTH_BYTES, "little") + encoded + body)


def document_of(data: bytes) -> dict[str, Any]:
    return json.loads(header_of(data)["__metadata__"]["uncertainty"])


def with_document(data: bytes, document: dict[str, Any] | str) -> bytes:
    """The file with other metadata, signed."""
    text = document if isinstance(document, str) else json.dumps(document, separators=(",", ":"))
    header = header_of(data)
    return with_header(data, header | {"__metadata__": {"uncertainty": text}})


def bit_flip(data: bytes, random: Random) -> bytes:
    changed = bytearray(data)
    changed[random.randrange(len(data))] ^= 1 << random.randrange(8)
    return bytes(changed)


def truncation(data: bytes, random: Random) -> bytes:
    return data[: random.randrange(len(data))]


def zeroed_block(data: bytes, random: Random) -> bytes:
    start = random.randrange(len(data) - 64)
    return data[:start] + bytes(64) + data[start + 64 :]


def inserted_byte(data: bytes, random: Random) -> bytes:
    place = random.randrange(len(data) + 1)
    return data[:place] + bytes([random.randrange(256)]) + data[place:]


def swapped_header(data: bytes, other: bytes) -> bytes:
    """The header of one file on the tensors of another."""
    return other[: container.header_end(other)] + data[container.header_end(data) :]


def huge_shape(data: bytes, random: Random) -> bytes:
    """A tensor that claims to be enormous, in a file that is signed."""
    header = header_of(data)
    name = random.choice([name for name in header if name != "__metadata__"])
    size = random.choice([2**20, 2**40, 2**62, 2**63 - 1, 2**64, 10**30])
    shape = random.choice([[size], [size, 4], [1, size], [0, size], [size, 0, size]])
    return with_header(data, header | {name: header[name] | {"shape": shape}})


def damaged_files(data: bytes, other: bytes) -> Iterator[tuple[str, bytes]]:
    """200 damaged versions of a sound file; `other` is a sound one of another model."""
    random = Random(0)
    counts: dict[Damage, int] = {bit_flip: 80, truncation: 40, zeroed_block: 15, inserted_byte: 15, huge_shape: 40}
    for damage, n in counts.items():
        for number in range(n):
            yield f"{damage.__name__} {number}", damage(data, random)
    swapped = swapped_header(data, other), swapped_header(other, data)
    for number, changed in enumerate([*swapped, *map(signed, swapped)]):
        yield f"swapped header {number}", changed
    yield "empty", b""
    yield "zeros", bytes(1000)
    yield "twice", data + data
    yield "back to front", data[::-1]
    yield "a header as long as can be", b"\xff" * 8 + data[8:]
    yield "text", b"mean,std\n1.0,2.0\n" * 20
