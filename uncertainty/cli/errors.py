"""What went wrong, in one line."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

# What bad data, damaged files and missing libraries raise, here and in pyarrow. Anything else is a fault of ours, whose
# traceback we want to see.
EXPECTED = (ValueError, OSError, ImportError, MemoryError, NotImplementedError)


class DataError(click.ClickException):
    """Something in a file that is not as it must be; exit code 1."""


def in_one_line(command: Command) -> Command:
    """Make a command answer with one line on stderr, and exit code 1, where the data are at fault."""

    @wraps(command)
    def run(*arguments: Any, **options: Any) -> Any:
        try:
            return command(*arguments, **options)
        except (click.ClickException, BrokenPipeError):
            raise
        except EXPECTED as error:
            text = " ".join(str(error).split()) or type(error).__name__
            raise DataError(text) from error

    return run  # type: ignore[return-value]
