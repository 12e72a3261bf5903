# mypy: disable-error-code="import-not-found, import-untyped"
"""NGBoost: boosted trees for the parameters of a normal distribution. It has no epochs: its whole fit is timed."""

from __future__ import annotations

from collections.abc import Callable

import ngboost

from ..problems import Problem


def prepare_whole_fit(problem: Problem) -> Callable[[], object]:
    """Return what fits it with its default arguments."""
    X, y = problem.arrays()
    return lambda: ngboost.NGBRegressor(verbose=False, random_state=0).fit(X, y)
