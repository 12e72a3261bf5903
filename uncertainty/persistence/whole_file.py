"""Writing a file that appears whole or not at all, and that replaces another one only where that is asked for."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def refuse_existing(path: Path, *, overwrite: bool) -> None:
    """Raise, before any work is done, if the folder is not there, or the file is and may not be replaced."""
    folder = path.absolute().parent
    if not folder.is_dir():
        raise FileNotFoundError(
            f"path must be in a folder that is there, got {str(path)!r}. Make {str(folder)!r} first."
        )
    if not overwrite and path.exists():
        raise _exists(path)


def write_whole(path: Path, data: bytes, *, overwrite: bool) -> None:
    """Write a file under another name, and give it its own when it is whole."""
    with whole_file(path, overwrite=overwrite) as unfinished:
        unfinished.write_bytes(data)


@contextmanager
def whole_file(path: Path, *, overwrite: bool) -> Iterator[Path]:
    """Yield another name to write under, and give the file its own in the end; after an error it is gone."""
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(8)}.unfinished")
    try:
        yield unfinished
        with unfinished.open("rb+") as file:
            os.fsync(file.fileno())
        if overwrite:
            os.replace(unfinished, path)
        else:
            _give_name(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def _give_name(unfinished: Path, path: Path) -> None:
    """Rename unless a file of that name has come up meanwhile."""
    try:
        os.link(unfinished, path)
    except FileExistsError:
        raise _exists(path) from None
    except OSError:  # a file system without links
        if path.exists():
            raise _exists(path) from None
        os.replace(unfinished, path)


def _exists(path: Path) -> FileExistsError:
    return FileExistsError(
        f"path must not be that of a file that is there already, got {os.fspath(path)!r}. Pass overwrite=True to "
        f"replace it."
    )
