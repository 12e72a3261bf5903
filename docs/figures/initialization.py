"""The size of the signal layer by layer at the start of a fit, by initializer."""

import numpy as np
import style
import torch

from uncertainty import DeepEnsembleRegressor, ProbabilisticMLPRegressor

N_MEMBERS = 40
FUNCTIONS = {"relu": torch.relu, "tanh": torch.tanh}
LINES = dict(zip(["he_normal", "glorot_uniform", "lsuv", "random_normal", "random_walk"], style.LINES, strict=False))
LABELS = {"random_normal": "random_normal\n(std 0.01)"}


def second_moments(activation, initializer, width, n_layers):
    """Mean square of the pre-activations of each layer [n_layers, M], over rows and units, at the start of a fit."""
    X = np.random.default_rng(0).normal(size=(256, width))
    network = ProbabilisticMLPRegressor(
        (width,) * n_layers,
        activation,
        initializer=initializer,
        learning_rate_init=1e-12,  # a fit that stays where it starts
        max_iter=1,
        early_stopping=False,
        dtype="float64",
    )
    members = DeepEnsembleRegressor(network, n_estimators=N_MEMBERS, random_state=0).fit(X, X[:, 0]).members_
    weights = members.mlp.layout.views(torch.from_numpy(members.values))
    h, moments = torch.from_numpy((X - X.mean(axis=0)) / X.std(axis=0)), []
    for layer in range(n_layers):
        z = h @ weights[f"hidden{layer}.weight"]
        moments.append(z.square().mean(dim=(1, 2)))
        h = FUNCTIONS[activation](z)
    return torch.stack(moments).numpy()


def draw(axis, activation, names, width, n_layers, average):
    for name in names:
        colour, dashes = LINES[name]
        moments = average(second_moments(activation, name, width, n_layers))
        label = LABELS.get(name, name)
        axis.semilogy(np.arange(1, n_layers + 1), moments, dashes, color=colour, marker=".", markersize=4, label=label)
    axis.set(xlabel="hidden layer")


figure, (wide, saturating, narrow) = style.panels(1, 3, 3.2)
for axis, activation in ((wide, "relu"), (saturating, "tanh")):
    names = ["he_normal", "glorot_uniform", "lsuv", "random_normal"]
    draw(axis, activation, names, 100, 10, lambda moments: moments.mean(axis=1))
    axis.set(title=f"{activation}, layers of 100", ylim=(1e-6, 10.0))
draw(narrow, "relu", ["he_normal", "random_walk"], 16, 40, lambda moments: np.exp(np.log(moments).mean(axis=1)))
narrow.set(title="relu, layers of 16", ylabel="the same, geometric mean")
wide.set(ylabel="mean square of the pre-activations")
saturating.legend(loc="lower right")
narrow.legend()
style.save(figure, __file__)
