"""Which methods a wrapper has: those of the model that it wraps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def wrapped_has(method: str) -> Callable[[Any], bool]:
    """Return the condition, for `available_if`, that the wrapped model has a method.

    The model is `estimator_` after a fit, and what the wrapper's `_unfitted()` says before.
    """

    def check(wrapper: Any) -> bool:
        getattr(wrapper.__dict__.get("estimator_", wrapper._unfitted()), method)  # its own AttributeError says why
        return True

    return check
