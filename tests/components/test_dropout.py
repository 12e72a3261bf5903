"""Dropout masks: how much is kept, at which scale, and that each member's mask is its own."""

import numpy as np
import pytest
import torch

from uncertainty.components import Dropout
from uncertainty.components.dropout import resolve_dropout
from uncertainty.components.noise import draw_mask


def generators(n_members, first=0):
    return [np.random.Generator(np.random.SFC64(m)) for m in range(first, first + n_members)]


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5, 0.9])
def test_kept_share_and_scale(rate):
    mask = draw_mask(generators(2), rate, (300, 200), dtype=torch.float64)
    kept = mask > 0
    n = kept.numel()
    assert abs(kept.double().mean().item() - (1 - rate)) <= 4 * np.sqrt(rate * (1 - rate) / n) + 2**-17
    # Kept units are scaled up by one over the share that is kept in the long run, so the expectation is preserved.
    torch.testing.assert_close(mask[kept], torch.full_like(mask[kept], 1 / (1 - rate)), rtol=1e-3, atol=0)
    assert abs(mask.mean().item() - 1.0) <= 4 * np.sqrt(rate / (1 - rate) / n)


@pytest.mark.parametrize("rate", [0.00001, 0.3, 0.999999])
def test_expectation_is_exactly_one_for_the_share_that_words_allow(rate):
    # 16-bit words allow only multiples of 2^-16; the scale must belong to the rate in force, not to the one asked for.
    mask = draw_mask(generators(1), rate, (1 << 18,), dtype=torch.float64)
    share = mask.count_nonzero().item() / mask.numel()
    largest = mask.max().item()
    assert largest == 0.0 or abs(share * largest - 1) < 5 * np.sqrt((largest - 1) / mask.numel()) + 1e-12


def test_units_are_dropped_independently():
    kept = (draw_mask(generators(1), 0.5, (4000, 8), dtype=torch.float64)[0] > 0).double()
    correlation = torch.corrcoef(kept.T) - torch.eye(8)
    assert correlation.abs().max().item() < 5 / np.sqrt(len(kept))


def test_a_members_mask_depends_on_its_generator_alone():
    stack = draw_mask(generators(10), 0.3, (7, 13), dtype=torch.float32)
    assert torch.equal(draw_mask(generators(5), 0.3, (7, 13), dtype=torch.float32), stack[:5])
    assert torch.equal(draw_mask(generators(1, first=7), 0.3, (7, 13), dtype=torch.float32), stack[7:8])
    assert not torch.equal(stack[0], stack[1])


def test_format_and_shape():
    mask = draw_mask(generators(3), 0.2, (5,), dtype=torch.float32)
    assert mask.dtype == torch.float32
    assert mask.shape == (3, 5)


def test_successive_masks_differ():
    source = generators(1)
    first, second = (draw_mask(source, 0.5, (64,), dtype=torch.float32) for _ in range(2))
    assert not torch.equal(first, second)


def test_one_rate_serves_all_layers_and_several_are_kept_apart():
    assert Dropout(0.2).build(3).rates == (0.2, 0.2, 0.2)
    assert Dropout((0.0, 0.5)).build(2).rates == (0.0, 0.5)
    assert Dropout(0.2).build(0).rates == ()


@pytest.mark.parametrize("rate", [1.0, 1.5, -0.1, float("nan"), (0.1, 1.0)])
def test_rates_outside_the_interval_are_refused(rate):
    with pytest.raises(ValueError, match="dropout rate must be"):
        Dropout(rate).build(2)


def test_the_number_of_rates_must_be_that_of_the_layers():
    with pytest.raises(ValueError, match="one for each of the 3 hidden layers"):
        Dropout((0.1, 0.2)).build(3)


@pytest.mark.parametrize("rate", ["0.1", True])
def test_rates_of_the_wrong_type_are_refused(rate):
    with pytest.raises(TypeError, match="dropout"):
        resolve_dropout(rate).build(1)


def test_the_slot_takes_a_number_a_spec_or_nothing():
    spec = Dropout(0.4)
    assert resolve_dropout(spec) is spec
    assert resolve_dropout(0.3).rate == 0.3
    assert resolve_dropout(None).build(2).rates == (0.0, 0.0)
