"""Nominal against observed coverage of a fitted estimator, as a table to print."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .checks import FloatArray, check_level, check_sample_weight
from .inner_estimator import reach
from .intervals import binomial_interval, covered_by_interval, mean_width
from .prediction_sets import covered_by_set, mean_set_size


@dataclass(frozen=True, eq=False)
class CoverageReport:
    """Observed coverage at several nominal levels with its confidence interval; `print` shows a table.

    Attributes
    ----------
    coverage : ndarray of shape (L,)
        Nominal levels.
    observed : ndarray of shape (L,)
        Weighted share of the observations covered.
    lower, upper : ndarray of shape (L,)
        Confidence limits of the true coverage (Clopper-Pearson), as in `coverage_confidence_interval`.
    size : ndarray of shape (L,)
        Mean width of the intervals in units of y, or mean number of classes in the sets.
    confidence : float
        Level of the confidence limits.
    count : int
        Number of rows with positive weight.

    Examples
    --------
    >>> from uncertainty.metrics import coverage_report
    >>> class Constant:
    ...     def predict_interval(self, X, coverage):
    ...         return [[-coverage, coverage] for _ in X]
    >>> report = coverage_report(Constant(), [[0.0]] * 4, [0.1, -0.6, 0.85, 2.0], coverage=[0.5, 0.9])
    >>> print(report)
    coverage of 4 rows
    nominal  observed   95 % limits    mean size
     50.0 %    25.0 %    0.6 -  80.6 %         1
     90.0 %    75.0 %   19.4 -  99.4 %       1.8
    """

    coverage: FloatArray
    observed: FloatArray
    lower: FloatArray
    upper: FloatArray
    size: FloatArray
    confidence: float
    count: int

    def __str__(self) -> str:
        lines = [
            f"coverage of {self.count} rows",
            f"nominal  observed  {100 * self.confidence:3g} % limits    mean size",
        ]
        columns = (self.coverage, self.observed, self.lower, self.upper, self.size)
        for nominal, observed, lower, upper, size in zip(*columns, strict=True):
            # Outside its limits the nominal level is contradicted by the data.
            mark = "" if lower <= nominal <= upper else "  *"
            limits = f"{100 * lower:5.1f} - {100 * upper:5.1f} %"
            lines.append(f"{100 * nominal:5.1f} %   {100 * observed:5.1f} %  {limits}  {size:8.4g}{mark}")
        return "\n".join(lines)


def coverage_report(
    estimator: Any,
    X: Any,
    y: npt.ArrayLike,
    *,
    coverage: npt.ArrayLike = (0.5, 0.8, 0.9, 0.95),
    confidence: float = 0.95,
    sample_weight: npt.ArrayLike | None = None,
) -> CoverageReport:
    """Return nominal and observed coverage of an estimator's intervals or sets, with the noise of these rows.

    A star marks levels that the confidence interval excludes. Use rows that neither training nor calibration has seen.
    A Pipeline or a search that ends in the model is reported on like the model.

    Parameters
    ----------
    estimator : fitted estimator with `predict_interval(X, coverage=)` or `predict_set(X, coverage=)`
    X : array-like of shape (n, D)
        Inputs.
    y : array-like of shape (n,) or (n, T)
        Observations or class labels.
    coverage : float or array-like of shape (L,), default=(0.5, 0.8, 0.9, 0.95)
        Nominal levels, strictly between 0 and 1.
    confidence : float, default=0.95
        Level of the confidence limits.
    sample_weight : array-like of shape (n,), default=None
        Non-negative weight of each row; the limits use the effective number of rows.

    Returns
    -------
    CoverageReport

    Raises
    ------
    TypeError
        If the estimator has neither method.
    ValueError
        If a level is outside (0, 1), or shapes do not match.

    References
    ----------
    Clopper and Pearson (1934), The use of confidence or fiducial limits illustrated in the case of the binomial,
    Biometrika 26. Kish (1965), Survey Sampling, Wiley, for the effective sample size.

    Examples
    --------
    >>> from uncertainty.metrics import coverage_report
    >>> class Constant:
    ...     def predict_interval(self, X, coverage):
    ...         return [[-coverage, coverage] for _ in X]
    >>> coverage_report(Constant(), [[0.0]] * 2, [0.1, 2.0], coverage=0.5).observed
    array([0.5])
    """
    check_level(confidence, "confidence")
    levels = np.array([check_level(level) for level in np.atleast_1d(np.asarray(coverage, dtype=np.float64))])
    model, X = reach(estimator, X, "predict_interval", "predict_set")
    rows = []
    for level in levels.tolist():
        covered, size = _covered_and_size(model, X, y, level, sample_weight)
        per_row = covered.mean(axis=1) if covered.ndim == 2 else covered
        weight = check_sample_weight(sample_weight, len(per_row))
        observed = min(float(np.average(per_row, weights=weight)), 1.0)
        rows.append((observed, *binomial_interval(per_row, weight, confidence), size))
    observed, lower, upper, sizes = np.array(rows).T
    return CoverageReport(levels, observed, lower, upper, sizes, float(confidence), int((weight > 0).sum()))


def _covered_and_size(
    estimator: Any, X: Any, y: npt.ArrayLike, level: float, sample_weight: npt.ArrayLike | None
) -> tuple[FloatArray, float]:
    if hasattr(estimator, "predict_interval"):
        interval = estimator.predict_interval(X, coverage=level)
        return covered_by_interval(y, interval), mean_width(interval, sample_weight=sample_weight)
    if hasattr(estimator, "predict_set"):
        sets = estimator.predict_set(X, coverage=level)
        return covered_by_set(y, sets, estimator.classes_), mean_set_size(sets, sample_weight=sample_weight)
    raise TypeError(
        f"estimator must have predict_interval or predict_set, got {type(estimator).__name__}. "
        "Wrap it in a ConformalRegressor or ConformalClassifier."
    )
