"""Calibration error by kernel smoothing instead of bins."""

import numpy as np
import numpy.typing as npt
from scipy.fft import dct, idct
from scipy.optimize import brentq

from .bins import grouped_sum
from .checks import FloatArray, check_sample_weight
from .class_labels import Kind, checked_events

_N_NODES = 4097  # of the grid on [0, 1]
_SMALLEST_BANDWIDTH = 4.0 / (_N_NODES - 1)  # four steps of the grid: its effect on the kernel stays below 1 %


def smooth_calibration_error(
    y_true: npt.ArrayLike,
    y_proba: npt.ArrayLike,
    *,
    kind: Kind = "top_label",
    labels: npt.ArrayLike | None = None,
    sample_weight: npt.ArrayLike | None = None,
) -> float:
    """Return the smooth calibration error of class probabilities (smECE), between 0 and 1; smaller is better.

    ``integral_0^1 |mean_i K_s(t, p_i) (event_i - p_i)| dt`` with K_s a Gaussian kernel of standard deviation s that is
    reflected at 0 and 1, and the one bandwidth s at which the integral equals s. There are no bins to choose, and a
    small change of the probabilities changes the result little. Where the error is below 0.001 so is the bandwidth
    wanted; the result is then that of the bandwidth 0.001.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        Class labels, numbers or strings.
    y_proba : array-like of shape (n, C) or (n,)
        Predicted probabilities, rows with sum 1; one dimension means the probability of the second of two classes.
    kind : {"top_label", "class_wise", "positive"}, default="top_label"
        The event whose probability is checked, as in `expected_calibration_error`; class_wise averages over classes.
    labels : array-like of shape (C,), default=None
        The class of each column in column order (`estimator.classes_`); None takes the sorted labels of `y_true`,
        which must then hold every class.
    sample_weight : array-like of shape (n,), default=None
        Non-negative weight of each row.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If shapes differ, the probabilities are no distribution, labels and columns do not match, `kind` is unknown, or
        kind="positive" meets more than two classes.

    References
    ----------
    Błasiok and Nakkiran (2024), Smooth ECE: principled reliability diagrams via kernel smoothing, ICLR, eqs. 5 and 6.

    Examples
    --------
    >>> from uncertainty.metrics import smooth_calibration_error
    >>> round(smooth_calibration_error([0, 1, 1, 0], [0.1, 0.9, 0.6, 0.8], kind="positive"), 4)
    0.1538
    """
    confidence, event = checked_events(y_true, y_proba, kind, labels)
    weight = check_sample_weight(sample_weight, confidence.shape[1])
    return float(np.mean([_of_one_event(c, e, weight) for c, e in zip(confidence, event, strict=True)]))


def _of_one_event(confidence: FloatArray, event: FloatArray, weight: FloatArray) -> float:
    """Return the smoothed error at the bandwidth that equals it.

    A Gaussian kernel reflected at both ends is the heat kernel of [0, 1]: it multiplies the k-th cosine coefficient of
    what it smooths by exp(-(pi k s)^2 / 2).
    """
    residual = weight * (event - confidence) / weight.sum()
    # Each residual is shared by the two nodes beside it, which keeps its mean place.
    place = confidence * (_N_NODES - 1)
    node = np.minimum(place.astype(np.intp), _N_NODES - 2)
    on_grid = grouped_sum(node, residual * (node + 1 - place), _N_NODES)
    on_grid += grouped_sum(node + 1, residual * (place - node), _N_NODES)
    on_grid[[0, -1]] *= 2.0  # half of an end node's cell lies outside
    coefficients = dct(on_grid, type=1)
    frequency = np.pi * np.arange(_N_NODES)

    def error(bandwidth: float) -> float:
        smooth = np.abs(idct(coefficients * np.exp(-0.5 * (frequency * bandwidth) ** 2), type=1))
        return float(smooth.sum() - 0.5 * (smooth[0] + smooth[-1]))  # trapezoids

    smallest = error(_SMALLEST_BANDWIDTH)
    if smallest <= _SMALLEST_BANDWIDTH:
        return smallest
    return float(brentq(lambda s: error(s) - s, _SMALLEST_BANDWIDTH, 1.0, xtol=1e-15, rtol=1e-14))
