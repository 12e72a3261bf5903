"""How a wrapper finds the base network whose parameters it uses."""

from __future__ import annotations

from typing import Any

from sklearn.base import is_classifier

from uncertainty.estimators.probabilistic_mlp import (
    NetworkParameters,
    ProbabilisticMLPClassifier,
    ProbabilisticMLPRegressor,
)


def base_network(wrapper: Any, **defaults: Any) -> NetworkParameters:
    """Return `wrapper.estimator`, or the method's default base network with the parameters `defaults`."""
    kind = ProbabilisticMLPClassifier if is_classifier(wrapper) else ProbabilisticMLPRegressor
    if wrapper.estimator is None:
        return kind(**defaults)
    if not isinstance(wrapper.estimator, kind):
        raise TypeError(
            f"estimator must be a {kind.__name__} or None, got {type(wrapper.estimator).__name__}. The method trains "
            f"its networks side by side, which another estimator cannot."
        )
    return wrapper.estimator
