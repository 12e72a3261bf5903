"""What a wrapper does with the model that it wraps: its methods, its fit, the names of its inputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray
from sklearn.utils.validation import has_fit_parameter


def wrapped_has(method: str) -> Callable[[Any], bool]:
    """Return the condition, for `available_if`, that the wrapped model has a method.

    The model is `estimator_` after a fit, and what the wrapper's `_unfitted()` says before.
    """

    def check(wrapper: Any) -> bool:
        getattr(wrapper.__dict__.get("estimator_", wrapper._unfitted()), method)  # its own AttributeError says why
        return True

    return check


def fit_weighted(model: Any, X: Any, y: NDArray[Any], weight: NDArray[Any] | None) -> Any:
    """Fit the model and return it; with weights it must take them."""
    if weight is None:
        return model.fit(X, y)
    if not has_fit_parameter(model, "sample_weight"):
        raise ValueError(
            f"sample_weight must be None with {type(model).__name__}, whose fit takes no weights. Leave it out, or "
            f"wrap another model."
        )
    return model.fit(X, y, sample_weight=weight)


def take_over_inputs(wrapper: Any) -> None:
    """Give the wrapper the number and names of its fitted model's inputs, as far as that knows them."""
    for attribute in ("n_features_in_", "feature_names_in_"):
        if hasattr(wrapper.estimator_, attribute):
            setattr(wrapper, attribute, getattr(wrapper.estimator_, attribute))
