"""What a network is made of, and where its weights start."""

from __future__ import annotations

from typing import Any

from uncertainty import (
    ELU,
    LSUV,
    SELU,
    BatchNorm,
    DataDependent,
    Dropout,
    Fixup,
    GlorotNormal,
    GlorotUniform,
    GroupNorm,
    HeNormal,
    HeUniform,
    LayerNorm,
    LeakyReLU,
    LeCunNormal,
    Maxout,
    Orthogonal,
    PReLU,
    RandomizedReLU,
    RandomNormal,
    RandomWalk,
    Residual,
)

from ..family import Family, Option, with_each

WIDTH = 64
DEEP = {"hidden_layer_sizes": (WIDTH,) * 5}
N_MASKS = 100


def activations(n_epochs: int) -> Family:
    """Return the activations; those without constants go by their names."""
    smooth = ("silu", "gelu", "mish", "softplus", "tanh", "sigmoid", "identity")
    piecewise = ("relu", "hard_silu", "hard_tanh", "hard_sigmoid")
    specs = {
        "leaky_relu": LeakyReLU(),
        "prelu": PReLU(),
        "rrelu": RandomizedReLU(),
        "elu": ELU(),
        "selu": SELU(),
        "maxout of 2": Maxout(n_pieces=2),
    }
    every: dict[str, Any] = {name: name for name in (*smooth, *piecewise)} | specs
    return Family(
        with_each({}, {name: {"activation": activation} for name, activation in every.items()}),
        "A layer of maxout has as many parameters as pieces times those of another.",
    )


def initializers(n_epochs: int) -> Family:
    """Return the initializers, for relu and deep enough for the scale of the weights to matter."""
    specs = {
        "he_normal": HeNormal(),
        "he_uniform": HeUniform(),
        "he_normal, bias 0.01": HeNormal(bias=0.01),
        "glorot_normal": GlorotNormal(),
        "glorot_uniform": GlorotUniform(),
        "lecun_normal": LeCunNormal(),
        "orthogonal": Orthogonal(),
        "random_normal, 0.01": RandomNormal(std=0.01),
        "random_walk": RandomWalk(),
        "lsuv": LSUV(),
        "data_dependent": DataDependent(),
    }
    options: dict[str, Any] = {name: {"initializer": spec} for name, spec in specs.items()}
    options["residual, he_normal"] = {"initializer": HeNormal(), "residual": Residual()}
    options["residual, fixup"] = {"initializer": Fixup(), "residual": Residual()}
    return Family(
        with_each(DEEP | {"activation": "relu"}, options),
        "Five hidden layers of relu; the last two options have residual blocks.",
    )


def normalization(n_epochs: int) -> Family:
    """Return the normalizations, in five layers that start well and in five that do not."""
    specs = {"none": None, "batch": BatchNorm(), "layer": LayerNorm(), "groups of 4": GroupNorm(n_groups=WIDTH // 4)}
    poor: dict[str, Any] = {"activation": "tanh", "initializer": RandomNormal(std=0.01)}
    options = {name: {"normalization": spec} for name, spec in specs.items()}
    options |= {f"{name}, poor start": poor | {"normalization": spec} for name, spec in specs.items()}
    return Family(with_each(DEEP, options), "Five hidden layers; the poor start is tanh with normal weights of 0.01.")


def depth(n_epochs: int) -> Family:
    """Return deeper networks, plain and with residual blocks."""

    def layers(n_layers: int, residual: Residual | None = None) -> dict[str, Any]:
        return {"hidden_layer_sizes": (WIDTH,) * n_layers, "residual": residual}

    options = {
        "2 layers": layers(2),
        "7 layers": layers(7),
        "7 layers, residual": layers(7, Residual()),
        "7 layers, stochastic depth 0.2": layers(7, Residual(stochastic_depth=0.2)),
        "15 layers": layers(15),
        "15 layers, residual": layers(15, Residual()),
    }
    return Family(
        with_each({"activation": "relu"}, options),
        "Layers of relu. Stochastic depth is of residual blocks, which rows skip at random in training.",
    )


def dropout(n_epochs: int) -> Family:
    """Return the kinds of dropout, and three of them under MC-dropout."""
    kinds = {
        "unit 0.1": Dropout(rate=0.1),
        "connect 0.1": Dropout(rate=0.1, kind="connect"),
        "concrete": Dropout(rate=0.1, kind="concrete"),
    }
    options = {"none": Option()}
    options |= {name: Option({"dropout": spec}) for name, spec in kinds.items()}
    options["unit 0.05, then 0.2"] = Option({"dropout": Dropout(rate=(0.05, 0.2))})
    options["input 0.1"] = Option({"dropout": Dropout(rate=0.0, input_rate=0.1)})
    options |= {f"{name}, MC": Option({"dropout": spec}, n_masks=N_MASKS) for name, spec in kinds.items()}
    return Family(
        options,
        f"MC: one network, whose dropout stays on at prediction, with {N_MASKS} masks. Stochastic depth, which needs "
        f"residual blocks, stands with depth.",
    )
