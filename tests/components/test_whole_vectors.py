"""Elementwise functions whose bits do not depend on where in a stack an entry stands."""

import pytest
import torch
from torch.nn import functional

from uncertainty.components.whole_vectors import in_whole_vectors

FUNCTIONS = {
    "exp": torch.exp,
    "gelu": functional.gelu,
    "silu": functional.silu,
    "softplus": functional.softplus,
    "tanh": torch.tanh,
    "logistic": torch.sigmoid,
}
# Entries of one member: below, at and beyond whole vectors of either width.
SHAPES = [(1, 1), (1, 3), (5, 3), (7, 9), (8, 8), (13, 5), (11, 1), (33, 65)]

# Each kernel of a composed function may be off by one unit in the last place, in either form.
N_ULP = 2


def draw(shape, dtype):
    return 3 * torch.randn(shape, generator=torch.Generator().manual_seed(0), dtype=dtype)


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_padding_changes_no_value_by_more_than_rounding(name, dtype):
    function = FUNCTIONS[name]
    for shape in SHAPES:
        z = draw((3, *shape), dtype)
        found, plain = in_whole_vectors(function)(z), function(z)
        assert found.shape == z.shape
        assert found.dtype == dtype
        # gelu adds an error function to one, and so rounds in units of z.
        size = torch.maximum(plain.abs(), z.abs()) if name == "gelu" else plain.abs()
        ulp = torch.nextafter(size, torch.full_like(size, torch.inf)) - size
        assert bool(((found - plain).abs() <= N_ULP * ulp).all())


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_gradient_is_that_of_the_plain_function(name):
    for shape in SHAPES:
        z = draw((3, *shape), torch.float64).requires_grad_()
        weight = draw((3, *shape), torch.float64).cos()
        for_padded = torch.autograd.grad((weight * in_whole_vectors(FUNCTIONS[name])(z)).sum(), z)[0]
        for_plain = torch.autograd.grad((weight * FUNCTIONS[name](z)).sum(), z)[0]
        torch.testing.assert_close(for_padded, for_plain, rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_member_has_the_same_bits_in_a_stack_of_any_size(name, dtype):
    function = in_whole_vectors(FUNCTIONS[name])
    for shape in SHAPES:
        z = draw((11, *shape), dtype)
        whole = function(z)
        for n_members in (1, 2, 3, 5, 10):
            assert torch.equal(function(z[:n_members]), whole[:n_members])


def test_layouts_that_are_not_contiguous_are_read_in_their_own_order():
    z = draw((3, 5, 7), torch.float64).transpose(1, 2)
    torch.testing.assert_close(in_whole_vectors(torch.exp)(z), torch.exp(z), rtol=1e-15, atol=0.0)
