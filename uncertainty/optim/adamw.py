"""Adam with decoupled weight decay by default."""

from __future__ import annotations

from torch import Tensor

from uncertainty.optim.adam import Adam
from uncertainty.optim.base import Optimizer, OptimizerSpec


class AdamW(OptimizerSpec):
    """Adam with decoupled weight decay: every step shrinks the weights by the learning rate times `weight_decay`.

    Parameters
    ----------
    weight_decay : float >= 0, default 0.02
        Biases are left alone.
    beta_1, beta_2, epsilon, amsgrad, clip_norm, max_norm
        As in `Adam`.

    References
    ----------
    Loshchilov & Hutter (2019), Decoupled weight decay regularization, Algorithm 2.
    """

    short_name = "adamw"

    def __init__(
        self,
        weight_decay: float = 0.02,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        amsgrad: bool = False,
        clip_norm: float | None = None,
        max_norm: float | None = None,
    ) -> None:
        self.weight_decay = weight_decay
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.amsgrad = amsgrad
        self.clip_norm = clip_norm
        self.max_norm = max_norm

    def build(self, values: Tensor, decay_mask: Tensor) -> Optimizer:
        return Adam(**self.get_params()).build(values, decay_mask)
