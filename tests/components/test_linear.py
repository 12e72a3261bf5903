"""Affine maps on the member axis against einsum, for every way of sharing inputs and weights."""

import itertools

import pytest
import torch

from uncertainty.components.linear import linear, output_linear

N_MEMBERS, N_ROWS, N_IN, N_OUT = 3, 6, 4, 5
SHARING = [s for s in itertools.product([1, N_MEMBERS], repeat=3) if s[2] <= max(s[:2])]


def tensors(members, weight_shape, seed=0):
    """x, weight and bias with the given number of members each; all require gradients."""
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64).requires_grad_()

    return draw(members[0], N_ROWS, N_IN), draw(members[1], *weight_shape), draw(members[2], N_OUT)


def assert_same_with_gradients(actual, expected, leaves):
    torch.testing.assert_close(actual, expected, rtol=1e-12, atol=1e-12)
    probe = torch.linspace(-1, 2, expected.numel(), dtype=expected.dtype).view(expected.shape)
    for a, b in zip(*(torch.autograd.grad((v * probe).sum(), leaves) for v in (actual, expected)), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("members", SHARING)
def test_linear_equals_einsum(members):
    x, weight, bias = tensors(members, (N_IN, N_OUT))
    m = max(members)
    expected = torch.einsum("mni,mio->mno", x.expand(m, -1, -1), weight.expand(m, -1, -1)) + bias.unsqueeze(1)
    actual = linear(x, weight, bias)
    assert actual.shape == (m, N_ROWS, N_OUT)
    assert_same_with_gradients(actual, expected, (x, weight, bias))


@pytest.mark.parametrize("members", SHARING)
def test_output_linear_equals_einsum(members):
    x, weight, bias = tensors(members, (N_OUT, N_IN))
    m = max(members)
    expected = torch.einsum("mni,moi->mno", x.expand(m, -1, -1), weight.expand(m, -1, -1)) + bias.unsqueeze(1)
    actual = output_linear(x, weight, bias)
    assert actual.shape == (m, N_ROWS, N_OUT)
    assert_same_with_gradients(actual, expected, (x, weight, bias))


def test_members_do_not_mix():
    x, weight, bias = tensors((N_MEMBERS,) * 3, (N_IN, N_OUT))
    changed = weight.detach().clone()
    changed[1] += 1.0
    moved = (linear(x, changed, bias) != linear(x, weight, bias)).any(dim=2).any(dim=1)
    assert moved.tolist() == [False, True, False]
