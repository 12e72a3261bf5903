"""What becomes of Ctrl-C after the estimator has been fitted to the weights of the epochs before it.

Who fits an estimator by hand wants the estimator. Who runs a search, or calibrates a model, has asked for the whole:
there a fit that was cut short must not pass for a finished one, and the next one must not begin.
"""

from __future__ import annotations

import math
import sys
import warnings
from time import monotonic
from types import FrameType

from sklearn.exceptions import ConvergenceWarning

from uncertainty.training import TrainingInterrupted

# Two interrupts of fits within so many seconds are meant for more than one fit: for a loop around them.
SECONDS_OF_A_SECOND_PRESS = 2.0

# Packages that fit estimators for somebody else, and the rooms of this one that only train.
FITTING_PACKAGES = ("sklearn", "joblib", "uncertainty")
TRANSPARENT_MODULES = ("sklearn.callback", "uncertainty.estimators", "uncertainty.training")

_last_settled = -math.inf


def settle(interrupt: TrainingInterrupted, message: str) -> None:
    """Warn that the estimator is fitted to what there is, or raise the interrupt again if a single fit is not meant.

    Raises
    ------
    TrainingInterrupted
        In a fit inside another one, and soon after another interrupt.
    """
    global _last_settled
    before, _last_settled = _last_settled, monotonic()
    if _last_settled - before < SECONDS_OF_A_SECOND_PRESS or is_within_another_fit(sys._getframe(1)):
        interrupt.add_note(message)
        raise interrupt
    warnings.warn(message, ConvergenceWarning, stacklevel=7)


def is_within_another_fit(frame: FrameType | None) -> bool:
    """Whether scikit-learn (a search, a pipeline, a wrapper), joblib or a wrapper of this package has called."""
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        if _is_of(module, FITTING_PACKAGES) and not _is_of(module, TRANSPARENT_MODULES):
            return True
        frame = frame.f_back
    return False


def _is_of(module: str, packages: tuple[str, ...]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)
