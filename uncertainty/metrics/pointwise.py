"""Unreduced formulas for normal distributions and mixtures of them: one value per observation, no input checks.

Everything broadcasts as numpy does. In a mixture the component axis is the last one, the weights sum to 1 along it, and
scales are standard deviations above zero. The public metrics check their input and then average these values.
"""

import numpy as np
import numpy.typing as npt
from scipy.special import erf, logsumexp

from .checks import FloatArray

_LOG_SQRT_2PI = 0.5 * np.log(2.0 * np.pi)
_SQRT_2_OVER_PI = np.sqrt(2.0 / np.pi)
_SQRT_PI = np.sqrt(np.pi)
# Elements of one (rows, components) temporary: 1 MiB, so that the ten or so alive at a time stay far below 32 MiB.
_BLOCK_ELEMENTS = 2**17


def normal_logpdf(y: npt.ArrayLike, mean: npt.ArrayLike, std: npt.ArrayLike) -> FloatArray:
    """Return the log density of N(mean, std^2) at `y`, constant included; -inf where it underflows even in logs."""
    with np.errstate(over="ignore"):
        z = np.subtract(y, mean) / std
        return np.asarray(-0.5 * z**2 - np.log(std) - _LOG_SQRT_2PI)


def normal_crps(y: npt.ArrayLike, mean: npt.ArrayLike, std: npt.ArrayLike) -> FloatArray:
    """Return the continuous ranked probability score of N(mean, std^2) at `y`, in units of `y`."""
    std = np.asarray(std, dtype=np.float64)
    return np.asarray(_mean_absolute_normal(np.subtract(y, mean), std) - std / _SQRT_PI)


def normal_mixture_logpdf(
    y: npt.ArrayLike, weights: npt.ArrayLike, means: npt.ArrayLike, scales: npt.ArrayLike
) -> FloatArray:
    """Return the log density `[...]` of a mixture of normals, arrays `[..., K]`, at each element of `y` `[...]`."""
    log_density = normal_logpdf(np.asarray(y)[..., None], means, scales)  # [..., K]
    return np.asarray(logsumexp(log_density, axis=-1, b=weights))


def joint_normal_mixture_logpdf(
    y: npt.ArrayLike, weights: npt.ArrayLike, means: npt.ArrayLike, scales: npt.ArrayLike
) -> FloatArray:
    """Return the joint log density `[...]` of T targets that are independent within a component.

    `y` is `[..., T]`, `weights` `[..., K]` (one weight for all targets of a component), `means` and `scales`
    `[..., T, K]`. The mixture makes the targets dependent: this is not the sum of the marginal log densities.
    """
    log_density = normal_logpdf(np.asarray(y)[..., None], means, scales).sum(axis=-2)  # [..., K]
    return np.asarray(logsumexp(log_density, axis=-1, b=weights))


def normal_mixture_crps(
    y: npt.ArrayLike, weights: npt.ArrayLike, means: npt.ArrayLike, scales: npt.ArrayLike
) -> FloatArray:
    """Return the exact CRPS `[...]` of a mixture of normals, arrays `[..., K]`, at each element of `y` `[...]`.

    E|X - y| - E|X - X'| / 2 with both expectations in closed form (Grimit et al. 2006, eq. 5). Time grows with K^2,
    memory beyond the arguments and the result stays at a few MiB.
    """
    y = np.asarray(y, dtype=np.float64)
    arrays = [np.asarray(a, dtype=np.float64) for a in (weights, means, scales)]
    shape = np.broadcast_shapes((*y.shape, 1), *(a.shape for a in arrays))
    rows = np.broadcast_to(y, shape[:-1]).reshape(-1, 1)  # [N, 1]
    w, m, s = (np.broadcast_to(a, shape).reshape(-1, shape[-1]) for a in arrays)  # [N, K]
    crps = np.empty(len(rows))
    step = max(1, _BLOCK_ELEMENTS // shape[-1])
    for start in range(0, len(rows), step):
        block = slice(start, start + step)
        error = (w[block] * _mean_absolute_normal(rows[block] - m[block], s[block])).sum(axis=-1)
        crps[block] = error - 0.5 * _mixture_mean_difference(w[block], m[block], s[block])
    return crps.reshape(shape[:-1])


def _mean_absolute_normal(mean: FloatArray, std: FloatArray) -> FloatArray:
    """Return E|Z| of Z ~ N(mean, std^2): the function A of Grimit et al. (2006)."""
    with np.errstate(over="ignore"):  # far from zero the exponential vanishes and |mean| remains
        z = mean / std
        return np.asarray(mean * erf(z * np.sqrt(0.5)) + _SQRT_2_OVER_PI * std * np.exp(-0.5 * z**2))


def _mixture_mean_difference(weights: FloatArray, means: FloatArray, scales: FloatArray) -> FloatArray:
    """Return E|X - X'| `[N]` of two independent draws from one mixture `[N, K]` (Gini's mean difference).

    Pairs are taken by their distance along the component axis, wrapped around: component k against k + offset. Each
    pair then comes up once, without an (N, K, K) array. With K even, the last offset meets every pair twice.
    """
    n_components = weights.shape[-1]
    half = n_components // 2
    total = (weights**2 * scales).sum(axis=-1) * (2.0 / _SQRT_PI)  # a component against itself: N(0, 2 std^2)
    wrapped_w, wrapped_m, wrapped_s = (np.concatenate([a, a[:, :half]], axis=-1) for a in (weights, means, scales))
    for offset in range(1, half + 1):
        other = slice(offset, offset + n_components)
        distance = _mean_absolute_normal(means - wrapped_m[:, other], np.hypot(scales, wrapped_s[:, other]))
        pairs = (weights * wrapped_w[:, other] * distance).sum(axis=-1)
        total += pairs if 2 * offset == n_components else 2.0 * pairs
    return np.asarray(total)
