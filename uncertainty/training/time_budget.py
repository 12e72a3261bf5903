"""How long a fit may take."""

from __future__ import annotations

import math
from time import monotonic


class TimeBudget:
    """A clock that starts when it is made, and a number of seconds it may show; None is without end."""

    def __init__(self, seconds: float | None = None) -> None:
        self.seconds = math.inf if seconds is None else seconds
        self._start = monotonic()

    def elapsed(self) -> float:
        """Return the seconds since the start."""
        return monotonic() - self._start

    def left(self) -> float:
        """Return the seconds left: 0 when they are spent, infinity without end."""
        return max(self.seconds - self.elapsed(), 0.0)

    def is_spent(self) -> bool:
        """Whether training has to end."""
        return self.elapsed() >= self.seconds
