"""The outputs of a classifier: the formulas of `DiscretePredictive`, and of recalibrated probabilities."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from uncertainty.calibration import RecalibratedClassifier
from uncertainty.calibration.recalibrated_classifier import SMALLEST_LOG_PROBA
from uncertainty.estimators.classifier import ProbabilisticClassifier
from uncertainty.export.graph import Value
from uncertainty.export.heads import Classes
from uncertainty.export.outputs import Output
from uncertainty.export.spread import variance_over_members

# The label of a row with missing values where labels are integers, which have no NaN.
NO_LABEL = np.iinfo(np.int64).min

VARIANCE = "variance of each class's indicator"


@dataclass(frozen=True)
class Parts:
    """Log of the averaged probabilities and parts of the variance [1, N, T, C], and of the entropy [1, N, T, 1]."""

    log_proba: Value
    aleatoric_variance: Value
    epistemic_variance: Value
    aleatoric_entropy: Value
    mutual_information: Value


def classification_outputs(
    members: Classes, network: ProbabilisticClassifier, wrappers: Sequence[RecalibratedClassifier]
) -> Iterator[Output]:
    """The outputs of the members' probabilities; `wrappers` are innermost first."""
    classes = network._encoder.classes
    parts = _parts(members.log_proba, n_classes=2 if classes is None else len(classes))
    for wrapper in wrappers:
        parts = _recalibrated(parts, wrapper)
    proba = _per_class(parts.log_proba.exp(), network)
    aleatoric, epistemic = (_per_class(v, network) for v in (parts.aleatoric_variance, parts.epistemic_variance))
    of_noise, of_model = (_per_row(v, network) for v in (parts.aleatoric_entropy, parts.mutual_information))
    per_class = {
        "probabilities": (proba, "Probability of each class, averaged over members."),
        "aleatoric_variance": (aleatoric, f"Noise in the data: mean over members of the {VARIANCE}, p (1 - p)."),
        "epistemic_variance": (epistemic, "Ignorance of the model: variance of p over members, 0 for one network."),
        "total_variance": (aleatoric + epistemic, f"Aleatoric plus epistemic {VARIANCE}."),
    }
    per_row = {
        "total_entropy": (of_noise + of_model, "Entropy of the averaged probabilities, in nats."),
        "aleatoric_entropy": (of_noise, "Noise in the data: mean of the members' entropies, in nats."),
        "mutual_information": (of_model, "Ignorance of the model: total minus aleatoric entropy, in nats."),
    }
    yield _label(proba, network)
    for name, (value, meaning) in per_class.items():
        yield Output(name, value, meaning, (len(network.classes_),))
    for name, (value, meaning) in per_row.items():
        yield Output(name, value, meaning, () if classes is not None else (len(network.classes_),))


def _parts(log_proba: Value, n_classes: int) -> Parts:
    """From the members' log-probabilities [M, N, T, C]."""
    largest = log_proba.largest(axis=0)
    averaged = (log_proba - largest).exp().mean(axis=0).log() + largest
    proba = log_proba.exp()
    others = proba @ (1.0 - np.eye(n_classes))  # 1 - p, also where that is tiny
    divergence = (proba * (log_proba - averaged)).sum(axis=3).mean(axis=0)
    return Parts(
        averaged,
        (proba * others).mean(axis=0),
        variance_over_members(proba),
        -(proba * log_proba).sum(axis=3).mean(axis=0),
        (divergence < 0.0).where(0.0, divergence),
    )


def _recalibrated(raw: Parts, wrapper: RecalibratedClassifier) -> Parts:
    """As `RecalibratedClassifier.predict_uncertainty`: variance and entropy in the raw shares."""
    bounded = (raw.log_proba < SMALLEST_LOG_PROBA).where(SMALLEST_LOG_PROBA, raw.log_proba)
    log_proba = (bounded @ wrapper.matrix_.T + wrapper.intercept_).log_softmax(axis=3)
    proba = log_proba.exp()
    variance = proba * (proba @ (1.0 - np.eye(len(wrapper.classes_))))
    entropy = -(proba * log_proba).sum(axis=3)
    epistemic = variance * _share(raw.epistemic_variance, raw.aleatoric_variance)
    information = entropy * _share(raw.mutual_information, raw.aleatoric_entropy)
    return Parts(log_proba, variance - epistemic, epistemic, entropy - information, information)


def _share(part: Value, rest: Value) -> Value:
    total = part + rest
    return total.equals(0.0).where(0.0, part / total)


def _per_class(values: Value, network: ProbabilisticClassifier) -> Value:
    """[1, N, T, C] as [N, C] for one target, [N, T] of the label present for multi-label data."""
    if network._encoder.classes is None:
        return values.part(1, 2, axis=3).without_axis(3).without_axis(0)
    return values.without_axis(2).without_axis(0)


def _per_row(values: Value, network: ProbabilisticClassifier) -> Value:
    """[1, N, T, 1] as [N] for one target, [N, T] for multi-label data."""
    of_targets = values.without_axis(3).without_axis(0)
    return of_targets if network._encoder.classes is None else of_targets.without_axis(1)


def _label(proba: Value, network: ProbabilisticClassifier) -> Output:
    """The most probable class, or the labels of 0 and 1."""
    known = proba > -1.0  # which NaN is not
    if network._encoder.classes is None:
        labels = known.where((proba > 0.5).cast("int64"), np.int64(NO_LABEL))
        meaning = f"1 for each label that is present, else 0; {NO_LABEL} for a row with missing values."
        return Output("label", labels, meaning, (len(network.classes_),), "int64")
    labels_and_none = _with_no_label(network.classes_)
    best = proba.graph.apply("ArgMax", proba, axis=1, keepdims=0)
    known = known.part(0, 1, axis=1).without_axis(1)
    labels = proba.graph.constant(labels_and_none).take(known.where(best, np.int64(len(network.classes_))), axis=0)
    nothing = labels_and_none.tolist()[-1]
    return Output(
        "label",
        labels,
        f"The most probable class; {nothing!r} for a row with missing values.",
        dtype=labels_and_none.dtype.name,
    )


def _with_no_label(classes: NDArray[Any]) -> NDArray[Any]:
    """The classes as ONNX has them, and behind them what stands for none."""
    values = classes.tolist()
    if all(isinstance(value, str) for value in values):
        return np.array([*values, ""], dtype=object)
    if all(isinstance(value, (bool, int)) for value in values):
        return np.array([*values, NO_LABEL], dtype=np.int64)
    if all(isinstance(value, float) for value in values):
        return np.array([*values, np.nan])
    kinds = sorted({type(value).__name__ for value in values})
    raise TypeError(f"classes must be all text or all numbers in an ONNX file, got {', '.join(kinds)}.")
