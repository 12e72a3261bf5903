"""RMSprop."""

from __future__ import annotations

from torch import Tensor

from uncertainty.components.spec import check_number
from uncertainty.optim.base import Optimizer, OptimizerSpec


class RMSprop(OptimizerSpec):
    """Gradient divided by a running root mean square, in torch's form: epsilon outside the root.

    Parameters
    ----------
    smoothing : float in [0, 1), default 0.99
        Decay rate of the mean square (alpha in torch).
    epsilon : float > 0, default 1e-8
    weight_decay : float >= 0, default 0
        Decoupled, as in `SGD`.
    clip_norm : float > 0 or None
        Largest gradient norm of one member.
    max_norm : float > 0 or None
        Largest norm of the weights that come into one hidden unit, as in `SGD`.

    References
    ----------
    Tieleman & Hinton (2012), Lecture 6.5, rmsprop.
    """

    short_name = "rmsprop"

    def __init__(
        self,
        smoothing: float = 0.99,
        epsilon: float = 1e-8,
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
        return _RootMeanSquare(values, smoothing, epsilon, self.checked_decay(decay_mask))


class _RootMeanSquare(Optimizer):
    def __init__(self, values: Tensor, smoothing: float, epsilon: float, decay: Tensor | None) -> None:
        super().__init__(values, ("mean_square",), decay)
        self.smoothing = smoothing
        self.epsilon = epsilon

    def _update_(self, values: Tensor, gradient: Tensor, rate: float | Tensor) -> None:
        mean_square = self.buffers["mean_square"]
        mean_square.mul_(self.smoothing).addcmul_(gradient, gradient, value=1.0 - self.smoothing)
        values.sub_((gradient / mean_square.sqrt().add_(self.epsilon)).mul_(rate))
