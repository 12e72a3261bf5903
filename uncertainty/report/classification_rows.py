"""What a classifier says of every row of a test table, and how right it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from uncertainty.calibration.row_chunks import ROWS_AT_A_TIME, row_chunks
from uncertainty.metrics.inner_estimator import reach
from uncertainty.report.calibration_rows import levels_out_of_reach

Array = NDArray[np.float64]
Index = NDArray[np.intp]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class EntropyParts:
    """Where the entropy of each row (n,) comes from, in nats."""

    aleatoric: Array
    mutual_information: Array

    def total(self) -> Array:
        """Return the sum (n,)."""
        return self.aleatoric + self.mutual_information


@dataclass(frozen=True, eq=False)
class ClassificationRows:
    """Classes and predictions of n rows.

    `codes` (n,) numbers each row's class among `classes`; `proba` is (n, C), and `sets` (n, C, L) for the L levels
    `coverage`. `promised_sets` says whether the sets come with a promise of their own (conformal) or are the smallest
    ones that hold the probability asked for. `parts` is None for models that do not say.
    """

    codes: Index
    classes: tuple[str, ...]
    proba: Array
    coverage: Array
    sets: Flags
    promised_sets: bool
    parts: EntropyParts | None

    def predicted(self) -> Index:
        """Return the number (n,) of the most probable class."""
        return self.proba.argmax(axis=1)

    def confidence(self) -> Array:
        """Return the largest probability (n,)."""
        return self.proba.max(axis=1)

    def is_wrong(self) -> Flags:
        """Return where the most probable class is not the true one, (n,)."""
        return self.predicted() != self.codes

    def uncertainty(self) -> Array:
        """Return the number (n,) rows are ordered by: one minus the largest probability."""
        return 1.0 - self.confidence()


def classification_rows(estimator: Any, X: Any, y: NDArray[Any], coverage: Array) -> ClassificationRows:
    """Return what a fitted classifier predicts for X, chunk by chunk; X passes through a Pipeline's transforms once."""
    model, rows = reach(estimator, X)
    if not hasattr(model, "predict_proba"):
        raise TypeError(
            f"estimator must have predict_proba, got {type(model).__name__}. Wrap it in "
            f"sklearn.calibration.CalibratedClassifierCV."
        )
    labels = np.asarray(model.classes_)
    codes = _codes(y, labels)
    with levels_out_of_reach():
        chunks = [_chunk(model, part, coverage) for _, part in row_chunks(rows, ROWS_AT_A_TIME)]
    proba, sets, parts = zip(*chunks, strict=True)
    return ClassificationRows(
        codes,
        tuple(map(str, labels.tolist())),
        np.concatenate(proba),
        coverage,
        np.concatenate(sets),
        hasattr(model, "predict_set"),
        None if parts[0] is None else EntropyParts(*map(np.concatenate, zip(*parts, strict=True))),
    )


def smallest_sets(proba: Array, coverage: Array) -> Flags:
    """Return the smallest sets of classes (n, C, L) whose probabilities reach each level, the most probable first."""
    order = np.argsort(-proba, axis=1, kind="stable")
    sorted_proba = np.take_along_axis(proba, order, axis=1)
    before = np.cumsum(sorted_proba, axis=1) - sorted_proba
    # A class is in unless those before it suffice; the small term settles sums that rounding leaves short.
    inside = before[:, :, None] < coverage - 1e-12
    sets = np.empty_like(inside)
    np.put_along_axis(sets, np.broadcast_to(order[:, :, None], inside.shape), inside, axis=1)
    return sets


def _chunk(model: Any, X: Any, coverage: Array) -> tuple[Any, ...]:
    proba = np.asarray(model.predict_proba(X), dtype=np.float64)
    sets = model.predict_set(X, coverage=coverage) if hasattr(model, "predict_set") else smallest_sets(proba, coverage)
    parts = None
    if hasattr(model, "predict_uncertainty"):
        split = model.predict_uncertainty(X)
        parts = (split["aleatoric_entropy"], split["mutual_information"])
    return proba, sets, parts


def _codes(y: NDArray[Any], labels: NDArray[Any]) -> Index:
    """The number of each row's class among those the model knows."""
    number = {label: index for index, label in enumerate(labels.tolist())}
    unknown = sorted({repr(label) for label in y.tolist() if label not in number})
    if unknown:
        raise ValueError(
            f"y must hold classes that the model knows, {labels.tolist()!r:.200}, got also {', '.join(unknown)[:200]}. "
            f"Leave these rows out, or fit with rows of that class."
        )
    return np.fromiter((number[label] for label in y.tolist()), dtype=np.intp, count=len(y))
