"""Bias or variance: what stands between the error on new rows and the error that should be possible."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone, is_classifier

from uncertainty.components.spec import check_number
from uncertainty.diagnostics.axes import COLOURS, axes_for
from uncertainty.diagnostics.examination import Examination
from uncertainty.diagnostics.preparation import checked, seed_from, split

# Excess error in shares of the way from the baseline to a constant prediction that is worth acting on.
NOTICEABLE = 0.1

AGAINST_BIAS = (
    "a bigger network: wider, then deeper (hidden_layer_sizes)",
    "longer training (max_iter, n_iter_no_change)",
    "a better rate or optimizer (learning_rate_range_test, optimizer, schedule)",
    "less regularization (alpha, dropout)",
)
AGAINST_VARIANCE = (
    "more rows",
    "more regularization: dropout, alpha, augmentation, averaging, early_stopping=True",
    "an ensemble (DeepEnsembleRegressor or DeepEnsembleClassifier)",
    "a smaller network (hidden_layer_sizes)",
)


@dataclass(frozen=True, repr=False)
class ValidationDiagnosis(Examination):
    """Errors of one fit, all in the same unit: `unit` says which.

    Attributes
    ----------
    baseline_error : float, the one that should be possible, as stated by the caller
    train_error, validation_error : float
    constant_error : float, on the validation rows, of the best constant prediction
    avoidable_bias : float, train_error - baseline_error
    variance : float, validation_error - train_error
    diagnosis : "healthy", "underfit", "overfit", "underfit and overfit" or "no better than a constant"
    suggestions : what to try next, one knob at a time and in this order
    unit, verdict : str
    """

    baseline_error: float
    train_error: float
    validation_error: float
    constant_error: float
    avoidable_bias: float
    variance: float
    diagnosis: str
    suggestions: tuple[str, ...]
    unit: str
    verdict: str

    def plot(self, ax: Any = None) -> Any:
        """Draw the four errors as bars; return the axes."""
        ax = axes_for(ax)
        bars = {
            "baseline": (self.baseline_error, "green"),
            "training": (self.train_error, "blue"),
            "validation": (self.validation_error, "orange"),
            "constant": (self.constant_error, "grey"),
        }
        for name, (error, colour) in bars.items():
            ax.bar(name, error, color=COLOURS[colour], label=f"{name}: {error:.3g}")
        ax.set(ylabel=self.unit, title=f"Bias and variance: {self.diagnosis}")
        ax.set_ylim(0.0, 1.35 * max(error for error, _ in bars.values()))
        ax.legend(fontsize="small", ncols=2)
        return ax


def validation_diagnosis(
    estimator: Any,
    X: ArrayLike,
    y: ArrayLike,
    *,
    baseline_error: float,
    validation_fraction: float = 0.25,
    random_state: Any = 0,
) -> ValidationDiagnosis:
    """Fit a copy, compare its errors on training and validation rows with a baseline, and say what to try next.

    The error is the root mean squared error in the unit of y, or the share of wrong classes (of wrong labels, for
    multi-label y). Avoidable bias is training error minus baseline, variance is validation error minus training
    error; each is worth acting on from a tenth of the way between the baseline and the best constant prediction, and
    the larger one comes first.

    Parameters
    ----------
    estimator : any regressor or classifier of this package, fitted or not; it is not changed
    X, y : as in `fit`
    baseline_error : float >= 0
        The error that should be possible: of an expert, of the noise in y, of the model in use today.
    validation_fraction : float in (0, 1)
    random_state : int, RandomState or Generator

    Returns
    -------
    ValidationDiagnosis

    References
    ----------
    Ng (2018), Machine Learning Yearning, chapters 20-27; Goodfellow, Bengio & Courville (2016), Deep Learning, 11.3.
    """
    baseline, seed = check_number("baseline_error", baseline_error), seed_from(random_state)
    rows, labels = checked(estimator, X, y), is_classifier(estimator)
    train, held_out = split(rows, validation_fraction, seed, stratify=labels)
    model = clone(estimator).set_params(random_state=seed, warm_start=False, verbose=False).fit(train.x, train.y)
    error = _wrong_share if labels else _rmse
    train_error, validation_error = (error(part.y, model.predict(part.x)) for part in (train, held_out))
    constant_error = error(held_out.y, _best_constant(train.y, labels=labels))
    bias, variance = train_error - baseline, validation_error - train_error
    worth_it = NOTICEABLE * max(constant_error - baseline, 0.0)
    diagnosis = _diagnose(bias > worth_it, variance > worth_it, validation_error >= constant_error)
    suggestions = _suggestions(diagnosis, bias_first=bias > variance)
    unit = "share of wrong classes" if labels else "RMSE [unit of y]"
    numbers = f"baseline {baseline:.3g}, training {train_error:.3g}, validation {validation_error:.3g}"
    advice = f"first try {suggestions[0]}" if suggestions else "nothing stands out"
    return ValidationDiagnosis(
        baseline_error=baseline,
        train_error=train_error,
        validation_error=validation_error,
        constant_error=constant_error,
        avoidable_bias=bias,
        variance=variance,
        diagnosis=diagnosis,
        suggestions=suggestions,
        unit=unit,
        verdict=f"{diagnosis} ({unit}: {numbers}); {advice}",
    )


def _suggestions(diagnosis: str, *, bias_first: bool) -> tuple[str, ...]:
    first, second = (AGAINST_BIAS, AGAINST_VARIANCE) if bias_first else (AGAINST_VARIANCE, AGAINST_BIAS)
    choices: dict[str, tuple[str, ...]] = {
        "healthy": (),
        "underfit": AGAINST_BIAS,
        "overfit": AGAINST_VARIANCE,
        "underfit and overfit": first,
        "no better than a constant": ("whether X and y belong together (check_training)", *first, *second),
    }
    return choices[diagnosis]


def _diagnose(has_bias: bool, has_variance: bool, is_useless: bool) -> str:
    if is_useless:
        return "no better than a constant"
    names = [name for name, holds in (("underfit", has_bias), ("overfit", has_variance)) if holds]
    return " and ".join(names) or "healthy"


def _rmse(y: NDArray[Any], prediction: NDArray[Any]) -> float:
    return float(np.sqrt(np.mean((y - prediction) ** 2)))


def _wrong_share(y: NDArray[Any], prediction: NDArray[Any]) -> float:
    return float(np.mean(y != prediction))


def _best_constant(y: NDArray[Any], *, labels: bool) -> Any:
    """The mean, or the most frequent class (of each label)."""
    if not labels:
        return y.mean(axis=0)
    if y.ndim == 2:
        return (y.mean(axis=0) > 0.5).astype(y.dtype)
    classes, counts = np.unique(y, return_counts=True)
    return classes[counts.argmax()]
