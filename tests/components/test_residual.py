"""Residual blocks against their formula, and the blocks that random rows skip."""

import numpy as np
import pytest
import torch

from uncertainty.components import MLP, BatchNorm, HeNormal, Residual
from uncertainty.components.layer import Batch
from uncertainty.components.pointwise import pointwise
from uncertainty.components.residual import NO_BLOCKS

N_MEMBERS, N_ROWS, N_INPUTS = 2, 6, 3
HIDDEN = (5, 4, 5, 7, 6)  # a block from layer 1 to 2 around a narrower layer, and two ordinary layers


def make_network(normal, hidden=HIDDEN, *, depth=0.0, normalizer=None, n_members=N_MEMBERS):
    mlp = MLP(N_INPUTS, hidden, 2, pointwise("tanh"), normalizer, residual=Residual(depth).build(hidden))
    values, statistics = mlp.initialize(
        [np.random.default_rng(m) for m in range(n_members)], HeNormal(), dtype=torch.float64
    )
    return mlp, values + 0.3 * normal(*values.shape), statistics + normal(*statistics.shape, seed=1).abs()


def train_form(mlp, values, statistics, x, noise=()):
    h, batch = x, Batch(x, x, None, noise, x.shape[1])
    for layer in mlp.layers(values, torch.zeros_like(values), statistics):
        h = layer.forward(h, batch, 0)
    return h.clone()


def written(mlp, values, x, taken=1.0):
    """tanh networks of `HIDDEN` layers with their one block; `taken` multiplies what the block adds."""
    p = mlp.layout.views(values)

    def linear(i, h):
        return h @ p[f"hidden{i}.weight"] + p[f"hidden{i}.bias"].unsqueeze(1)

    z = linear(0, x)
    z = z + taken * linear(2, torch.tanh(linear(1, torch.tanh(z))))
    h = torch.tanh(linear(4, torch.tanh(linear(3, torch.tanh(z)))))
    return h @ p["output.weight"].transpose(1, 2) + p["output.bias"].unsqueeze(1)


def test_a_block_adds_what_two_layers_make_of_the_stream(normal):
    mlp, values, statistics = make_network(normal)
    x = normal(N_MEMBERS, N_ROWS, N_INPUTS, seed=2)
    expected = written(mlp, values, x)
    torch.testing.assert_close(train_form(mlp, values, statistics, x), expected)
    torch.testing.assert_close(mlp.fold(values, statistics).forward(x), expected)
    shared = x[:1]
    torch.testing.assert_close(mlp.fold(values, statistics).forward(shared), written(mlp, values, shared))


def test_rows_skip_a_block_as_the_noise_says(normal):
    mlp, values, statistics = make_network(normal, depth=0.5)
    x = normal(N_MEMBERS, N_ROWS, N_INPUTS, seed=2)
    sources = [np.random.Generator(np.random.SFC64(m)) for m in range(N_MEMBERS)]
    taken = mlp.draw_noise(sources, N_ROWS, 1, dtype=x.dtype)
    assert taken[0].shape == (N_MEMBERS, N_ROWS, 1)
    assert set(taken[0].unique().tolist()) == {0.0, 2.0}
    found = train_form(mlp, values, statistics, x, taken)
    torch.testing.assert_close(found, written(mlp, values, x, taken[0]))


def test_the_stream_at_prediction_is_its_mean_in_training(normal, through):
    mlp, values, statistics = make_network(normal, depth=0.4, n_members=1)
    linear, block = mlp.layers(values, torch.zeros_like(values), statistics)[:2]
    n = 5000
    x = normal(1, 1, N_INPUTS, seed=2).expand(1, n, N_INPUTS).contiguous()
    stream, _ = through(linear, x, torch.zeros(1, n, HIDDEN[0]).double())
    taken = mlp.draw_noise([np.random.Generator(np.random.SFC64(0))], n, 1, dtype=x.dtype)
    out, _ = through(block, stream, torch.zeros_like(stream), taken)
    first, whole = mlp.fold(values, statistics).steps[:2]
    predicted = whole.forward(first.forward(x[:, :1]))[0, 0]
    added = predicted - stream[0, 0]
    standard_error = added.abs() * np.sqrt(0.4 / 0.6 / n)
    assert ((out[0].mean(dim=0) - predicted).abs() < 4 * standard_error).all()


def test_the_chance_to_skip_grows_linearly_with_depth():
    # Huang et al. (2016), eq. 4: block l of L survives with probability 1 - l / L (1 - p_L).
    blocks = Residual(0.4).build((8,) * 9)
    assert blocks.starts == (1, 3, 5, 7)
    np.testing.assert_allclose(blocks.skip_rates, [0.1, 0.2, 0.3, 0.4])
    assert [name for name, _ in blocks.noise()] == ["block0", "block1", "block2", "block3"]
    assert list(Residual().build((8,) * 9).noise()) == []


@pytest.mark.parametrize(
    ("hidden", "starts"),
    [
        ((8, 8, 8), (1,)),
        ((8, 4, 8), (1,)),
        ((8, 8, 8, 8), (1,)),
        ((8, 8, 8, 8, 8), (1, 3)),
        ((16, 8, 8, 8), (2,)),
        ((8, 8, 8, 4, 4, 4), (1, 4)),
        (HIDDEN, (1,)),
    ],
    ids=str,
)
def test_blocks_are_pairs_that_come_back_to_the_width_of_the_stream(hidden, starts):
    assert Residual().build(hidden).starts == starts


@pytest.mark.parametrize("normalized", [False, True])
def test_blocks_that_add_nothing_leave_the_layers_around_them(normal, normalized):
    normalizer = BatchNorm(epsilon=1e-3).build() if normalized else None
    mlp, values, statistics = make_network(normal, (5, 5, 5), normalizer=normalizer)
    p = mlp.layout.views(values)
    p["hidden2.weight"].zero_()
    if not normalized:
        p["hidden2.bias"].zero_()
    x = normal(N_MEMBERS, N_ROWS, N_INPUTS, seed=2)
    z = x @ p["hidden0.weight"]
    if normalized:  # the output layer reads the stream through the normalization behind the block
        s = mlp.statistics_layout.views(statistics)
        mean, variance, scale, shift = (
            a.unsqueeze(1) for a in (s["norm2.mean"], s["norm2.variance"], p["norm2.scale"], p["norm2.shift"])
        )
        z = (z - mean) / (variance + 1e-3).sqrt() * scale + shift
    else:
        z = z + p["hidden0.bias"].unsqueeze(1)
    expected = torch.tanh(z) @ p["output.weight"].transpose(1, 2) + p["output.bias"].unsqueeze(1)
    torch.testing.assert_close(mlp.fold(values, statistics).forward(x), expected)


@pytest.mark.parametrize("hidden", [(), (8,), (8, 8), (8, 4, 2)], ids=str)
def test_sizes_without_a_pair_are_refused(hidden):
    with pytest.raises(ValueError, match=r"hidden_layer_sizes must have a pair of layers .* set residual=None"):
        Residual().build(hidden)


@pytest.mark.parametrize("depth", [-0.1, 1.0, float("nan")])
def test_probabilities_outside_the_interval_are_refused(depth):
    with pytest.raises(ValueError, match="stochastic_depth must be"):
        Residual(depth).build((8, 8, 8))


def test_without_blocks_layers_keep_their_order():
    assert NO_BLOCKS.arrange([("a", ["b", "c"]), ("d", []), ("e", ["f"])], lambda number, inner: "") == list("abcdef")
