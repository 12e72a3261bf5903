"""Whether the parts of a loaded model fit together: what a file says of an architecture is true of its arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import is_regressor

from uncertainty.components.mlp import INPUT_MASK, MLP
from uncertainty.components.noise import KeptEntries
from uncertainty.estimators.encoding import LabelEncoder
from uncertainty.estimators.estimator import MemberEstimator
from uncertainty.estimators.members import Members
from uncertainty.estimators.scaling import InputScaler, TargetScaler
from uncertainty.heads.base import Head


def n_layers(parameters: dict[str, Any]) -> int:
    """Return how many layers a network with these arguments has, before it is made."""
    hidden = parameters.get("hidden_layer_sizes")
    _require(isinstance(hidden, tuple), "a network has no hidden layers")
    sizes = (parameters.get("n_inputs"), *parameters["hidden_layer_sizes"], parameters.get("n_raw"))
    _require(all(type(size) is int and size > 0 for size in sizes), "sizes of a network are not whole numbers")
    return len(sizes) - 1


def check_object(made: Any) -> None:
    """Refuse members whose arrays are not those of their architecture, and an estimator without its parts.

    The way from a row to a prediction is gone but for the network itself, whose arrays are known to fit: with many
    masks its prediction form is larger than the file.
    """
    if isinstance(made, Members):
        _check_members(made)
    elif isinstance(made, MemberEstimator) and "members_" in vars(made):
        _check_estimator(made)


def _check_members(members: Members) -> None:
    mlp = members.mlp
    _require(isinstance(mlp, MLP) and isinstance(members.head, Head), "members are not networks with a head")
    _require(mlp.n_raw == members.head.n_raw, "a network does not give what its head reads")
    _require(_is_stack(members.values, mlp.layout.size), "the weights are not those of the architecture")
    _require(
        _is_stack(members.statistics, mlp.statistics_layout.size) and len(members.statistics) == len(members.values),
        "the running statistics are not those of the architecture",
    )
    _require(isinstance(members.masks, dict | None), "masks are not given by name")
    if members.masks:
        _check_masks(members.masks, mlp)


def _check_masks(masks: dict[str, Any], mlp: MLP) -> None:
    shapes: dict[str, tuple[int, ...]] = {INPUT_MASK: (mlp.n_inputs,)}
    for layer in mlp.hidden_layers:
        shapes |= {layer.weight: (layer.n_in, layer.width), layer.unit_mask: (layer.n_out,)}
    counts = set()
    for name, entries in masks.items():
        _require(isinstance(entries, KeptEntries) and name in shapes, "a mask is not of the network")
        _require(isinstance(entries.kept, np.ndarray) and entries.kept.dtype == np.bool_, "a mask is not of flags")
        _require(entries.kept.shape[1:] == shapes[name] and entries.kept.ndim > 1, "a mask is not of its layer's size")
        _require(type(entries.scale) is float, "the scale of a mask is not a number")
        counts.add(len(entries.kept))
    _require(len(counts) == 1 and 0 not in counts, "masks are not of the same members")


def _check_estimator(made: MemberEstimator) -> None:
    parts: dict[str, type] = {"members_": Members, "head_": Head, "input_scaler_": InputScaler}
    parts |= {"target_scaler_": TargetScaler} if is_regressor(made) else {"_encoder": LabelEncoder}
    for name, kind in parts.items():
        _require(isinstance(vars(made).get(name), kind), f"{type(made).__name__}.{name} is not what it should be")
    members, scaler = made.members_, made.input_scaler_
    with np.errstate(all="ignore"):
        seen = scaler.transform(np.array(scaler.location_, dtype=np.float64)[None])
        predictive = made._restore(made.head_.distribution(np.zeros((1, 1, members.mlp.n_raw))))
        answer = predictive.mean() if is_regressor(made) else predictive.proba()
    _require(seen.shape == (1, members.mlp.n_inputs), "the scaling of X is of other columns than the network's")
    _require(len(scaler.location_) == vars(made).get("n_features_in_"), "the scaling of X is of other columns")
    width = vars(made).get("n_outputs_") if is_regressor(made) else len(vars(made)["classes_"])
    _require(answer.size == width, "the head does not predict as many targets, or classes, as there are")


def _is_stack(values: Any, size: int) -> bool:
    is_array = isinstance(values, np.ndarray) and values.dtype in (np.float32, np.float64)
    return is_array and values.ndim == 2 and len(values) > 0 and values.shape[1] == size


def _require(fits: bool, what_is_wrong: str) -> None:
    if not fits:
        raise ValueError(what_is_wrong)
