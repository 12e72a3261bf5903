"""Stochastic gradient descent with momentum."""

from __future__ import annotations

from torch import Tensor

from uncertainty.components.spec import check_number
from uncertainty.optim.base import Optimizer, OptimizerSpec, check_fraction, decay_


class SGD(OptimizerSpec):
    """Gradient descent with (Nesterov) momentum, in torch's form: v = momentum v + g.

    Parameters
    ----------
    momentum : float in [0, 1), default 0.9
    nesterov : bool, default True
    weight_decay : float >= 0, default 0
        Decoupled: weights shrink by learning rate * weight_decay a step (Loshchilov & Hutter 2019, Algorithm 1).
    clip_norm : float > 0 or None
        Largest gradient norm of one member.

    References
    ----------
    Sutskever et al. (2013), On the importance of initialization and momentum, eqs. 1-4.
    """

    short_name = "sgd"

    def __init__(
        self,
        momentum: float = 0.9,
        nesterov: bool = True,
        weight_decay: float = 0.0,
        clip_norm: float | None = None,
    ) -> None:
        self.momentum = momentum
        self.nesterov = nesterov
        self.weight_decay = weight_decay
        self.clip_norm = clip_norm

    def build(self, values: Tensor, decay_mask: Tensor) -> Optimizer:
        momentum = check_fraction("momentum", self.momentum)
        decay = check_number("weight_decay", self.weight_decay) * decay_mask
        return _MomentumDescent(values, momentum, bool(self.nesterov), decay if self.weight_decay else None)


class _MomentumDescent(Optimizer):
    def __init__(self, values: Tensor, momentum: float, nesterov: bool, decay: Tensor | None) -> None:
        super().__init__(values, ("velocity",))
        self.momentum = momentum
        self.nesterov = nesterov
        self.decay = decay

    def _update_(self, values: Tensor, gradient: Tensor, rate: float | Tensor) -> None:
        velocity = self.buffers["velocity"]
        velocity.mul_(self.momentum).add_(gradient)
        direction = gradient.add(velocity, alpha=self.momentum) if self.nesterov else velocity
        decay_(values, self.decay, rate)
        values.sub_(direction * rate)
