"""The network of a stack: training form against prediction form, and both against a plain loop."""

import itertools

import numpy as np
import pytest
import torch

from uncertainty.components import MLP, BatchNorm, Dropout, HeNormal, Maxout, Residual
from uncertainty.components.activations import resolve_activation
from uncertainty.components.layer import Batch
from uncertainty.components.noise import draw_mask
from uncertainty.components.pointwise import pointwise
from uncertainty.components.residual import NO_BLOCKS

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


def activate(mlp, z, p, i):
    """The activation of layer i of one member at prediction, as its formula."""
    name = type(mlp.activation).__name__
    if name == "ParametricRectifier":
        return torch.where(z > 0, z, p[f"activation{i}.slope"] * z)
    if name == "RandomizedRectifier":
        return torch.where(z > 0, z, (1 / 8 + 1 / 3) / 2 * z)
    if name == "LargestPiece":
        return torch.stack(z.chunk(mlp.activation.pieces, dim=1)).max(dim=0).values
    return torch.nn.functional.silu(z)


def loop_form(mlp, x, values, statistics, masks=None):
    """Raw outputs of one member after the other, layer by layer, normalized by the running statistics."""
    rows = []
    for m in range(len(x)):
        p = {name: view[min(m, len(values) - 1)] for name, view in mlp.layout.views(values).items()}
        s = {name: view[min(m, len(values) - 1)] for name, view in mlp.statistics_layout.views(statistics).items()}
        mask = {name: of_members[m] for name, of_members in (masks or {}).items()}
        h, sums = x[m] * mask.get("input", 1.0), []
        for i in range(mlp.n_hidden_layers):
            z = h @ (p[f"hidden{i}.weight"] * mask.get(f"hidden{i}.weight", 1.0))
            if mlp.normalizer is None:
                z = z + p[f"hidden{i}.bias"]
            if i - 1 in mlp.residual.starts:
                z = z + sums[i - 2]  # what the layer before the block gave
            sums.append(z)
            if mlp.normalizer is not None:
                z = (z - s[f"norm{i}.mean"]) / (s[f"norm{i}.variance"] + 1e-3).sqrt()
                z = z * p[f"norm{i}.scale"] + p[f"norm{i}.shift"]
            h = activate(mlp, z, p, i) * mask.get(f"dropout{i}", 1.0)
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


COMPONENTS = list(
    itertools.product(
        ["silu", "prelu", "rrelu", Maxout(3)],
        [None, BatchNorm(epsilon=1e-3)],
        [
            Dropout(0.1, input_rate=0.2),  # few units dropped: the form that shares a product
            Dropout((0.0, 0.6, 0.0, 0.3)),
            Dropout(0.3, 0.4, "connect"),
            Dropout((0.3, 0.0, 0.0, 0.3), kind="connect"),
            Dropout(0.3, kind="concrete"),
            Dropout(0.0, input_rate=0.3),
        ],
        [None, Residual(0.5)],
    )
)


def build(hidden, activation, normalization, dropout, residual, n_members):
    """A network of these components with random parameters and running statistics."""
    mlp = MLP(
        N_INPUTS,
        hidden,
        N_RAW,
        resolve_activation(activation),
        None if normalization is None else normalization.build(),
        dropout.build(len(hidden)),
        NO_BLOCKS if residual is None else residual.build(hidden),
    )
    noise = torch.Generator().manual_seed(0)
    values, statistics = mlp.initialize(
        [np.random.default_rng(m) for m in range(n_members)], HeNormal(), dtype=torch.float64
    )
    values += 0.3 * torch.randn(values.shape, generator=noise, dtype=values.dtype)
    statistics += torch.rand(statistics.shape, generator=noise, dtype=values.dtype)
    return mlp, values, statistics


@pytest.mark.parametrize(("activation", "normalization", "dropout", "residual"), COMPONENTS, ids=str)
def test_members_of_any_components_are_those_of_the_loop(activation, normalization, dropout, residual):
    x, n_masks = make_rows(1), 5
    one = build((6, 6, 6, 5), activation, normalization, dropout, residual, n_members=1)
    three = build((6, 6, 6, 5), activation, normalization, dropout, residual, n_members=N_MEMBERS)
    masks = one[0].draw_masks([np.random.Generator(np.random.SFC64(m)) for m in range(n_masks)], one[1])
    for (mlp, values, statistics), drawn, n_members in ((one, masks, n_masks), (three, None, N_MEMBERS)):
        given = [a.clone() for a in (x, values, statistics, *(drawn or {}).values())]
        expected = loop_form(mlp, x.expand(n_members, -1, -1), values, statistics, drawn)
        folded = mlp.fold(values, statistics, drawn)
        for _ in range(2):  # a step may overwrite what another one has made, and nothing else
            torch.testing.assert_close(folded.forward(x), expected, rtol=1e-10, atol=1e-12)
        for now, before in zip((x, values, statistics, *(drawn or {}).values()), given, strict=True):
            assert torch.equal(now, before)


@pytest.mark.parametrize("kind", ["unit", "connect", "concrete"])
def test_masks_of_members_have_the_rates(kind):
    rates = (0.2, 0.4)
    mlp, values, _ = build((30, 20), "silu", None, Dropout(rates, 0.1, kind), None, 1)
    for layer, rate in enumerate(rates):
        if kind == "concrete":
            mlp.layout.views(values)[f"dropout{layer}.logit"].fill_(np.log(rate / (1 - rate)))
    torch.testing.assert_close(mlp.dropout_rates(values), torch.tensor([rates]).double())
    masks = mlp.draw_masks([np.random.Generator(np.random.SFC64(m)) for m in range(400)], values)
    names = [f"hidden{i}.weight" if kind == "connect" else f"dropout{i}" for i in range(2)]
    assert list(masks) == ["input", *names]
    for mask, rate in zip(masks.values(), (0.1, *rates), strict=True):
        error = np.sqrt(rate * (1 - rate) / mask.numel())
        assert abs((mask == 0).double().mean().item() - rate) < 4 * error + 2**-16


def test_a_linear_model_under_input_dropout_has_a_ridge_penalty_in_its_mean():
    # Over all masks, the squared error of y - (x * mask) w is that without masks plus p / (1 - p) sum of x^2 w^2.
    p = 0.5  # which 16-bit words have exactly
    mlp, values, statistics = build((), "silu", None, Dropout(0.0, input_rate=p), None, 1)
    x, y = make_rows(1), torch.linspace(-1.0, 1.0, N_ROWS).double()
    masks = torch.tensor(list(itertools.product([0.0, 1 / (1 - p)], repeat=N_INPUTS))).double()
    outputs = mlp.fold(values, statistics, {"input": masks}).forward(x)[..., 0]  # [2^D, N]
    weight = mlp.layout.views(values)["output.weight"][0, 0]
    without = mlp.fold(values, statistics).forward(x)[0, :, 0]
    ridge = p / (1 - p) * (x[0].square() @ weight.square())
    torch.testing.assert_close((y - outputs).square().mean(dim=0), (y - without).square() + ridge)
    # Training sees the same masks, a row each.
    batch = x.expand(len(masks), -1, -1)
    in_training = train_form(mlp, batch, values.expand(len(masks), -1).contiguous(), statistics, [masks.unsqueeze(1)])
    torch.testing.assert_close(in_training[..., 0], outputs)


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
