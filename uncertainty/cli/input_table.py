"""Tables in files, a batch of rows at a time: those of csv as text, to be read by the kind of each column."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from uncertainty.cli.errors import DataError
from uncertainty.cli.files import CSV, compression_of, format_of

# Of csv, and rows of parquet, at a time: the numbers of a batch for all members have room in a few hundred megabytes.
BATCH_BYTES = 2 * 1024 * 1024
BATCH_ROWS = 16_384

# Words that csv files have for a missing value, beside nothing at all.
GAPS = ["NA", "N/A", "#N/A", "n/a", "NaN", "nan", "NULL", "null", "None", "?"]
MOST_SHOWN = 160  # characters of an error
SEPARATORS = (",", ";", "\t")


class InputTable:
    """A csv or parquet file.

    Attributes
    ----------
    names : columns in their order; those of csv without a name are left out
    n_bytes : size of the file
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.is_csv = format_of(path) == CSV
        self.n_bytes = path.stat().st_size
        if self.n_bytes == 0:
            raise DataError(f"{str(path)!r} is empty.")
        self.names = self._read_header() if self.is_csv else self._open_parquet().schema_arrow.names

    def batches(
        self, columns: list[str], *, batch_bytes: int = BATCH_BYTES, batch_rows: int = BATCH_ROWS
    ) -> Iterator[tuple[Any, int]]:
        """Yield record batches with these columns, each with the number of bytes of the file that are read by then.

        They are as they stand in the file: `with_gaps` makes gaps of the words for them.

        Raises
        ------
        DataError
            If a row has too few or too many values; its line is named.
        """
        if self.is_csv:
            yield from self._csv_batches(columns, batch_bytes)
        else:
            yield from self._parquet_batches(columns, batch_rows)

    def with_gaps(self, batch: Any) -> Any:
        """Return a batch that has null where a csv file says "NA" or such; parquet files have nulls themselves."""
        if not self.is_csv:
            return batch
        import pyarrow
        from pyarrow import compute

        words = pyarrow.array(GAPS)
        columns = [compute.if_else(compute.is_in(column, words), None, column) for column in batch.columns]
        return pyarrow.RecordBatch.from_arrays(columns, schema=batch.schema)

    def _parquet_batches(self, columns: list[str], batch_rows: int) -> Iterator[tuple[Any, int]]:
        file, n_read = self._open_parquet(), 0
        for batch in file.iter_batches(batch_size=batch_rows, columns=columns, use_threads=False):
            n_read += batch.num_rows
            yield batch, self.n_bytes * n_read // file.metadata.num_rows

    def _open_parquet(self) -> Any:
        from pyarrow import parquet

        return parquet.ParquetFile(self.path)

    def _csv_batches(self, columns: list[str], batch_bytes: int) -> Iterator[tuple[Any, int]]:
        import pyarrow
        from pyarrow import csv as arrow_csv

        with self.path.open("rb") as raw, _decompressed(raw, self.path) as stream:
            try:
                reader = arrow_csv.open_csv(
                    stream,
                    # One thread, for only then are bad rows numbered.
                    read_options=arrow_csv.ReadOptions(use_threads=False, block_size=batch_bytes),
                    parse_options=arrow_csv.ParseOptions(
                        delimiter=self._separator, newlines_in_values=True, ignore_empty_lines=len(self.names) > 1
                    ),
                    convert_options=arrow_csv.ConvertOptions(
                        include_columns=columns,
                        column_types=dict.fromkeys(columns, pyarrow.string()),
                        null_values=[""],
                        strings_can_be_null=True,
                    ),
                )
                for number, batch in enumerate(reader, start=1):
                    # The reader is blocks ahead of us; of a compressed file the blocks are larger than what is read.
                    yield batch, min(raw.tell(), number * batch_bytes)
            except pyarrow.ArrowInvalid as error:
                raise DataError(f"{str(self.path)!r}: {_plain(str(error))}") from error

    def _read_header(self) -> list[str]:
        with self.path.open("rb") as raw, _decompressed(raw, self.path) as stream:
            text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
            try:
                line = text.readline()
            except UnicodeDecodeError as error:
                raise DataError(f"{str(self.path)!r} is not in UTF-8. Save it so, or convert it with iconv.") from error
            finally:
                text.detach()
        self._separator = max(SEPARATORS, key=line.count)
        names = next(csv.reader([line], delimiter=self._separator), [])
        if "\0" in line or not any(names):
            raise DataError(f"{str(self.path)!r} must begin with a line of column names.")
        twice = [name for number, name in enumerate(names) if name and name in names[:number]]
        if twice:
            raise DataError(f"{str(self.path)!r} has two columns named {twice[0]!r}. Rename one of them.")
        return [name for name in names if name]


@contextmanager
def _decompressed(raw: BinaryIO, path: Path) -> Iterator[Any]:
    compression = compression_of(path)
    if compression is None:
        yield raw
        return
    import pyarrow

    with pyarrow.CompressedInputStream(raw, compression) as stream:
        yield stream


def _plain(message: str) -> str:
    """pyarrow counts rows from the header on, as lines are, and shows all of a bad one."""
    message = " ".join(message.split())[:MOST_SHOWN]
    for theirs, ours in {"CSV parse error: ": "", "Row #": "line "}.items():
        message = message.replace(theirs, ours)
    if "UTF8" in message:
        message += ". Save the file as UTF-8, or convert it with iconv"
    if "straddling object" in message:
        message = "a row is longer than 2 MB: is a quotation mark left open?"
    return message
