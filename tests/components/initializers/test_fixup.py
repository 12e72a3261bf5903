"""Fixup: the rules of the paper, and blocks that start as nothing."""

import numpy as np
import pytest
import torch

from uncertainty.components import MLP, Fixup, GlorotUniform, HeNormal, Residual
from uncertainty.components.activations import resolve_activation
from uncertainty.components.residual import NO_BLOCKS

SIZES = (6, *(6,) * 8, 5)  # four blocks between a first layer and one of another width


def start(initializer, activation="relu", sizes=SIZES, residual=True):
    mlp = MLP(3, sizes, 2, resolve_activation(activation), residual=Residual().build(sizes) if residual else NO_BLOCKS)
    generators = [np.random.default_rng(m) for m in range(2)]
    values, statistics = mlp.initialize(generators, initializer, dtype=torch.float64)
    return mlp, values, statistics


@pytest.mark.parametrize(("activation", "automatic"), [("relu", HeNormal()), ("tanh", GlorotUniform())], ids=str)
def test_the_weights_follow_the_rules(activation, automatic):
    mlp, values, _ = start(Fixup(), activation)
    found = mlp.layout.views(values)
    drawn = mlp.layout.views(start(automatic, activation)[1])
    for i in range(len(SIZES)):
        expected = drawn[f"hidden{i}.weight"]
        if i in (1, 3, 5, 7):
            expected = expected * 4**-0.5  # L^(-1 / (2 m - 2)) for L = 4 blocks of m = 2 layers
        if i in (2, 4, 6, 8):
            expected = torch.zeros_like(expected)
        torch.testing.assert_close(found[f"hidden{i}.weight"], expected, rtol=1e-12, atol=0)
    assert (found["output.weight"] == 0).all()


def with_a_random_output_layer(mlp, values, statistics):
    noise = torch.Generator().manual_seed(0)
    weight = mlp.layout.views(values)["output.weight"]
    weight.copy_(torch.randn(weight.shape, generator=noise, dtype=weight.dtype))
    return mlp.fold(values, statistics)


@pytest.mark.parametrize("depth", [2, 10, 40])
def test_the_signal_is_that_of_one_layer_at_any_depth(depth):
    deep = with_a_random_output_layer(*start(Fixup(), sizes=(6,) * (depth + 1)))
    shallow = with_a_random_output_layer(*start(HeNormal(), sizes=(6,), residual=False))
    x = torch.randn(2, 7, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    torch.testing.assert_close(deep.forward(x), shallow.forward(x), rtol=1e-12, atol=1e-12)


def test_without_it_the_stream_grows_with_every_block():
    x = torch.randn(2, 200, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    he, fixup = (with_a_random_output_layer(*start(i, sizes=(6,) * 41)).forward(x).std() for i in (HeNormal(), Fixup()))
    assert he > 100 * fixup


def test_a_network_without_blocks_is_refused():
    with pytest.raises(ValueError, match=r"'fixup' must have residual blocks.*Set residual='residual'"):
        start(Fixup(), residual=False)
