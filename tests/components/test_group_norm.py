"""Group and layer normalization against torch's, member by member, and what too small groups leave of a signal."""

import pytest
import torch

from uncertainty.components import MLP, GroupNorm, LayerNorm
from uncertainty.components.component import Place
from uncertainty.components.group_norm import GroupNormalizer
from uncertainty.components.layer import Batch
from uncertainty.components.pointwise import pointwise

N_MEMBERS, N_ROWS, WIDTH, EPSILON = 3, 5, 12, 1e-2  # an epsilon so large that its place inside the root matters

SPECS = {
    "layer": (LayerNorm(EPSILON), lambda: torch.nn.LayerNorm(WIDTH, eps=EPSILON)),
    "one group": (GroupNorm(1, EPSILON), lambda: torch.nn.GroupNorm(1, WIDTH, eps=EPSILON)),
    "three groups": (GroupNorm(3, EPSILON), lambda: torch.nn.GroupNorm(3, WIDTH, eps=EPSILON)),
}


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def arrays():
    """Inputs [M, B, H], and scale and shift [M, H]."""
    z = 3.0 * draw(N_MEMBERS, N_ROWS, WIDTH) + 2.0
    return z, 1.0 + 0.3 * draw(N_MEMBERS, WIDTH, seed=1), draw(N_MEMBERS, WIDTH, seed=2)


def oracles(make, scale, shift):
    """One module of torch a member."""
    modules = [make().double() for _ in range(N_MEMBERS)]
    for module, weight, bias in zip(modules, scale, shift, strict=True):
        module.weight.data.copy_(weight)
        module.bias.data.copy_(bias)
    return modules


@pytest.mark.parametrize("name", SPECS)
def test_output_and_gradients_equal_torch(name):
    spec, make = SPECS[name]
    z, scale, shift = arrays()
    scale_gradient, shift_gradient = torch.zeros_like(scale), torch.zeros_like(shift)
    gradients = {"scale": scale_gradient, "shift": shift_gradient}
    layer = spec.build().layer(Place({"scale": scale, "shift": shift}, gradients, {}, None, z, 0))
    out = layer.forward(z.clone(), Batch(z, z, None, [], N_ROWS), 0).clone()
    probe = draw(*z.shape, seed=3)
    layer.set_parameter_gradients(probe)
    got = layer.input_gradient(probe.clone()), scale_gradient, shift_gradient
    for m, module in enumerate(oracles(make, scale, shift)):
        leaf = z[m].clone().requires_grad_()
        expected = module(leaf)
        torch.testing.assert_close(out[m], expected, rtol=1e-10, atol=1e-10)
        wanted = torch.autograd.grad((expected * probe[m]).sum(), (leaf, module.weight, module.bias))
        for a, b in zip(got, wanted, strict=True):
            torch.testing.assert_close(a[m], b, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("shared_rows", [False, True])
@pytest.mark.parametrize("shared_parameters", [False, True])
@pytest.mark.parametrize("name", SPECS)
def test_prediction_equals_torch_whoever_shares_what(name, shared_rows, shared_parameters):
    spec, make = SPECS[name]
    z, scale, shift = arrays()
    modules = oracles(make, scale, shift)
    z = z[:1] if shared_rows else z
    if shared_parameters:
        scale, shift, modules = scale[:1], shift[:1], modules[:1] * len(z)
    expected = torch.stack([module(z[m % len(z)]) for m, module in enumerate(modules)])
    step = spec.build().step({"scale": scale, "shift": shift}, {})
    strided = z.transpose(1, 2).contiguous().transpose(1, 2)  # as a linear map may hand it over
    torch.testing.assert_close(step.forward(strided.clone()), expected, rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(step.forward(z.clone()), expected, rtol=1e-10, atol=1e-10)


def test_a_row_does_not_depend_on_its_batch():
    z, scale, shift = arrays()
    place = Place({"scale": scale, "shift": shift}, {"scale": scale, "shift": shift}, {}, None, z, 0)
    layer = GroupNorm(3).build().layer(place)
    whole = layer.forward(z, Batch(z, z, None, [], N_ROWS), 0).clone()
    row = z[:, 2:3].contiguous()
    torch.testing.assert_close(layer.forward(row, Batch(row, row, None, [], 1), 0), whole[:, 2:3], rtol=0, atol=1e-14)


def test_small_groups_leave_hardly_any_signal():
    z = draw(1, 400, 12)
    left = {}
    for k in (1, 2, 3, 4):
        groups = z.clone().unflatten(2, (12 // k, k))
        GroupNormalizer(12 // k, 1e-12).normalize_(groups)
        left[k] = groups[0, :, 0]
    assert (left[1] == 0).all()
    torch.testing.assert_close(left[2].abs(), torch.ones_like(left[2]))
    # Three numbers on a circle in the plane where they add up to 0.
    torch.testing.assert_close(left[3].square().sum(dim=1), torch.full((400,), 3.0, dtype=z.dtype))
    assert torch.linalg.matrix_rank(left[3], atol=1e-9) == 2
    assert torch.linalg.matrix_rank(left[4], atol=1e-9) == 3


@pytest.mark.parametrize(
    ("spec", "sizes", "message"),
    [
        (GroupNorm(3), (12, 10), "n_groups must divide the width of every hidden layer, got 3 groups for 10 units"),
        (GroupNorm(4), (12,), r"at least 4 in each group, got 3 \(12 units, 4 groups\).*only a sign"),
        (LayerNorm(), (8, 3), r"at least 4 in each group, got 3 \(3 units, 1 groups\)"),
    ],
)
def test_groups_that_carry_no_signal_are_refused(spec, sizes, message):
    with pytest.raises(ValueError, match=message):
        MLP(2, sizes, 1, pointwise("relu"), spec.build())


@pytest.mark.parametrize("spec", [LayerNorm(epsilon=0.0), GroupNorm(n_groups=0), GroupNorm(epsilon=-1.0)], ids=str)
def test_bad_options_are_refused_when_built(spec):
    with pytest.raises(ValueError, match="must be"):
        spec.build()


def test_layer_normalization_is_group_normalization_with_one_group():
    assert LayerNorm(EPSILON).build() == GroupNorm(1, EPSILON).build()
