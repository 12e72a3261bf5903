"""Activations and their derivatives, from the networks that use them."""

import numpy as np
import style
import torch

from uncertainty import ELU, SELU, LeakyReLU, ProbabilisticMLPRegressor

Z = np.linspace(-4.0, 4.0, 1601)

RECTIFIERS = {
    "relu": "relu",
    "leaky_relu, slope 0.25\n(as prelu starts)": LeakyReLU(0.25),
    "elu": ELU(),
    "selu": SELU(),
    "softplus": "softplus",
}
SMOOTH = {"silu": "silu", "gelu": "gelu", "mish": "mish", "hard_silu": "hard_silu"}
SATURATING = {name: name for name in ("tanh", "hard_tanh", "sigmoid", "hard_sigmoid")}


def values(activation):
    """f(Z) of a network of one unit whose weight is 1 and whose bias is 0."""
    # Two rows and a rate of nothing: only the network's shape is of interest.
    network = ProbabilisticMLPRegressor(
        (1,), activation, learning_rate_init=1e-9, max_iter=1, early_stopping=False, random_state=0
    ).fit([[-1.0], [1.0]], [0.0, 1.0])
    mlp, weights = network.members_.mlp, torch.zeros(1, network.members_.mlp.layout.size, dtype=torch.float64)
    mlp.layout.views(weights)["hidden0.weight"].fill_(1.0)
    return mlp.fold(weights, torch.zeros(1, 0)).hidden(torch.from_numpy(Z).view(1, -1, 1)).numpy().ravel()


figure, axes = style.panels(2, 3, 5.2, sharex=True)
families = {"rectifiers": RECTIFIERS, "smooth rectifiers": SMOOTH, "saturating": SATURATING}
for (title, family), (above, below) in zip(families.items(), axes.T, strict=True):
    for (label, activation), (colour, dashes) in zip(family.items(), style.LINES, strict=False):
        h = values(activation)
        above.plot(Z, h, color=colour, linestyle=dashes, label=label)
        below.plot(Z, np.gradient(h, Z), color=colour, linestyle=dashes)
    above.set(title=title)
    above.legend(loc="lower right" if family is SATURATING else "upper left")
    below.set(xlabel="pre-activation $z$")
axes[0, 0].set(ylabel="$f(z)$")
axes[1, 0].set(ylabel="$f'(z)$")
style.save(figure, __file__)
