"""The suites whose runs are kept one by one: name -> Suite."""

from __future__ import annotations

from .mnist import MNIST
from .noise import NOISE
from .suite import Suite
from .tables import CLASSIFICATION, QUICK, SHIFT, UCI, UCI_GAP

__all__ = ["SUITES", "Suite"]

SUITES: dict[str, Suite] = {suite.name: suite for suite in (QUICK, UCI, UCI_GAP, CLASSIFICATION, MNIST, SHIFT, NOISE)}
