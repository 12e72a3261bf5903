"""The one parameterisation of a scale: softplus with a floor.

sigma = floor + log(1 + exp(rho)). Small scales respond multiplicatively and large ones linearly, so a member far from
its data cannot blow up exponentially, and no scale falls below the floor. The torch form trains and the numpy form
predicts; `tests/heads` holds them equal.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional


def scale_from_raw(rho: Tensor, floor: float) -> Tensor:
    """Return sigma."""
    return functional.softplus(rho).add_(floor)


def scale_derivative(rho: Tensor) -> Tensor:
    """Return d sigma / d rho."""
    return torch.sigmoid(rho)


def raw_from_scale(scale: Tensor, floor: float) -> Tensor:
    """Return the rho whose sigma is `scale`; scales at or below the floor give a rho just above it."""
    excess = (scale - floor).clamp_min(0.1 * floor if floor > 0 else torch.finfo(scale.dtype).tiny)
    return excess + torch.log(-torch.expm1(-excess))


def predicted_scale(rho: NDArray[np.float64], floor: float) -> NDArray[np.float64]:
    """Return sigma in numpy."""
    # Exact to rounding: beyond 40 softplus is rho itself. numpy's logaddexp goes number by number, ten times slower.
    scale = np.minimum(rho, 40.0)
    np.log1p(np.exp(scale, out=scale), out=scale)
    np.maximum(scale, rho, out=scale)
    scale += floor
    return scale
