"""Names of files on the command line: which formats there are, and what may be written."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

CSV, PARQUET = "csv", "parquet"
FORMAT_OF_ENDING = {".csv": CSV, ".tsv": CSV, ".txt": CSV, ".parquet": PARQUET, ".pq": PARQUET}
COMPRESSIONS = {".gz": "gzip", ".bz2": "bz2", ".zst": "zstd"}

INPUT_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
OUTPUT_FILE = click.Path(dir_okay=False, path_type=Path)


def compression_of(path: Path) -> str | None:
    """Return the compression that the ending of a file says, or None."""
    return COMPRESSIONS.get(path.suffix.lower())


def format_of(path: Path) -> str:
    """Return "csv" or "parquet", by the ending.

    Raises
    ------
    click.UsageError
        If the ending is another one.
    """
    name = Path(path.stem) if compression_of(path) else path
    found = FORMAT_OF_ENDING.get(name.suffix.lower())
    if found is None or (found == PARQUET and name is not path):
        raise click.UsageError(f"{str(path)!r} must end in .csv, .tsv or .parquet (.csv.gz and such are read as well).")
    return found


def check_output(path: Path, *, force: bool, inputs: tuple[Path, ...]) -> None:
    """Refuse, before any work is done, to write over what is read, where a file is already, or where none can be."""
    if path.exists() and any(path.samefile(other) for other in inputs):
        raise click.UsageError(f"{str(path)!r} is what is read, and cannot be the output, too. Choose another name.")
    if path.exists() and not force:
        raise click.UsageError(f"{str(path)!r} is there already. Choose another name, or replace it with --force.")
    if not path.absolute().parent.is_dir():
        raise click.UsageError(f"there is no folder {str(path.absolute().parent)!r} to write to. Make it first.")
    try:
        with tempfile.TemporaryFile(dir=path.absolute().parent):
            pass
    except OSError as error:
        raise click.UsageError(
            f"nothing can be written to the folder {str(path.absolute().parent)!r}: {error.strerror}. Choose another."
        ) from error
