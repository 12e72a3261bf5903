"""All scores of a predictive distribution at once."""

from typing import Any

import numpy as np
import numpy.typing as npt

from .brier_parts import brier_decomposition
from .calibration_error import expected_calibration_error
from .checks import FloatArray, check_sample_weight, check_targets, match_targets
from .class_labels import check_classification
from .classification import log_loss
from .continuous import crps_score, moment_matched_nll, negative_log_likelihood
from .intervals import coverage_score, interval_score, mean_width
from .normal import Normal
from .point_errors import point_errors
from .quantiles import pinball_loss
from .regression_calibration import area_to_diagonal, coverage_gap, ks_statistic, pit_values
from .selective import (
    excess_risk_coverage_area,
    generalized_risk_coverage_area,
    rank_correlation,
    risk_coverage_area,
    sparsification_error,
)
from .smooth_calibration import smooth_calibration_error
from .variance_calibration import (
    expected_normalized_calibration_error,
    sharpness,
    uncertainty_calibration_error,
)

_COVERAGES = (0.5, 0.8, 0.9, 0.95)


def evaluate_uncertainty(
    y_true: npt.ArrayLike,
    dist: Any,
    *,
    resolution: int = 99,
    labels: npt.ArrayLike | None = None,
    sample_weight: npt.ArrayLike | None = None,
) -> dict[str, float]:
    """Return every score of a predictive distribution in one flat dictionary.

    Regression, under uncertainty-toolbox's keys where it has the score: `mae rmse mdae marpd r2 corr` of the mean
    (`marpd` in percent), `rms_cal ma_cal miscal_area` (central intervals, 100 levels), `sharp`, `nll` and `crps` of the
    whole distribution (not of a normal with its moments), `check` (mean `pinball_loss` at levels from 0.01 to 0.99) and
    `interval` (mean `interval_score` at coverages from 0.01 to 0.99). Beside them `nll_moment_matched`, `pit_ks`,
    `ence`, `uce`, `error_std_correlation` (Spearman's, of the absolute error with the standard deviation), `aurc eaurc
    augrc` of the squared error and `ause` of the absolute error, all by the standard deviation, and `coverage_L width_L
    interval_score_L` of central intervals with L = 50, 80, 90 and 95 percent. With several targets `nll` is joint,
    `nll_moment_matched` their sum, and the rest a mean over targets.

    Classification: `accuracy nll brier brier_reliability brier_resolution brier_uncertainty`, the top-label errors
    `ece ece_debiased ece_equal_mass smooth_ece` and `max_calibration_error`, `ece_class_wise`, `aurc eaurc augrc` of
    the error by one minus the largest probability, and, where `dist` has them, the means of `entropy
    aleatoric_entropy mutual_information` in nats.

    Parameters
    ----------
    y_true : array-like of shape (n,) or (n, T)
        Observations or class labels.
    dist : object
        The result of `predict_dist`; or any object with methods `mean() std() logpdf(y) cdf(y) ppf(level) crps(y)`,
        or `logpmf(y)` and `proba()`, and an attribute `classes`. Of other libraries a tuple
        `(mean, std)` is taken as normal distributions, and a matrix (n, C) as class probabilities.
    resolution : int, default=99
        Number of levels in `check` and `interval`: three quantiles of every row for each, which take nearly all of the
        time. 19 are enough for all but the comparison with uncertainty-toolbox.
    labels : array-like of shape (C,), default=None
        For class probabilities as an array: the class of each column (`estimator.classes_`); None takes the sorted
        labels of `y_true`, which must then hold every class.
    sample_weight : array-like of shape (n,), default=None
        Non-negative weight of each row.

    Returns
    -------
    dict of str to float
        NaN where a score is not defined: `r2`, `corr` and `error_std_correlation` of constants or of one row.

    Raises
    ------
    TypeError
        If `dist` has no `crps` (regression), or is nothing of the above.
    ValueError
        If `y_true` does not match `dist`, or `resolution` is no integer above 1.

    References
    ----------
    Chung, Char, Guo, Schneider and Neiswanger (2021), Uncertainty Toolbox, arXiv:2109.10254. The functions of
    `uncertainty.metrics` name the source of each score.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_diabetes
    >>> from uncertainty import ProbabilisticMLPRegressor
    >>> from uncertainty.metrics import evaluate_uncertainty
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = ProbabilisticMLPRegressor(max_iter=5, random_state=0).fit(X[:300], y[:300])
    >>> scores = evaluate_uncertainty(y[300:], model.predict_dist(X[300:]), resolution=9)
    >>> sorted(scores)[:4]
    ['augrc', 'aurc', 'ause', 'check']
    """
    if hasattr(dist, "logpmf"):
        return _classification(y_true, dist, sample_weight)
    if isinstance(dist, tuple) and len(dist) == 2:
        dist = Normal.of(check_targets(y_true), *dist)
    elif not hasattr(dist, "logpdf") and np.ndim(dist) == 2:
        return _class_scores(y_true, dist, labels, sample_weight) | {
            "nll": log_loss(y_true, dist, labels=labels, sample_weight=sample_weight)
        }
    if isinstance(resolution, bool) or not isinstance(resolution, (int, np.integer)) or resolution < 2:
        raise ValueError(f"resolution must be an integer of at least 2, got {resolution!r}. The default is 99.")
    y = check_targets(y_true)
    weight = check_sample_weight(sample_weight, len(y))
    scores = {
        "nll": negative_log_likelihood(y, dist, sample_weight=weight),
        "nll_moment_matched": moment_matched_nll(y, dist, sample_weight=weight),
        "crps": crps_score(y, dist, sample_weight=weight),
        **_quantile_scores(y, dist, int(resolution), weight),
    }
    mean = match_targets(dist.mean(), "dist.mean()", y)
    std = match_targets(dist.std(), "dist.std()", y, positive=True)
    pit = pit_values(y, dist)
    columns = [np.atleast_2d(a.T) for a in (y, mean, std, pit)]  # [T, n]
    targets = [_target_scores(*(a[t] for a in columns), weight=weight) for t in range(len(columns[0]))]
    return {name: float(np.mean([t[name] for t in targets])) for name in targets[0]} | scores


def _target_scores(
    y: FloatArray, mean: FloatArray, std: FloatArray, pit: FloatArray, *, weight: FloatArray
) -> dict[str, float]:
    """Return the scores of one target that follow from its mean, standard deviation and PIT values, all (n,)."""
    used = weight > 0
    y, mean, std, pit, weight = y[used], mean[used], std[used], pit[used], weight[used]
    nominal, gap = coverage_gap(pit, weight, "interval", None)
    error = np.abs(y - mean)
    return point_errors(y, mean, weight) | {
        "rms_cal": float(np.sqrt(np.mean(gap**2))),
        "ma_cal": float(np.mean(np.abs(gap))),
        "miscal_area": area_to_diagonal(nominal, gap),
        "sharp": sharpness(std, sample_weight=weight),
        "pit_ks": ks_statistic(pit, weight),
        "ence": expected_normalized_calibration_error(y, mean, std, sample_weight=weight),
        "uce": uncertainty_calibration_error(y, mean, std, sample_weight=weight),
        "error_std_correlation": rank_correlation(error, std, sample_weight=weight),
        "aurc": risk_coverage_area(error**2, std, sample_weight=weight),
        "eaurc": excess_risk_coverage_area(error**2, std, sample_weight=weight),
        "augrc": generalized_risk_coverage_area(error**2, std, sample_weight=weight),
        "ause": sparsification_error(error, std, sample_weight=weight),
    }


def _quantile_scores(y: FloatArray, dist: Any, resolution: int, weight: FloatArray) -> dict[str, float]:
    """Return the scores of central intervals and quantiles; each quantile is asked for by itself, in y's shape."""
    levels = np.linspace(0.01, 0.99, resolution)
    check = [pinball_loss(y, dist.ppf(level), level, sample_weight=weight) for level in levels]
    intervals = [interval_score(y, _central(dist, level), level, sample_weight=weight) for level in levels]
    scores = {"check": float(np.mean(check)), "interval": float(np.mean(intervals))}
    for coverage in _COVERAGES:
        ends, name = _central(dist, coverage), f"{100 * coverage:.0f}"
        scores[f"coverage_{name}"] = coverage_score(y, ends, sample_weight=weight)
        scores[f"width_{name}"] = mean_width(ends, sample_weight=weight)
        scores[f"interval_score_{name}"] = interval_score(y, ends, coverage, sample_weight=weight)
    return scores


def _central(dist: Any, coverage: float) -> FloatArray:
    return np.stack([dist.ppf(0.5 - 0.5 * coverage), dist.ppf(0.5 + 0.5 * coverage)], axis=-1)


def _classification(y_true: npt.ArrayLike, dist: Any, sample_weight: npt.ArrayLike | None) -> dict[str, float]:
    if dist.classes is None:
        raise ValueError("dist must have one target, got several labels a row. Evaluate its columns one by one.")
    scores = _class_scores(y_true, dist.proba(), dist.classes, sample_weight)
    scores["nll"] = negative_log_likelihood(y_true, dist, sample_weight=sample_weight)
    weight = check_sample_weight(sample_weight, len(np.asarray(y_true)))
    for name in ("entropy", "aleatoric_entropy", "mutual_information"):
        if hasattr(dist, name):
            scores[name] = float(np.average(getattr(dist, name)(), weights=weight))
    return scores


def _class_scores(
    y_true: npt.ArrayLike, y_proba: npt.ArrayLike, labels: npt.ArrayLike | None, sample_weight: npt.ArrayLike | None
) -> dict[str, float]:
    """Return the scores that follow from the averaged probabilities (n, C), all but the likelihood."""
    y = np.asarray(y_true)
    column, proba = check_classification(y, y_proba, labels)
    weight = check_sample_weight(sample_weight, len(y))
    options: dict[str, Any] = {"labels": labels, "sample_weight": weight}
    parts = brier_decomposition(y, proba, **options)
    wrong = (proba.argmax(axis=1) != column).astype(np.float64)
    doubt = 1.0 - proba.max(axis=1)
    return {
        "accuracy": float(1.0 - np.average(wrong, weights=weight)),
        "brier": parts.brier,
        "brier_reliability": parts.reliability,
        "brier_resolution": parts.resolution,
        "brier_uncertainty": parts.uncertainty,
        "ece": expected_calibration_error(y, proba, **options),
        "ece_debiased": expected_calibration_error(y, proba, debias=True, **options),
        "ece_equal_mass": expected_calibration_error(y, proba, strategy="quantile", **options),
        "ece_class_wise": expected_calibration_error(y, proba, kind="class_wise", **options),
        "smooth_ece": smooth_calibration_error(y, proba, **options),
        "max_calibration_error": expected_calibration_error(y, proba, norm="max", **options),
        "aurc": risk_coverage_area(wrong, doubt, sample_weight=weight),
        "eaurc": excess_risk_coverage_area(wrong, doubt, sample_weight=weight),
        "augrc": generalized_risk_coverage_area(wrong, doubt, sample_weight=weight),
    }
