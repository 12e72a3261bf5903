"""What holds weights small: L1 and L2 penalties in each step's gradient, and a largest norm for those of a unit.

L1 is there to make weights exactly zero, which a subgradient never does: it steps over zero and back. Soft
thresholding by rate * strength after the step does, for plain gradient descent. Under an optimizer that scales its
steps the threshold would have to be scaled alike, or it belongs to another objective, and that scale has no bound where
gradients are zero, as all those of the hidden layers are in the first step. So the orthant rule is used, which leaves
the size of steps to the optimizer: a weight that a step carries across zero stops at zero, and one at zero leaves it
only if the loss pulls harder than the penalty holds. It is the truncated gradient, by the sign before the step.
"""

from __future__ import annotations

import torch
from torch import Tensor


def add_penalty_gradient_(
    gradient: Tensor, values: Tensor, mask: Tensor, *, alpha: float, l1_ratio: float
) -> Tensor | None:
    """Add the gradient of alpha ((1 - l1_ratio) / 2 |w|^2 + l1_ratio |w|_1) to `gradient` [M, P] in place.

    `mask` [P] selects the weights. The penalty is per mean loss, as in `sklearn.linear_model.SGDRegressor`, so its
    strength does not depend on the number of rows. Where a weight is zero, the gradient is the shortest subgradient:
    zero, unless the loss pulls harder than alpha * l1_ratio.

    Returns
    -------
    Without L1 None. With it, the orthant [M, P] for `stay_in_orthant_` after the step: the sign that each weight may
    have.

    References
    ----------
    Andrew & Gao (2007), Scalable training of L1-regularized log-linear models, section 3: the pseudo-gradient.
    """
    if alpha == 0.0:
        return None
    if l1_ratio < 1.0:
        gradient.addcmul_(values, mask, value=alpha * (1.0 - l1_ratio))
    if l1_ratio == 0.0:
        return None
    strength = mask * (alpha * l1_ratio)
    side = values.sign()
    held = torch.minimum(torch.maximum(gradient, -strength), strength)
    at_zero = values == 0.0
    gradient.add_(torch.where(at_zero, -held, side * strength))
    return torch.where(at_zero, -gradient.sign(), side)


def stay_in_orthant_(values: Tensor, orthant: Tensor, mask: Tensor) -> None:
    """Set the weights (where `mask` [P] is not zero) whose sign is not that of the `orthant` [M, P] to zero.

    The projection pi of Andrew & Gao (2007), section 3; compare Langford, Li & Zhang (2009), Sparse online learning
    via truncated gradient. What is not finite stays so, and is found.
    """
    crossed = (values * orthant <= 0.0) & (mask != 0.0)
    values.mul_(~crossed)  # and not filled: infinity times 0 is NaN


def limit_norms_(weight: Tensor, largest_norm: float) -> None:
    """Shorten the incoming weights of each unit, the columns of `weight` [M, in, out], to the norm where longer.

    A norm that overflows makes them NaN. Srivastava et al. (2014), Dropout, section 5.1.
    """
    norm = torch.linalg.vector_norm(weight, dim=1, keepdim=True)
    factor = (largest_norm / norm).clamp_max(1.0)
    weight.mul_(torch.where(torch.isfinite(norm), factor, torch.nan))
