"""When `partial_fit` exists."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from uncertainty.estimators.estimator import MemberEstimator


def partial_fit_is_available(estimator: MemberEstimator) -> bool:
    """Whether `partial_fit` can work, for `available_if`; the AttributeError says why not."""
    if not estimator._method().supports_partial_fit:
        raise AttributeError(f"{type(estimator).__name__} has no partial_fit: its schedule spans a whole fit.")
    if estimator._network().early_stopping:
        raise AttributeError(
            "partial_fit must not be combined with early stopping, got early_stopping=True. One pass has no epochs to "
            "choose from: set early_stopping=False on the base network."
        )
    return True
