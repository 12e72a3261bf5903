"""Names of columns on the command line, and frames of those that are needed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from uncertainty.cli.column_types import typed
from uncertainty.cli.errors import DataError
from uncertainty.cli.input_table import InputTable


def check_named(table: InputTable, columns: Iterable[str]) -> None:
    """Refuse columns that are not in the file, and name what is there with similar names."""
    missing = [name for name in columns if name not in table.names]
    if missing:
        in_lower_case = {name.lower(): name for name in table.names}
        close = [in_lower_case[name] for name in get_close_matches(missing[0].lower(), in_lower_case)]
        hint = f"Similar: {', '.join(close)}" if close else f"It has: {', '.join(table.names[:12])}"
        raise DataError(f"{str(table.path)!r} has no column {', '.join(map(repr, missing))}. {hint}.")


def whole_table(table: InputTable, columns: list[str]) -> Any:
    """Return these columns of all rows of a file, as a table of pyarrow in one piece.

    Raises
    ------
    DataError
        If it has no rows.
    """
    import pyarrow

    batches = [table.with_gaps(batch) for batch, _ in table.batches(columns)]
    if sum(batch.num_rows for batch in batches) == 0:
        raise DataError(f"{str(table.path)!r} has no rows below its header.")
    return pyarrow.Table.from_batches(batches).combine_chunks()


def frame_of(columns: Any, kinds: Mapping[str, str], first_row: int = 0) -> Any:
    """Return a frame of pandas with the columns that have a kind, from a batch or table of pyarrow."""
    import pandas

    values = {name: typed(_one_piece(columns[name]), kind, name, first_row).to_pandas() for name, kind in kinds.items()}
    frame = pandas.DataFrame(values)
    frame.index = pandas.RangeIndex(first_row, first_row + columns.num_rows)  # set last, or it would select rows
    return frame


def _one_piece(column: Any) -> Any:
    """A column of a table is in chunks, that of a batch is not."""
    return column.combine_chunks() if hasattr(column, "combine_chunks") else column
