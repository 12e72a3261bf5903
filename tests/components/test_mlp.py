"""The network of a stack: training form against prediction form, and both against a plain loop."""

import numpy as np
import pytest
import torch

from uncertainty.components import MLP, BatchNorm, Dropout, HeNormal
from uncertainty.components.activations import resolve_activation
from uncertainty.components.layer import Batch
from uncertainty.components.noise import draw_mask
from uncertainty.components.pointwise import pointwise

N_MEMBERS, N_ROWS, N_INPUTS, N_RAW = 3, 11, 4, 2
HIDDEN = [(), (6,), (6, 5)]


def make_network(hidden, *, normalized=False, activation="silu", n_members=N_MEMBERS, seed=0, dropout=0.0):
    """An MLP with random parameters (biases and normalization too) and running statistics, in float64."""
    normalizer = BatchNorm(epsilon=1e-3).build() if normalized else None
    rates = Dropout(dropout).build(len(hidden))
    mlp = MLP(N_INPUTS, hidden, N_RAW, resolve_activation(activation), normalizer, rates)
    generators = [np.random.default_rng((seed, m)) for m in range(n_members)]
    values, statistics = mlp.initialize(generators, HeNormal(), dtype=torch.float64)
    noise = torch.Generator().manual_seed(seed)
    values += 0.3 * torch.randn(values.shape, generator=noise, dtype=values.dtype)
    statistics += torch.rand(statistics.shape, generator=noise, dtype=values.dtype)
    return mlp, values, statistics


def make_rows(n_members=N_MEMBERS):
    return torch.randn(n_members, N_ROWS, N_INPUTS, generator=torch.Generator().manual_seed(9), dtype=torch.float64)


def train_form(mlp, x, values, statistics, masks=None):
    """Raw outputs of the training form."""
    batch = Batch(x, x, None, masks or [], N_ROWS)
    for layer in mlp.layers(values, torch.zeros_like(values), statistics):
        x = layer.forward(x, batch, n_updates=0)
    return x.clone()


def loop_form(mlp, x, values, statistics, masks=None):
    """Raw outputs of one member after the other, layer by layer, normalized by the running statistics."""
    rows = []
    for m in range(len(x)):
        p = {name: view[min(m, len(values) - 1)] for name, view in mlp.layout.views(values).items()}
        s = {name: view[min(m, len(values) - 1)] for name, view in mlp.statistics_layout.views(statistics).items()}
        h = x[m]
        for i in range(mlp.n_hidden_layers):
            h = h @ p[f"hidden{i}.weight"]
            if mlp.normalizer is None:
                h = h + p[f"hidden{i}.bias"]
            else:
                h = (h - s[f"norm{i}.mean"]) / (s[f"norm{i}.variance"] + 1e-3).sqrt()
                h = h * p[f"norm{i}.scale"] + p[f"norm{i}.shift"]
            h = torch.nn.functional.silu(h)
            if masks is not None and f"dropout{i}" in masks:
                h = h * masks[f"dropout{i}"][m]
        rows.append(h @ p["output.weight"].T + p["output.bias"])
    return torch.stack(rows)


@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("normalized", [False, True])
def test_prediction_form_equals_the_loop(hidden, normalized):
    mlp, values, statistics = make_network(hidden, normalized=normalized)
    x = make_rows()
    torch.testing.assert_close(mlp.fold(values, statistics).forward(x), loop_form(mlp, x, values, statistics))


@pytest.mark.parametrize("hidden", HIDDEN)
def test_training_form_equals_prediction_form_without_dropout(hidden):
    mlp, values, statistics = make_network(hidden)
    x = make_rows()
    torch.testing.assert_close(train_form(mlp, x, values, statistics), mlp.fold(values, statistics).forward(x))


def test_training_form_equals_prediction_form_at_the_batch_statistics():
    mlp, values, statistics = make_network((6, 5), normalized=True)
    x = make_rows()
    out = train_form(mlp, x, values, statistics)  # sets the running statistics: the first batch has full weight
    torch.testing.assert_close(mlp.fold(values, statistics).forward(x), out)


@pytest.mark.parametrize("normalized", [False, True])
def test_prediction_changes_nothing(normalized):
    mlp, values, statistics = make_network((6, 5), normalized=normalized)
    before = values.clone(), statistics.clone()
    mlp.fold(values, statistics).forward(make_rows())
    assert torch.equal(values, before[0])
    assert torch.equal(statistics, before[1])


def test_shared_rows_equal_copied_rows():
    mlp, values, statistics = make_network((6, 5), normalized=True)
    folded = mlp.fold(values, statistics)
    x = make_rows(1)
    torch.testing.assert_close(folded.forward(x), folded.forward(x.expand(N_MEMBERS, -1, -1)))


@pytest.mark.parametrize("normalized", [False, True])
@pytest.mark.parametrize("masked", [(True, True), (True, False), (False, True), (False, False)])
def test_masks_folded_into_the_weights_equal_masks_applied(masked, normalized):
    n_masks = 7
    mlp, values, statistics = make_network((6, 5), normalized=normalized, n_members=1)
    generators = [np.random.Generator(np.random.SFC64(s)) for s in range(n_masks)]
    masks = {
        f"dropout{i}": draw_mask(generators, 0.4, (w,), dtype=torch.float64)
        for i, (w, on) in enumerate(zip((6, 5), masked, strict=True))
        if on
    }
    x = make_rows(1)
    out = mlp.fold(values, statistics, masks).forward(x)
    n_out = n_masks if any(masked) else 1
    assert out.shape == (n_out, N_ROWS, N_RAW)
    torch.testing.assert_close(out, loop_form(mlp, x.expand(n_out, -1, -1), values, statistics, masks))


def test_training_masks_belong_to_rows_and_follow_the_activation():
    mlp, values, statistics = make_network((6, 5), activation="sigmoid", dropout=0.5)  # sigmoid(0) is not 0
    x = make_rows()
    masks = [torch.ones(N_MEMBERS, N_ROWS, 6).double(), torch.ones(N_MEMBERS, N_ROWS, 5).double()]
    masks[1][1, 4] = 0.0
    out, plain = (train_form(mlp, x, values, statistics, m) for m in (masks, [torch.ones_like(m) for m in masks]))
    bias = mlp.layout.views(values)["output.bias"]
    torch.testing.assert_close(out[1, 4], bias[1])
    changed = (out != plain).any(dim=2).nonzero().tolist()
    assert changed == [[1, 4]]


def test_without_hidden_layers_the_network_is_one_affine_map():
    mlp, values, statistics = make_network((), normalized=True)
    x = make_rows()
    p = mlp.layout.views(values)
    assert set(p) == {"output.weight", "output.bias"}
    assert statistics.shape == (N_MEMBERS, 0)
    assert mlp.n_last == N_INPUTS
    expected = torch.einsum("mnd,mrd->mnr", x, p["output.weight"]) + p["output.bias"].unsqueeze(1)
    torch.testing.assert_close(mlp.fold(values, statistics).forward(x), expected)


def test_the_start_is_zero_biases_neutral_normalization_and_a_zero_output_layer():
    mlp = MLP(N_INPUTS, (400, 300), N_RAW, pointwise("relu"), BatchNorm().build())
    values, statistics = mlp.initialize([np.random.default_rng(0)], HeNormal(), dtype=torch.float64)
    p, s = mlp.layout.views(values), mlp.statistics_layout.views(statistics)
    for i in range(2):
        assert f"hidden{i}.bias" not in p  # the mean would take it off again
        assert (p[f"norm{i}.scale"] == 1).all()
        assert (p[f"norm{i}.shift"] == 0).all()
        assert (s[f"norm{i}.mean"] == 0).all()
        assert (s[f"norm{i}.variance"] == 1).all()
    n = 400 * 300
    assert abs(p["hidden1.weight"].var().item() / (2 / 400) - 1) < 4 * np.sqrt(2 / n)
    assert (p["output.weight"] == 0).all()  # so that training starts at the best constant
    assert (p["output.bias"] == 0).all()


def test_penalties_apply_to_weights_only():
    mlp = MLP(N_INPUTS, (6, 5), N_RAW, pointwise("relu"), BatchNorm().build())
    mask = mlp.layout.views(mlp.layout.penalty_mask().unsqueeze(0))
    penalized = {name for name, view in mask.items() if view.any()}
    assert penalized == {"hidden0.weight", "hidden1.weight", "output.weight"}
    assert all((mask[name] == 1).all() for name in penalized)


def test_multiply_adds_counts_every_layer():
    assert MLP(4, (6, 5), 2, pointwise("relu")).multiply_adds == 4 * 6 + 6 * 5 + 5 * 2
    assert MLP(4, (), 2, pointwise("relu")).multiply_adds == 8
