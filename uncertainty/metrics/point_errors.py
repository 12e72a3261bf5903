"""Errors of point predictions: what `evaluate_uncertainty` reports beside the scores of distributions."""

import numpy as np

from .checks import FloatArray


def point_errors(y: FloatArray, mean: FloatArray, weight: FloatArray) -> dict[str, float]:
    """Return `mae rmse mdae marpd r2 corr` of predictions (n,), NaN where one is not defined.

    `mdae` is the weighted median of the absolute errors, `marpd` the mean of ``200 |y - m| / (|y| + |m|)`` in
    percent, 0 where both are 0. `r2` and `corr` need two different observations, `corr` two different predictions too.
    """
    error = np.abs(y - mean)
    size = np.abs(y) + np.abs(mean)
    relative = np.divide(200.0 * error, size, out=np.zeros_like(error), where=size > 0)
    mean_square = np.average(error**2, weights=weight)
    y_centred = y - np.average(y, weights=weight)
    mean_centred = mean - np.average(mean, weights=weight)
    y_variance, mean_variance = (np.average(a**2, weights=weight) for a in (y_centred, mean_centred))
    covariance = np.average(y_centred * mean_centred, weights=weight)
    y_varies, mean_varies = np.ptp(y) > 0, np.ptp(mean) > 0
    return {
        "mae": float(np.average(error, weights=weight)),
        "rmse": float(np.sqrt(mean_square)),
        "mdae": weighted_median(error, weight),
        "marpd": float(np.average(relative, weights=weight)),
        "r2": float(1.0 - mean_square / y_variance) if y_varies else float("nan"),
        "corr": float(covariance / np.sqrt(y_variance * mean_variance)) if y_varies and mean_varies else float("nan"),
    }


def weighted_median(values: FloatArray, weight: FloatArray) -> float:
    """Return the midpoint between the lowest and the highest value that half of the weight lies on either side of."""
    order = np.argsort(values, kind="stable")
    share = np.cumsum(weight[order]) / weight.sum()
    # The small term settles exact halves. The last share is 1, up to rounding.
    low, high = np.searchsorted(share[:-1], [0.5 - 1e-12, 0.5 + 1e-12])
    return float(0.5 * (values[order[low]] + values[order[high]]))
