"""Nadam: Adam with Nesterov momentum."""

from __future__ import annotations

import torch
from torch import Tensor

from uncertainty.components.spec import check_number
from uncertainty.optim.base import Optimizer, OptimizerSpec


class Nadam(OptimizerSpec):
    """Adam that steps along the first moment as it will be after one more gradient like this one.

    In torch's form, epsilon outside the root. The momentum of step t warms up, mu_t = beta_1 (1 - 0.5 * 0.96^(t psi)),
    and the first moment is corrected for its bias by the product of those so far.

    Parameters
    ----------
    beta_1, beta_2 : float in [0, 1), default 0.9 and 0.999
    epsilon : float > 0, default 1e-8
    momentum_decay : float >= 0, default 4e-3
        psi, the speed of the warm-up: from half of beta_1 it goes halfway to beta_1 in 17 / psi steps.
    weight_decay : float >= 0, default 0
        Decoupled, as in `Adam`.
    clip_norm : float > 0 or None
        Largest gradient norm of one member.
    max_norm : float > 0 or None
        Largest norm of the weights that come into one hidden unit, as in `SGD`.

    References
    ----------
    Dozat (2016), Incorporating Nesterov momentum into Adam, Algorithm 2.
    """

    short_name = "nadam"

    def __init__(
        self,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        momentum_decay: float = 4e-3,
        weight_decay: float = 0.0,
        clip_norm: float | None = None,
        max_norm: float | None = None,
    ) -> None:
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.momentum_decay = momentum_decay
        self.weight_decay = weight_decay
        self.clip_norm = clip_norm
        self.max_norm = max_norm

    def build(self, values: Tensor, decay_mask: Tensor) -> Optimizer:
        return _NesterovMoments(
            values,
            check_number("beta_1", self.beta_1, high=1.0, high_open=True),
            check_number("beta_2", self.beta_2, high=1.0, high_open=True),
            check_number("epsilon", self.epsilon, low_open=True),
            check_number("momentum_decay", self.momentum_decay),
            self.checked_decay(decay_mask),
        )


class _NesterovMoments(Optimizer):
    """`momentum_product` [M, 1] is the product of each member's momenta so far, which has no closed form."""

    def __init__(
        self,
        values: Tensor,
        beta_1: float,
        beta_2: float,
        epsilon: float,
        momentum_decay: float,
        decay: Tensor | None,
    ) -> None:
        super().__init__(values, ("first", "second"), decay)
        self.buffers["momentum_product"] = torch.ones_like(values[:, :1])
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.momentum_decay = momentum_decay

    def _momentum(self, count: Tensor) -> Tensor:
        return self.beta_1 * (1.0 - 0.5 * 0.96 ** (count * self.momentum_decay))

    def _update_(self, values: Tensor, gradient: Tensor, rate: float | Tensor) -> None:
        first, second = self.buffers["first"], self.buffers["second"]
        count = self.count
        now, next_one = self._momentum(count), self._momentum(count + 1.0)
        product = self.buffers["momentum_product"].mul_(now)  # [M, 1]
        first.lerp_(gradient, 1.0 - self.beta_1)
        second.mul_(self.beta_2).addcmul_(gradient, gradient, value=1.0 - self.beta_2)
        direction = gradient * ((1.0 - now) / (1.0 - product))
        direction.addcmul_(first, next_one / (1.0 - product * next_one))
        root = (second / (1.0 - self.beta_2**count)).sqrt_().add_(self.epsilon)
        values.sub_(direction.div_(root).mul_(rate))
