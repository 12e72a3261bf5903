"""What conformal wrappers warn of where calibration rows are too few for a level: the page says it level by level."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def levels_out_of_reach() -> Iterator[None]:
    """Leave out the warnings of levels that the report asks for on its own account, and tells of itself."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*(have infinite intervals|in every set at a coverage)")
        yield
