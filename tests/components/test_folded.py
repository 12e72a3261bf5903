"""The prediction form of masked layers: as one product a mask, or as the difference that few dropped units make."""

import pytest
import torch

from uncertainty.components.folded import AffineStep, MaskedSharedStep, fold_linear

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
