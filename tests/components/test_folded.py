"""The prediction form: masks as one product each or as the difference of few dropped units, normalization absorbed."""

import numpy as np
import pytest
import torch

from uncertainty.components import MLP, BatchNorm, GroupNorm, HeNormal, LayerNorm, Residual
from uncertainty.components.batch_norm import ScaleAndShiftStep
from uncertainty.components.folded import AffineStep, MaskedSharedStep, fold_linear
from uncertainty.components.pointwise import pointwise
from uncertainty.components.residual import NO_BLOCKS, ResidualStep

N_MASKS, N_ROWS, N_IN, N_OUT = 7, 5, 12, 4


def layer_arrays(seed=0):
    generator = torch.Generator().manual_seed(seed)
    shapes = ((1, N_ROWS, N_IN), (1, N_IN, N_OUT), (1, N_OUT))
    return [torch.randn(shape, generator=generator, dtype=torch.float64) for shape in shapes]


def draw(rate, kept=None):
    dropped = torch.rand(N_MASKS, N_IN, generator=torch.Generator().manual_seed(1)) < rate
    return torch.where(dropped, 0.0, 1 / (1 - rate) if kept is None else kept).double()


MASKS = {
    "few dropped": draw(0.1),
    "none dropped in some": draw(0.02),
    "none dropped in any": torch.full((N_MASKS, N_IN), 1.25).double(),
    "half dropped": draw(0.5),
    "most dropped": draw(0.9),
    "all dropped": torch.zeros(N_MASKS, N_IN).double(),
    "values of all kinds": torch.rand(N_MASKS, N_IN, generator=torch.Generator().manual_seed(2)).double(),
    "three values": draw(0.1) * torch.where(draw(0.2) == 0.0, 0.5, 1.0),
}


@pytest.mark.parametrize("name", MASKS)
@pytest.mark.parametrize("shares_input", [True, False])
def test_a_folded_mask_equals_a_mask_applied(name, shares_input):
    h, weight, bias = layer_arrays()
    mask = MASKS[name]
    layer = fold_linear(weight, bias, mask, shares_input=shares_input)
    found = layer.forward(h if shares_input else h.expand(N_MASKS, -1, -1))
    expected = (h * mask.unsqueeze(1)) @ weight + bias.unsqueeze(1)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)
    assert (layer.n_members, layer.width) == (N_MASKS, N_OUT)


def test_the_form_follows_what_is_dropped():
    _, weight, bias = layer_arrays()
    for name, kind in (("few dropped", MaskedSharedStep), ("most dropped", AffineStep)):
        assert type(fold_linear(weight, bias, MASKS[name], shares_input=True)) is kind
        assert type(fold_linear(weight, bias, MASKS[name], shares_input=False)) is AffineStep
    assert fold_linear(weight, bias, None, shares_input=True).n_members == 1


def test_networks_of_their_own_with_a_mask_each():
    h, _, _ = layer_arrays()
    weight = torch.randn(N_MASKS, N_IN, N_OUT, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    bias = torch.zeros(N_MASKS, N_OUT, dtype=torch.float64)
    mask = MASKS["few dropped"]
    found = fold_linear(weight, bias, mask, shares_input=True).forward(h)
    torch.testing.assert_close(found, (h * mask.unsqueeze(1)) @ weight, rtol=1e-12, atol=1e-12)


BLOCKS = {"plain": None, "residual": Residual()}


def normalized_network(normalization, residual):
    """A trained-looking network of four layers, its parameters and running statistics."""
    sizes = (8, 8, 8, 8)
    blocks = NO_BLOCKS if BLOCKS[residual] is None else BLOCKS[residual].build(sizes)
    mlp = MLP(3, sizes, 2, pointwise("tanh"), normalization.build(), residual=blocks)
    values, statistics = mlp.initialize([np.random.default_rng(m) for m in range(2)], HeNormal(), dtype=torch.float64)
    noise = torch.Generator().manual_seed(0)
    values += 0.3 * torch.randn(values.shape, generator=noise, dtype=values.dtype)
    statistics += torch.rand(statistics.shape, generator=noise, dtype=values.dtype)
    return mlp, values, statistics


def unfolded(mlp, values, statistics, x):
    """Raw outputs with batch normalization as it is defined, one layer after the other."""
    p, s = mlp.layout.views(values), mlp.statistics_layout.views(statistics)

    def activated(z, i):
        u = (z - s[f"norm{i}.mean"][:, None]) / (s[f"norm{i}.variance"][:, None] + 1e-5).sqrt()
        return torch.tanh(u * p[f"norm{i}.scale"][:, None] + p[f"norm{i}.shift"][:, None])

    z = x @ p["hidden0.weight"]
    if not mlp.residual.starts:
        for i in (1, 2):
            z = activated(z, i - 1) @ p[f"hidden{i}.weight"]
    else:
        z = z + activated(activated(z, 0) @ p["hidden1.weight"], 1) @ p["hidden2.weight"]
    z = activated(z, 2) @ p["hidden3.weight"]
    return activated(z, 3) @ p["output.weight"].transpose(1, 2) + p["output.bias"][:, None]


# Of four normalizations those whose linear map leads into the residual stream have to stay: of layers 0 and 2.
@pytest.mark.parametrize(("residual", "n_left"), [("plain", 0), ("residual", 2)])
def test_batch_normalization_folded_equals_batch_normalization_applied(residual, n_left):
    mlp, values, statistics = normalized_network(BatchNorm(), residual)
    folded = mlp.fold(values, statistics)
    assert count(folded.steps, ScaleAndShiftStep) == n_left
    x = torch.randn(1, 50, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    torch.testing.assert_close(folded.forward(x), unfolded(mlp, values, statistics, x), rtol=1e-10, atol=1e-10)


def count(steps, kind):
    inside = [step for block in steps if isinstance(block, ResidualStep) for step in block.inner]
    return sum(isinstance(step, kind) for step in [*steps, *inside])


@pytest.mark.parametrize("residual", BLOCKS)
def test_the_bias_is_dropped_before_batch_normalization_alone(residual):
    for normalization, has_bias in ((BatchNorm(), False), (LayerNorm(), True), (GroupNorm(2), True)):
        mlp = normalized_network(normalization, residual)[0]
        biases = [block.name for block in mlp.layout.blocks if block.name.endswith(".bias")]
        assert biases == [f"hidden{i}.bias" for i in range(4) if has_bias] + ["output.bias"]
