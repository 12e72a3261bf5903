"""What stands inside a Pipeline or a search: they pass on scikit-learn's own methods, and no others."""

from typing import Any


def reach(estimator: Any, X: Any, *methods: str) -> tuple[Any, Any]:
    """Return the outermost part of `estimator` that has one of the `methods`, and X as that part wants it, if not None.

    A search stands for its best estimator, a Pipeline for its last step after the transforms of the others; where
    nothing has such a method, or none is named, the innermost part comes back. Told apart by their attributes: this
    room does without scikit-learn.
    """
    while not any(hasattr(estimator, name) for name in methods):
        if hasattr(estimator, "best_estimator_"):
            estimator = estimator.best_estimator_
        elif hasattr(estimator, "named_steps"):
            X = X if X is None or len(estimator.steps) == 1 else estimator[:-1].transform(X)
            estimator = estimator[-1]
        else:
            break
    return estimator, X
