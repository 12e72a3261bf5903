"""Adadelta."""

from __future__ import annotations

from torch import Tensor

from uncertainty.components.spec import check_number
from uncertainty.optim.base import Optimizer, OptimizerSpec


class Adadelta(OptimizerSpec):
    """Gradient times the ratio of two running root mean squares, that of past steps and that of gradients.

    A step then has the unit of the weights, and `learning_rate_init` is a pure number: 1 is the paper's, and with the
    default of the estimators, 1e-2, training hardly moves. As in the paper and in torch epsilon is inside both roots:
    the first steps, of size sqrt(epsilon), come from it.

    Parameters
    ----------
    smoothing : float in [0, 1), default 0.9
        Share of the old mean square that is kept (rho).
    epsilon : float > 0, default 1e-6
        In squared units of a step.
    weight_decay : float >= 0, default 0
        Decoupled, as in `SGD`.
    clip_norm : float > 0 or None
        Largest gradient norm of one member.
    max_norm : float > 0 or None
        Largest norm of the weights that come into one hidden unit, as in `SGD`.

    References
    ----------
    Zeiler (2012), ADADELTA: an adaptive learning rate method, Algorithm 1.
    """

    short_name = "adadelta"

    def __init__(
        self,
        smoothing: float = 0.9,
        epsilon: float = 1e-6,
        weight_decay: float = 0.0,
        clip_norm: float | None = None,
        max_norm: float | None = None,
    ) -> None:
        self.smoothing = smoothing
        self.epsilon = epsilon
        self.weight_decay = weight_decay
        self.clip_norm = clip_norm
        self.max_norm = max_norm

    def build(self, values: Tensor, decay_mask: Tensor) -> Optimizer:
        smoothing = check_number("smoothing", self.smoothing, high=1.0, high_open=True)
        epsilon = check_number("epsilon", self.epsilon, low_open=True)
        return _RatioOfRootMeanSquares(values, smoothing, epsilon, self.checked_decay(decay_mask))


class _RatioOfRootMeanSquares(Optimizer):
    def __init__(self, values: Tensor, smoothing: float, epsilon: float, decay: Tensor | None) -> None:
        super().__init__(values, ("mean_square", "mean_square_step"), decay)
        self.smoothing = smoothing
        self.epsilon = epsilon

    def _update_(self, values: Tensor, gradient: Tensor, rate: float | Tensor) -> None:
        mean_square, mean_square_step = self.buffers["mean_square"], self.buffers["mean_square_step"]
        mean_square.mul_(self.smoothing).addcmul_(gradient, gradient, value=1.0 - self.smoothing)
        step = mean_square_step.add(self.epsilon).sqrt_().div_(mean_square.add(self.epsilon).sqrt_()).mul_(gradient)
        mean_square_step.mul_(self.smoothing).addcmul_(step, step, value=1.0 - self.smoothing)
        values.sub_(step.mul_(rate))
