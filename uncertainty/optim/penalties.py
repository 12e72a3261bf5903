"""L1 and L2 penalties on the weights."""

from __future__ import annotations

from torch import Tensor


def add_penalty_gradient_(gradient: Tensor, values: Tensor, mask: Tensor, *, alpha: float, l1_ratio: float) -> None:
    """Add the gradient of alpha ((1 - l1_ratio) / 2 |w|^2 + l1_ratio |w|_1) to `gradient` [M, P] in place.

    `mask` [P] selects the weights. The penalty is per mean loss, as in `sklearn.linear_model.SGDRegressor`, so its
    strength does not depend on the number of rows.
    """
    if alpha == 0.0:
        return
    if l1_ratio < 1.0:
        gradient.addcmul_(values, mask, value=alpha * (1.0 - l1_ratio))
    if l1_ratio > 0.0:
        gradient.addcmul_(values.sign(), mask, value=alpha * l1_ratio)
