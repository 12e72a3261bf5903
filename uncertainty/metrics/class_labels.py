"""Class labels and probabilities, brought into one form: column index per row and an (n, C) matrix."""

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from .checks import FloatArray, IntArray, check_choice, finite_array

Kind = Literal["top_label", "class_wise", "positive"]

_TOLERANCE = 1e-5  # on sums of rows: a float32 softmax over a thousand classes stays inside


def check_classification(
    y_true: npt.ArrayLike, y_proba: npt.ArrayLike, labels: npt.ArrayLike | None
) -> tuple[IntArray, FloatArray]:
    """Return the column of each row's true class, (n,), and the probabilities as an (n, C) matrix, C >= 2."""
    y = np.asarray(y_true)
    if y.ndim != 1:
        raise ValueError(f"y_true must have shape (n,) and hold labels, got shape {y.shape}. Pass y_true.ravel().")
    proba = _check_proba(y_proba)
    if len(proba) != len(y):
        raise ValueError(f"y_proba must have one row per label ({len(y)}), got {len(proba)}. Pass matching rows.")
    return columns_of_labels(y, labels, proba.shape[1]), proba


def checked_events(
    y_true: npt.ArrayLike, y_proba: npt.ArrayLike, kind: Kind, labels: npt.ArrayLike | None
) -> tuple[FloatArray, FloatArray]:
    """Return the predicted probability of each checked event and whether it happened, both [events, n]."""
    check_choice(kind, "kind", ("top_label", "class_wise", "positive"))
    column, proba = check_classification(y_true, y_proba, labels)
    if kind == "class_wise":
        return proba.T, (column == np.arange(proba.shape[1])[:, None]).astype(np.float64)
    if kind == "top_label":
        return proba.max(axis=1)[None], (proba.argmax(axis=1) == column)[None].astype(np.float64)
    if proba.shape[1] != 2:
        raise ValueError(
            f"y_proba must have two classes for kind='positive', got {proba.shape[1]}. "
            "Use kind='top_label' or kind='class_wise'."
        )
    return proba[:, 1][None], (column == 1)[None].astype(np.float64)


def _check_proba(y_proba: npt.ArrayLike) -> FloatArray:
    proba = finite_array(y_proba, "y_proba")
    if proba.ndim not in (1, 2) or (proba.ndim == 2 and proba.shape[1] < 2):
        raise ValueError(
            f"y_proba must have shape (n, C) with C >= 2, or (n,) in the binary case, got {proba.shape}. "
            "Pass the result of predict_proba."
        )
    if proba.min() < -_TOLERANCE or proba.max() > 1.0 + _TOLERANCE:
        bad = proba.min() if proba.min() < -_TOLERANCE else proba.max()
        raise ValueError(f"y_proba must lie between 0 and 1, got {bad:g}. Pass probabilities, not logits.")
    proba = np.clip(proba, 0.0, 1.0)  # averaging members can leave 1 + 2e-16
    if proba.ndim == 1:
        return np.column_stack([1.0 - proba, proba])
    sums = proba.sum(axis=1)
    worst = sums[np.argmax(np.abs(sums - 1.0))]
    if abs(worst - 1.0) > _TOLERANCE:
        raise ValueError(f"y_proba must sum to 1 in every row, got {worst:g}. Divide each row by its sum.")
    return proba


def columns_of_labels(y: npt.NDArray[Any], labels: npt.ArrayLike | None, n_classes: int) -> IntArray:
    """Return the position of each label of `y` in `labels`, which are in column order."""
    if y.dtype.kind == "f" and not np.isfinite(y).all():
        raise ValueError("y_true must hold labels in every row, got NaN or infinity. Remove the rows concerned.")
    present, inverse = np.unique(y, return_inverse=True)
    if labels is None and len(present) != n_classes:
        raise ValueError(
            f"labels must be given when y_true does not hold every class, got {len(present)} classes in y_true for "
            f"{n_classes} columns. Pass labels=estimator.classes_."
        )
    names = present.tolist() if labels is None else np.asarray(labels).tolist()
    column = {name: index for index, name in enumerate(names)}
    if len(names) != n_classes or len(column) != n_classes:
        raise ValueError(
            f"labels must name each of the {n_classes} columns once, got {names}. Pass labels=estimator.classes_."
        )
    unknown = [name for name in present.tolist() if name not in column]
    if unknown:
        raise ValueError(
            f"y_true must hold only the labels {names}, got {unknown[0]!r}. Pass labels=estimator.classes_."
        )
    return np.array([column[name] for name in present.tolist()], dtype=np.intp)[inverse]
