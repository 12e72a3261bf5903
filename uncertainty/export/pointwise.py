"""Activations that are a function of one number: the formula of each of `KERNELS`, by its name.

None ends with a product by a number: onnxruntime would make one of that and the matrix product behind it, and round
the number to single precision.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import sqrt
from typing import Any

import numpy as np
from scipy.special import erfcx

from uncertainty.export.graph import Value

# Of the polynomial behind erfc: its relative error is then 3e-13.
DEGREE = 20


def _leaky_relu(z: Value, slope: float) -> Value:
    return (z > 0.0).where(z, slope * z)


def _elu(z: Value, alpha: float, scale: float) -> Value:
    return (z > 0.0).where(scale * z, (scale * alpha) * (z.exp() - 1.0))


def _gelu(z: Value) -> Value:
    return z * _normal_cdf(z)


def _hard_sigmoid(z: Value) -> Value:
    return (z / 6.0 + 0.5).at_least(0.0).at_most(1.0)


FORMULAS: dict[str, Callable[..., Value]] = {
    "identity": lambda z: z,
    "sigmoid": lambda z: z.sigmoid(),
    "tanh": lambda z: z.tanh(),
    "relu": lambda z: z.at_least(0.0),
    "leaky_relu": _leaky_relu,
    "elu": _elu,
    "gelu": _gelu,
    # z sigmoid(z) is what some versions of onnxruntime replace by an operator that they lack in double precision.
    "silu": lambda z: z / (1.0 + (-z).exp()),
    "mish": lambda z: z * z.softplus().tanh(),
    "softplus": lambda z: z.softplus(),
    "hard_tanh": lambda z: z.at_least(-1.0).at_most(1.0),
    "hard_sigmoid": _hard_sigmoid,
    "hard_silu": lambda z: z * _hard_sigmoid(z),
}


def _normal_cdf(z: Value) -> Value:
    """Normal cdf, as onnxruntime has no erf in double precision.

    erfc(x) = t exp(p(2 t - 1) - x^2) for x >= 0, with t = 2 / (2 + x) between 0 and 1 and a polynomial p: the form of
    Press et al. (2007), Numerical recipes, section 6.2.2. The far tail so keeps its relative accuracy.
    """
    x = abs(z) / sqrt(2.0)
    t = 2.0 / (2.0 + x)
    argument, (*lower, second, highest) = 2.0 * t - 1.0, _coefficients()
    exponent = highest * argument + second
    for coefficient in lower[::-1]:
        exponent = exponent * argument + coefficient
    tail = 0.5 * t * (exponent - x * x).exp()
    return (z > 0.0).where(1.0 - tail, tail)


@cache
def _coefficients() -> list[float]:
    """Coefficients of p, lowest power first: interpolation at Chebyshev points."""

    def exponent(argument: Any) -> Any:
        t = 0.5 * (argument + 1.0)
        return np.log(erfcx(2.0 / t - 2.0) / t)

    of_chebyshev = np.polynomial.chebyshev.chebinterpolate(exponent, DEGREE)
    return [float(c) for c in np.polynomial.chebyshev.cheb2poly(of_chebyshev)]
