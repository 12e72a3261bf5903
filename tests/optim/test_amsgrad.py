"""The published counter-example, on which Adam goes to the worst point and AMSGrad to the best.

Reddi, Kale & Kumar (2018), On the convergence of Adam and beyond, section 3: linear losses on [-1, 1] whose large,
rare gradients point the right way and whose small, frequent ones the wrong way. (Its random version takes millions of
steps to show.)
"""

import numpy as np
import torch

from uncertainty.optim import Adam, InverseScaling


def final_point(spec, gradients, rate):
    """Where projected descent at the rates rate / sqrt(t) ends, from 0, for gradients [T, M]: one number a member."""
    n_steps, n_members = gradients.shape
    values = torch.zeros(n_members, 16, dtype=torch.float64)
    optimizer, factor = spec.build(values, torch.zeros(16, dtype=torch.float64)), InverseScaling().build(1, n_steps)
    for step in range(n_steps):
        gradient = torch.from_numpy(gradients[step]).unsqueeze(1).expand(-1, 16).contiguous()
        optimizer.update_(values, gradient, rate * factor(step))
        values.clamp_(-1.0, 1.0)
    return values[:, 0].numpy()


def test_adam_ends_at_the_worst_point_of_the_periodic_losses_and_amsgrad_at_the_best():
    # f_t(x) = C x for t mod 3 = 1, else -x: the sum over a period is (C - 2) x, smallest at -1. Adam with beta_1 = 0
    # and beta_2 = 1 / (1 + C^2) is that of the paper's Theorem 1.
    large = 3.0
    gradients = np.where(np.arange(1, 6001) % 3 == 1, large, -1.0)[:, None]
    moments = {"beta_1": 0.0, "beta_2": 1 / (1 + large**2), "epsilon": 1e-12}
    assert final_point(Adam(**moments), gradients, 0.5) > 0.9
    assert final_point(Adam(**moments, amsgrad=True), gradients, 0.5) < -0.9
