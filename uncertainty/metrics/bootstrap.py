"""Confidence intervals for any metric by the bootstrap over rows."""

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from .checks import check_choice, check_level, check_sample_weight


def bootstrap_ci(
    metric: Callable[..., float],
    *arguments: Any,
    confidence: float = 0.95,
    n_resamples: int = 1000,
    resampling: Literal["bayesian", "rows"] = "bayesian",
    random_state: int = 0,
    sample_weight: npt.ArrayLike | None = None,
    **options: Any,
) -> tuple[float, float]:
    """Return a confidence interval for the value of a metric over new rows: the percentiles of its resampled values.

    Rows are resampled by weighting them, so any metric that takes `sample_weight` will do, with any prediction, and
    nothing is copied. ``bootstrap_ci(crps_score, y, dist)`` and ``bootstrap_ci(expected_calibration_error, y, proba,
    n_bins=10)`` are typical calls. The fitted model stays as it is: this is the noise of the test rows, not of
    training, and it takes rows to be independent. The metric is computed `n_resamples` times. Metrics that are biased
    in small samples (calibration errors) are more so in resamples, and their intervals lie too high.

    Parameters
    ----------
    metric : callable
        ``metric(*arguments, sample_weight=..., **options)`` gives one number.
    *arguments
        Positional arguments of the metric, the first one with a row for each observation.
    confidence : float, default=0.95
        Confidence level, strictly between 0 and 1.
    n_resamples : int, default=1000
        Number of resamples.
    resampling : {"bayesian", "rows"}, default="bayesian"
        Smooth random weights, uniform on the simplex, which keep every row and so every class in; or the classical
        bootstrap, rows drawn with replacement. Both give the same intervals in large samples.
    random_state : int, default=0
        Seed of the resampling.
    sample_weight : array-like of shape (n,), default=None
        Non-negative weight of each row, multiplied into the weights of each resample.
    **options
        Further keyword arguments of the metric.

    Returns
    -------
    tuple of two floats
        Lower and upper limit.

    Raises
    ------
    TypeError
        If the metric does not give a number.
    ValueError
        If `confidence` is outside (0, 1), an option is unknown, or the metric is NaN or refuses a resample.

    References
    ----------
    Rubin (1981), The Bayesian bootstrap, Annals of Statistics 9. Efron and Tibshirani (1993), An introduction to the
    bootstrap, Chapman and Hall, chapter 13.

    Examples
    --------
    >>> from uncertainty.metrics import bootstrap_ci, brier_score
    >>> low, high = bootstrap_ci(brier_score, [0, 1, 1, 0] * 25, [0.1, 0.9, 0.6, 0.8] * 25)
    >>> round(low, 2), round(high, 2)
    (0.32, 0.52)
    """
    tail = 0.5 * (1.0 - check_level(confidence, "confidence"))
    check_choice(resampling, "resampling", ("bayesian", "rows"))
    if isinstance(n_resamples, bool) or not isinstance(n_resamples, (int, np.integer)) or n_resamples < 2:
        raise ValueError(f"n_resamples must be an integer of at least 2, got {n_resamples!r}. The default is 1000.")
    if arguments and hasattr(arguments[0], "fit"):
        raise TypeError(
            f"arguments must begin with y_true, got {type(arguments[0]).__name__}. Predict once and pass the metric "
            "behind the scorer, as in bootstrap_ci(crps_score, y, model.predict_dist(X))."
        )
    if not arguments:
        raise TypeError("arguments must hold what the metric is computed from, got none. Pass y_true and predictions.")
    n_rows = len(arguments[0])
    weight = check_sample_weight(sample_weight, n_rows)
    used = np.flatnonzero(weight)
    generator = np.random.default_rng(random_state)
    values = np.empty(n_resamples)
    for index in range(n_resamples):
        drawn = np.zeros(n_rows)
        if resampling == "bayesian":
            drawn[used] = generator.standard_exponential(len(used))
        else:
            drawn[used] = generator.multinomial(len(used), np.full(len(used), 1.0 / len(used)))
        values[index] = _number(metric(*arguments, sample_weight=drawn * weight, **options))
    low, high = np.quantile(values, [tail, 1.0 - tail])
    return float(low), float(high)


def _number(value: Any) -> float:
    if not isinstance(value, (int, float, np.number)):
        raise TypeError(f"metric must give one number, got {type(value).__name__}. Wrap it to return the part wanted.")
    if np.isnan(value):
        raise ValueError("metric must give a number in every resample, got NaN. It is not defined for some resamples.")
    return float(value)
