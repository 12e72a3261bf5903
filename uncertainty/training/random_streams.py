"""One independent random stream for each member and purpose.

Stream (m, purpose) depends on the seed, m and the purpose alone, so five members are the first five of ten, and a new
use of randomness never shifts an old one.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np


class Purpose(IntEnum):
    """What a stream is for. Append only: the numbers are part of what a seed means."""

    INITIALIZATION = 0
    VALIDATION_SPLIT = 1
    SHUFFLE = 2
    DROPOUT = 3
    BOOTSTRAP = 4
    MONTE_CARLO = 5
    AUGMENTATION = 6
    PRETRAINING = 7
    GAPS = 8


def member_generators(seed: int | tuple[int, ...], members: range, purpose: Purpose) -> list[np.random.Generator]:
    """Return the generators of the given members for one purpose."""
    return [
        np.random.Generator(np.random.SFC64(np.random.SeedSequence(seed, spawn_key=(m, int(purpose))))) for m in members
    ]
