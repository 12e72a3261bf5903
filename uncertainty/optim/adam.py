"""Adam, AMSGrad, and decoupled weight decay (AdamW)."""

from __future__ import annotations

import torch
from torch import Tensor

from uncertainty.components.spec import check_number
from uncertainty.optim.base import Optimizer, OptimizerSpec


class Adam(OptimizerSpec):
    """Adam in torch's form: epsilon outside the root, bias-corrected moments.

    Parameters
    ----------
    beta_1, beta_2 : float in [0, 1), default 0.9 and 0.999
    epsilon : float > 0, default 1e-8
    amsgrad : bool, default False
        Divide by the largest second moment so far (Reddi et al. 2018, Algorithm 2).
    weight_decay : float >= 0, default 0
        Decoupled, as in AdamW (Loshchilov & Hutter 2019, Algorithm 2); biases are left alone.
    clip_norm : float > 0 or None
        Largest gradient norm of one member.
    max_norm : float > 0 or None
        Largest norm of the weights that come into one hidden unit, as in `SGD`.

    References
    ----------
    Kingma & Ba (2015), Adam, Algorithm 1.
    """

    short_name = "adam"

    def __init__(
        self,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        amsgrad: bool = False,
        weight_decay: float = 0.0,
        clip_norm: float | None = None,
        max_norm: float | None = None,
    ) -> None:
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.amsgrad = amsgrad
        self.weight_decay = weight_decay
        self.clip_norm = clip_norm
        self.max_norm = max_norm

    def build(self, values: Tensor, decay_mask: Tensor) -> Optimizer:
        beta_1 = check_number("beta_1", self.beta_1, high=1.0, high_open=True)
        beta_2 = check_number("beta_2", self.beta_2, high=1.0, high_open=True)
        epsilon = check_number("epsilon", self.epsilon, low_open=True)
        return _AdaptiveMoments(values, (beta_1, beta_2), epsilon, bool(self.amsgrad), self.checked_decay(decay_mask))


class _AdaptiveMoments(Optimizer):
    def __init__(
        self, values: Tensor, betas: tuple[float, float], epsilon: float, amsgrad: bool, decay: Tensor | None
    ) -> None:
        super().__init__(values, ("first", "second", "largest") if amsgrad else ("first", "second"), decay)
        self.beta_1, self.beta_2 = betas
        self.epsilon = epsilon

    def _update_(self, values: Tensor, gradient: Tensor, rate: float | Tensor) -> None:
        largest = [self.buffers["largest"]] if "largest" in self.buffers else []
        # The kernel behind torch.optim.Adam(fused=True): one pass over memory instead of one for each operation.
        torch._fused_adam_(
            [values],
            [gradient],
            [self.buffers["first"]],
            [self.buffers["second"]],
            largest,
            [self.steps],
            lr=rate,
            beta1=self.beta_1,
            beta2=self.beta_2,
            weight_decay=0.0,
            eps=self.epsilon,
            amsgrad=bool(largest),
            maximize=False,
        )
