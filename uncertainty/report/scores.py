"""Headline scores with the noise of the test rows, beside those of the best prediction that is the same for every row.

That is the mean of y for R2 and RMSE, its median for MAE, its quantiles for the interval score and its distribution for
the CRPS, be it skewed or not; the NLL, which asks for a density, is set beside that of a normal distribution. The
constant is learned from the very rows it is scored on, so it is a little better than an honest one: a model that beats
it has learned something.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from uncertainty.metrics import bootstrap_ci
from uncertainty.metrics.pointwise import normal_logpdf
from uncertainty.report.classification_rows import ClassificationRows
from uncertainty.report.levels import HEADLINE, LEVELS
from uncertainty.report.regression_rows import RegressionRows

Array = NDArray[np.float64]
Verdict = Literal["better", "worse", "open"]
Unit = Literal["y", "share", "nats", "none"]

# Enough for limits with two digits; more rows make each resample dearer and the limits smoother.
N_RESAMPLES = 500
# Below this number of rows the bootstrap's own limits are too narrow to be shown without a warning.
FEW_ROWS = 30


@dataclass(frozen=True)
class Score:
    """One score, its 95 % limits (None where rows are too few), that of the constant, and which of them is better."""

    name: str
    meaning: str
    value: float
    limits: tuple[float, float] | None
    baseline: float | None
    verdict: Verdict | None
    unit: Unit


def regression_scores(rows: RegressionRows) -> tuple[Score, ...]:
    """Return R2, RMSE, MAE, CRPS, NLL and the interval score; those of the distribution where the model has one."""
    y, error = rows.y, rows.y - rows.mean
    middle, spread = float(y.mean()), float(y.std())
    scores = [
        _r2(y, error**2),
        _mean_score(
            "RMSE", "typical error of the mean, large ones counting more", error**2, (y - middle) ** 2, "y", root=True
        ),
        _mean_score("MAE", "mean absolute error", np.abs(error), np.abs(y - np.median(y)), "y"),
    ]
    if rows.distribution is not None:
        crps, nll = rows.distribution.crps, rows.distribution.nll
        known = spread > 0
        constant_crps = _crps_of_all_observations(y) if known else None
        constant_nll = -normal_logpdf(y, middle, spread) if known else None
        scores += [
            _mean_score("CRPS", "error of the whole predicted distribution", crps, constant_crps, "y"),
            _mean_score("NLL", "negative log-likelihood", nll, constant_nll, "nats"),
        ]
    tails = 0.5 + 0.5 * LEVELS[HEADLINE] * np.array([-1.0, 1.0])
    constant = np.broadcast_to(np.quantile(y, tails), (len(y), 2))
    own, theirs = (_interval_losses(y, ends) for ends in (rows.interval[:, :, HEADLINE], constant))
    level = f"{LEVELS[HEADLINE]:.0%} interval score".replace("%", " %")
    scores.append(_mean_score(level, "width of the intervals plus a fine for every miss", own, theirs, "y"))
    return tuple(score for score in scores if score is not None)


def classification_scores(rows: ClassificationRows) -> tuple[Score, ...]:
    """Return accuracy, log loss, Brier score and the gap between confidence and accuracy."""
    n, n_classes = rows.proba.shape
    frequency = np.bincount(rows.codes, minlength=n_classes) / n
    truth = np.eye(n_classes)[rows.codes]
    right = (~rows.is_wrong()).astype(np.float64)
    most_frequent = (rows.codes == frequency.argmax()).astype(np.float64)
    with np.errstate(divide="ignore"):
        nll = -np.log(rows.proba[np.arange(n), rows.codes])
    constant_nll = -np.log(frequency[rows.codes])
    brier, constant_brier = (((p - truth) ** 2).sum(axis=1) for p in (rows.proba, frequency))
    return (
        _mean_score(
            "accuracy", "share of rows whose most probable class is right", right, most_frequent, "share", higher=True
        ),
        _mean_score("log loss", "negative log-likelihood", nll, constant_nll, "nats"),
        _mean_score("Brier score", "squared error of the probabilities", brier, constant_brier, "none"),
        _mean_score("confidence − accuracy", "above 0: surer than right", rows.confidence() - right, None, "share"),
    )


def _mean_score(
    name: str,
    meaning: str,
    losses: Array,
    constant: Array | None,
    unit: Unit,
    *,
    higher: bool = False,
    root: bool = False,
) -> Score:
    """The mean of the losses (n,) of the rows, or its root, beside that of the constant."""
    finish = np.sqrt if root else float
    limits = _limits(_weighted_mean, losses)
    return Score(
        name,
        meaning,
        float(finish(losses.mean())),
        None if limits is None else (float(finish(limits[0])), float(finish(limits[1]))),
        None if constant is None else float(finish(constant.mean())),
        None if constant is None else _verdict(losses - constant if not higher else constant - losses),
        unit,
    )


def _r2(y: Array, squared_error: Array) -> Score | None:
    """The share of the variance of y that the mean explains; not defined where y does not vary."""
    if np.ptp(y) == 0.0:
        return None
    limits = _limits(_explained, squared_error, y)
    verdict = _verdict(squared_error - (y - y.mean()) ** 2)
    return Score(
        "R²", "share of the variance of y explained", _explained(squared_error, y), limits, 0.0, verdict, "none"
    )


def _explained(squared_error: Array, y: Array, sample_weight: Array | None = None) -> float:
    weight = np.ones_like(y) if sample_weight is None else sample_weight
    around_mean = (y - np.average(y, weights=weight)) ** 2
    return float(1.0 - (weight @ squared_error) / (weight @ around_mean))


def _crps_of_all_observations(y: Array) -> Array:
    """The CRPS (n,) of each observation where the distribution of all of them is predicted."""
    order = np.argsort(y)
    ascending = y[order] - y.mean()
    below = np.cumsum(ascending)
    distance = np.empty_like(y)  # from the others, on average: sums up to a place give all of them at once
    distance[order] = (ascending * (2.0 * np.arange(len(y)) + 2.0 - len(y)) + below[-1] - 2.0 * below) / len(y)
    return np.asarray(distance - 0.5 * distance.mean())


def _interval_losses(y: Array, interval: Array) -> Array:
    """What each row adds to the mean of `interval_score`, (n,)."""
    lower, upper = interval.T
    miss = np.maximum(lower - y, 0.0) + np.maximum(y - upper, 0.0)
    return np.asarray(upper - lower + 2.0 / (1.0 - LEVELS[HEADLINE]) * miss)


def _verdict(excess_loss: Array) -> Verdict | None:
    """Which has the smaller mean loss, row by row the excess of the model's, as far as the rows can tell."""
    if not np.isfinite(excess_loss).all():
        return None
    limits = _limits(_weighted_mean, excess_loss)
    if limits is None or limits[0] <= 0.0 <= limits[1]:
        return "open"
    return "better" if limits[1] < 0.0 else "worse"


def _limits(metric: Callable[..., float], *values: Array) -> tuple[float, float] | None:
    """The bootstrap's 95 % limits; None for a single row, or where a value is infinite."""
    if len(values[0]) < 2 or not all(np.isfinite(column).all() for column in values):
        return None
    return bootstrap_ci(metric, *values, n_resamples=N_RESAMPLES)


def _weighted_mean(values: Array, sample_weight: Array | None = None) -> float:
    return float(np.average(values, weights=sample_weight))
