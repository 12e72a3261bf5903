"""Scores of a model on test rows, each with the noise of these rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from uncertainty.cli.fitted_model import FittedModel, TestRows
from uncertainty.metrics import auroc, bootstrap_ci, expected_calibration_error, mean_set_size, mean_width
from uncertainty.metrics.coverage_report import coverage_report

Array = NDArray[np.float64]

LEVELS = (0.5, 0.8, 0.9, 0.95)
N_RESAMPLES = 500
# The distributions of so many rows are held at a time.
ROWS_AT_A_TIME = 20_000
TINY = float(np.finfo(np.float64).tiny)


@dataclass(frozen=True)
class Score:
    """A score, its 95 % limits where there are any, and what it is."""

    name: str
    value: float
    low: float | None
    high: float | None
    meaning: str


def scores_of(model: FittedModel, rows: TestRows) -> list[Score]:
    """Return the scores that the model can be given."""
    X = model.encoder.transform(rows.frame)
    return (_of_regressor if model.classes is None else _of_classifier)(model, X, rows)


def _of_regressor(model: FittedModel, X: Any, rows: TestRows) -> list[Score]:
    y, weight = rows.y, rows.weight
    mean = np.asarray(model.predictor.predict(X))
    scores = []
    if hasattr(model.predictor, "predict_dist"):
        nll, crps = _by_row(model.predictor, X, lambda dist, part: (-dist.logpdf(y[part]), dist.crps(y[part])), len(y))
        scores = [
            _with_limits("NLL", _average, (nll,), weight, "negative log-likelihood, nats a row; lower is better"),
            _with_limits(
                "CRPS", _average, (crps,), weight, "error of the distribution, in units of y; lower is better"
            ),
        ]
    scores += [
        _with_limits("RMSE", _root_average, ((y - mean) ** 2,), weight, "typical error of the mean, in units of y"),
        _with_limits("MAE", _average, (np.abs(y - mean),), weight, "mean absolute error, in units of y"),
        _with_limits("R2", _explained, (y, (y - mean) ** 2), weight, "share of the variance of y explained"),
    ]
    return scores + (_coverages(model, X, rows) if hasattr(model.predictor, "predict_interval") else [])


def _coverages(model: FittedModel, X: Any, rows: TestRows) -> list[Score]:
    ends = model.predictor.predict_interval(X, coverage=list(LEVELS))  # (n, 2, L)
    known = _Intervals({level: ends[..., number] for number, level in enumerate(LEVELS)})
    report = coverage_report(known, X, rows.y, coverage=LEVELS, sample_weight=rows.weight)
    scores = []
    for number, level in enumerate(LEVELS):
        limits = report.lower[number], report.upper[number]
        name, aim = f"coverage {100 * level:g}", f"share inside the interval; the aim is {level:g}"
        scores.append(Score(name, float(report.observed[number]), float(limits[0]), float(limits[1]), aim))
    for number, level in enumerate(LEVELS):
        width = mean_width(ends[..., number], sample_weight=rows.weight)
        scores.append(Score(f"width {100 * level:g}", width, None, None, "mean width of the interval, in units of y"))
    return scores


@dataclass(frozen=True)
class _Intervals:
    """Intervals that are there already, by level, in the form that `coverage_report` asks for them."""

    ends: dict[float, Array]

    def predict_interval(self, X: Any, coverage: float) -> Array:
        return self.ends[coverage]


def _of_classifier(model: FittedModel, X: Any, rows: TestRows) -> list[Score]:
    classes, weight = np.asarray(model.classes), rows.weight
    proba = model.predictor.predict_proba(X)
    column = np.searchsorted(classes, rows.y)
    own = proba[np.arange(len(column)), column]
    brier = ((proba - np.eye(len(classes))[column]) ** 2).sum(axis=1)
    right = (proba.argmax(axis=1) == column).astype(np.float64)
    nll = -np.log(np.maximum(own, TINY))
    if hasattr(model.predictor, "predict_log_proba"):
        nll = -model.predictor.predict_log_proba(X)[np.arange(len(column)), column]
    scores = [
        _with_limits("accuracy", _average, (right,), weight, "share of rows whose most probable class is right"),
        _with_limits("log loss", _average, (nll,), weight, "negative log-likelihood, nats a row; lower is better"),
        _with_limits("Brier score", _average, (brier,), weight, "squared error of the probabilities; lower is better"),
        _calibration_error(rows.y, proba, classes, weight),
    ]
    if len(classes) == 2 and 0 < column.sum() < len(column):
        scores.append(
            _with_limits("AUROC", _auroc, (column, proba[:, 1]), weight, "how well the classes are told apart")
        )
    return scores + (_set_coverages(model, X, rows) if hasattr(model.predictor, "predict_set") else [])


def _set_coverages(model: FittedModel, X: Any, rows: TestRows) -> list[Score]:
    report = coverage_report(model.predictor, X, rows.y, coverage=LEVELS, sample_weight=rows.weight)
    covered = zip(LEVELS, report.observed.tolist(), report.lower.tolist(), report.upper.tolist(), strict=True)
    scores = [
        Score(f"coverage {100 * level:g}", value, low, high, f"share inside the set; the aim is {level:g}")
        for level, value, low, high in covered
    ]
    sets = model.predictor.predict_set(X, coverage=list(LEVELS))
    sizes = [mean_set_size(sets[..., number], sample_weight=rows.weight) for number in range(len(LEVELS))]
    named = zip(LEVELS, sizes, strict=True)
    return scores + [
        Score(f"set size {100 * level:g}", size, None, None, "mean number of classes") for level, size in named
    ]


def _by_row(
    predictor: Any, X: Any, question: Callable[[Any, slice], tuple[Array, ...]], n_rows: int
) -> tuple[Array, ...]:
    """What `question` answers for the distributions of all rows, some rows at a time."""
    parts = [slice(start, start + ROWS_AT_A_TIME) for start in range(0, n_rows, ROWS_AT_A_TIME)]
    answers = [question(predictor.predict_dist(X[part]), part) for part in parts]
    return tuple(np.concatenate(columns) for columns in zip(*answers, strict=True))


def _with_limits(
    name: str, metric: Callable[..., float], columns: tuple[Any, ...], weight: Array | None, meaning: str
) -> Score:
    value = metric(*columns, sample_weight=weight)
    if len(columns[0]) < 2 or not np.isfinite(value):
        return Score(name, value, None, None, meaning)
    low, high = bootstrap_ci(metric, *columns, n_resamples=N_RESAMPLES, sample_weight=weight)
    return Score(name, value, low, high, meaning)


def _average(values: Array, sample_weight: Array | None = None) -> float:
    return float(np.average(values, weights=sample_weight))


def _root_average(values: Array, sample_weight: Array | None = None) -> float:
    return float(np.sqrt(_average(values, sample_weight)))


def _explained(y: Array, squared_error: Array, sample_weight: Array | None = None) -> float:
    around_mean = _average((y - _average(y, sample_weight)) ** 2, sample_weight)
    return 1.0 - _average(squared_error, sample_weight) / around_mean if around_mean > 0.0 else float("nan")


def _calibration_error(y: Any, proba: Array, classes: Any, weight: Array | None) -> Score:
    """Without limits: chance adds to this error, and once more in each resample, whose error is larger than its own."""
    value = expected_calibration_error(y, proba, labels=classes, sample_weight=weight)
    return Score("ECE", value, None, None, "gap of confidence and accuracy; few rows raise it")


def _auroc(positive: Any, score: Array, sample_weight: Array | None = None) -> float:
    return auroc(positive, score, sample_weight=sample_weight)
