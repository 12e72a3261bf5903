"""Stochastic gradient descent with momentum."""

from __future__ import annotations

from typing import Any, Literal

import torch
from torch import Tensor

from uncertainty.components.moving_averages import corrected_exponential_step, exponential_step
from uncertainty.components.spec import check_number
from uncertainty.optim.base import Optimizer, OptimizerSpec


class SGD(OptimizerSpec):
    """Gradient descent with (Nesterov) momentum.

    Parameters
    ----------
    momentum : float in [0, 1), default 0.9
    nesterov : bool, default True
        Step along the velocity as it will be if the next gradient is like this one: g + momentum v, or
        (1 - momentum) g + momentum v.
    momentum_form : "sum" or "average", default "sum"
        "sum" is torch's form, v <- momentum v + g, whose steps along a steady gradient grow to 1 / (1 - momentum) times
        those of plain descent. "average" is the exponential moving average, v <- momentum v + (1 - momentum) g, whose
        steps are of the gradient's own size, whatever the momentum: rate r of the one is rate r / (1 - momentum) of
        the other.
    bias_correction : bool, default False
        Divide the average, which starts at 0, by the sum 1 - momentum^t of its weights, so that the first steps are as
        long as the later ones (Kingma & Ba 2015, section 3). For momentum_form="average" only.
    weight_decay : float >= 0, default 0
        Decoupled: weights shrink by learning rate * weight_decay a step (Loshchilov & Hutter 2019, Algorithm 1).
    clip_norm : float > 0 or None
        Largest gradient norm of one member.
    max_norm : float > 0 or None
        Largest Euclidean norm of the weights that come into one hidden unit: after each step a longer vector is
        shortened to it (Srivastava et al. 2014, Dropout, section 5.1). 3 or 4 is usual.

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
        max_norm: float | None = None,
        momentum_form: Literal["sum", "average"] = "sum",
        bias_correction: bool = False,
    ) -> None:
        self.momentum = momentum
        self.nesterov = nesterov
        self.weight_decay = weight_decay
        self.clip_norm = clip_norm
        self.max_norm = max_norm
        self.momentum_form = momentum_form
        self.bias_correction = bias_correction

    def build(self, values: Tensor, decay_mask: Tensor) -> Optimizer:
        momentum = check_number("momentum", self.momentum, high=1.0, high_open=True)
        decay, nesterov = self.checked_decay(decay_mask), bool(self.nesterov)
        if self.momentum_form == "average":
            return _AveragedGradient(
                "average", values, momentum, nesterov, decay, bias_correction=bool(self.bias_correction)
            )
        if self.momentum_form != "sum":
            raise ValueError(f"momentum_form must be 'sum' or 'average', got {self.momentum_form!r}.")
        if self.bias_correction:
            raise ValueError(
                "bias_correction must be False with momentum_form='sum', got True. A sum has no bias: set "
                "momentum_form='average'."
            )
        return _SummedGradient("velocity", values, momentum, nesterov, decay)


class _Momentum(Optimizer):
    """Its one buffer has another name in each form, so that neither goes on from the other's, which is longer."""

    def __init__(self, buffer: str, values: Tensor, momentum: float, nesterov: bool, decay: Tensor | None) -> None:
        super().__init__(values, (buffer,), decay)
        self.momentum = momentum
        self.nesterov = nesterov


class _SummedGradient(_Momentum):
    def _update_(self, values: Tensor, gradient: Tensor, rate: float | Tensor) -> None:
        velocity = self.buffers["velocity"]
        velocity.mul_(self.momentum).add_(gradient)
        direction = gradient.add(velocity, alpha=self.momentum) if self.nesterov else velocity
        values.sub_(direction * rate)


class _AveragedGradient(_Momentum):
    """The average is kept as it is used, corrected for its bias or not."""

    def __init__(self, *arguments: Any, bias_correction: bool) -> None:
        super().__init__(*arguments)
        self.bias_correction = bias_correction

    def _update_(self, values: Tensor, gradient: Tensor, rate: float | Tensor) -> None:
        average = self.buffers["average"].lerp_(gradient, self._share(gradient, 0))
        direction = torch.lerp(average, gradient, self._share(gradient, 1)) if self.nesterov else average
        values.sub_(direction * rate)

    def _share(self, like: Tensor, ahead: int) -> Any:
        """The share of the newest gradient in the average, `ahead` steps from now."""
        if not self.bias_correction:
            return exponential_step(self.momentum)
        return corrected_exponential_step(self.momentum, self.count + ahead).to(like.dtype)
