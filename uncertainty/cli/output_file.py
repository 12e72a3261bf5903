"""Predictions on their way to a file, which appears whole or not at all, or to standard output."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from uncertainty.cli.files import CSV, compression_of, format_of

STANDARD_OUTPUT = Path("-")


class OutputTable:
    """Writes batches of columns, one below the other; the columns are those of the first one."""

    def __init__(self, path: Path, *, force: bool) -> None:
        self._path, self._force = path, force
        self._writer: Any = None
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        from uncertainty.persistence.whole_file import whole_file

        to_file = whole_file(self._path, overwrite=self._force)
        self._target = sys.stdout.buffer if self._path == STANDARD_OUTPUT else self._stack.enter_context(to_file)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        return self._stack.__exit__(kind, error, traceback)

    def write(self, columns: dict[str, Any]) -> None:
        """Append the rows of these columns, arrays of numpy or pyarrow by name."""
        import pyarrow

        batch = pyarrow.RecordBatch.from_arrays([pyarrow.array(c) for c in columns.values()], names=list(columns))
        if self._writer is None:
            self._writer = self._stack.enter_context(_writer(self._target, self._path, batch.schema))
        self._writer.write_batch(batch)


@contextmanager
def _writer(target: Any, path: Path, schema: Any) -> Iterator[Any]:
    if path != STANDARD_OUTPUT and format_of(path) != CSV:
        from pyarrow import parquet

        with parquet.ParquetWriter(target, schema) as writer:
            yield writer
        return
    from pyarrow import CompressedOutputStream, csv

    separator = "\t" if ".tsv" in path.suffixes else ","
    with ExitStack() as stack:
        if compression_of(path):
            target = stack.enter_context(CompressedOutputStream(str(target), compression_of(path)))
        options = csv.WriteOptions(quoting_style="needed", delimiter=separator)
        yield stack.enter_context(csv.CSVWriter(target, schema, write_options=options))
