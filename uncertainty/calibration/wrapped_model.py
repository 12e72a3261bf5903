"""What a wrapper does with the model that it wraps: its methods, its fit, the names of its inputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.utils.validation import check_is_fitted, has_fit_parameter

from uncertainty.calibration.fit_rows import FitRows


def wrapped_has(method: str) -> Callable[[Any], bool]:
    """Return the condition, for `available_if`, that the wrapped model has a method.

    The model is `estimator_` after a fit, and what the wrapper's `_unfitted()` says before.
    """

    def check(wrapper: Any) -> bool:
        getattr(wrapper.__dict__.get("estimator_", wrapper._unfitted()), method)  # its own AttributeError says why
        return True

    return check


def unfitted_model(estimator: Any, seed: int) -> Any:
    """Return a clone; every `random_state` inside it that is None is drawn from `seed`."""
    return with_seeds(clone(estimator), seed)


def fit_model(model: Any, rows: FitRows) -> None:
    """Fit the model on the rows; with weights it must take them."""
    if rows.weight is None:
        model.fit(rows.X, rows.y)
        return
    if not has_fit_parameter(model, "sample_weight"):
        raise ValueError(
            f"sample_weight must be None with {type(model).__name__}, whose fit takes no weights. Leave it out, or "
            f"wrap another model."
        )
    model.fit(rows.X, rows.y, sample_weight=rows.weight)


def fitted_already(frozen: FrozenEstimator) -> Any:
    """Return the model inside, after checking that it is fitted."""
    check_is_fitted(frozen.estimator)
    return frozen.estimator


def with_seeds(model: Any, seed: int) -> Any:
    """Return the model with every `random_state` inside it that is None drawn from `seed`."""
    parameters = model.get_params(deep=True)
    unset = sorted(k for k, v in parameters.items() if v is None and k.rpartition("__")[2] == "random_state")
    draws = np.random.SeedSequence(seed).generate_state(len(unset)) >> 1
    return model.set_params(**dict(zip(unset, draws.tolist(), strict=True)))


def keep_fitted(wrapper: Any, model: Any) -> None:
    """Make the model the wrapper's `estimator_`, and its inputs' number and names, as far as known, the wrapper's."""
    wrapper.estimator_ = model
    for attribute in ("n_features_in_", "feature_names_in_"):
        if hasattr(model, attribute):
            setattr(wrapper, attribute, getattr(model, attribute))
