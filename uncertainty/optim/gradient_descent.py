"""Plain gradient descent."""

from __future__ import annotations

from torch import Tensor

from uncertainty.optim.base import Optimizer, OptimizerSpec


class GradientDescent(OptimizerSpec):
    """w <- w - rate g, and no memory: by `batch_size` full-batch, mini-batch or single-sample descent.

    Parameters
    ----------
    weight_decay : float >= 0, default 0
        Decoupled, as in `SGD`.
    clip_norm : float > 0 or None
        Largest gradient norm of one member.
    max_norm : float > 0 or None
        Largest norm of the weights that come into one hidden unit, as in `SGD`.

    References
    ----------
    Cauchy (1847); Robbins & Monro (1951), A stochastic approximation method, for gradients of part of the rows.
    """

    short_name = "gradient_descent"

    def __init__(
        self, weight_decay: float = 0.0, clip_norm: float | None = None, max_norm: float | None = None
    ) -> None:
        self.weight_decay = weight_decay
        self.clip_norm = clip_norm
        self.max_norm = max_norm

    def build(self, values: Tensor, decay_mask: Tensor) -> Optimizer:
        return _Descent(values, (), self.checked_decay(decay_mask))


class _Descent(Optimizer):
    def _update_(self, values: Tensor, gradient: Tensor, rate: float | Tensor) -> None:
        values.sub_(gradient * rate)
