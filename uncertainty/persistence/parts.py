"""What an object consists of: the arguments that make it, and what it has learned since."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from functools import cached_property
from typing import Any

from sklearn.base import BaseEstimator

# Of a run, not of a model: scikit-learn's callbacks, and where a fit stands that has called one.
CALLBACKS = ("_skl_callbacks", "_callback_fit_ctx", "_parent_callback_ctx")


def parts_of(value: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the arguments and the other attributes, by name, of an object whose class is stored.

    A dataclass is its arguments; what it derives from them is left out, as are properties that are computed once.
    """
    if is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in fields(value) if field.init}, {}
    names = type(value)._get_param_names() if isinstance(value, BaseEstimator) else []
    parameters = {name: getattr(value, name) for name in names}
    state = {
        name: part
        for name, part in vars(value).items()
        if name not in parameters and not name.startswith(CALLBACKS) and not _is_cached(type(value), name)
    }
    return parameters, state


def from_parts(kind: type, parameters: dict[str, Any], state: dict[str, Any]) -> Any:
    """Return the object of class `kind` that `parts_of` took apart.

    Raises
    ------
    TypeError, ValueError
        If the class has no such arguments, or attributes that are not data.
    """
    for name in state:
        if not name.isidentifier() or name.startswith("__") or _is_code(kind, name):
            raise ValueError(f"{kind.__name__} has no attribute {name!r} to set")
    if is_dataclass(kind) or issubclass(kind, BaseEstimator):
        made = kind(**parameters)
    elif parameters:
        raise ValueError(f"{kind.__name__} takes no parameters")
    else:
        made = object.__new__(kind)
    if state:
        if is_dataclass(kind):
            raise ValueError(f"{kind.__name__} has no state")
        vars(made).update(state)
    return made


def _is_cached(kind: type, name: str) -> bool:
    return isinstance(getattr(kind, name, None), cached_property)


def _is_code(kind: type, name: str) -> bool:
    attribute = getattr(kind, name, None)
    return callable(attribute) or isinstance(attribute, (property, cached_property))
