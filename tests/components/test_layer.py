"""Scratch memory: one allocation, padded, for every shape that fits."""

import pytest
import torch

from uncertainty.components.layer import Scratch
from uncertainty.components.whole_vectors import WHOLE, whole_memory


def test_a_shape_is_given_the_same_tensor_every_time():
    scratch = Scratch(torch.zeros(1, dtype=torch.float64))
    first = scratch(3, 5, 7)
    assert first.shape == (3, 5, 7)
    assert first.dtype == torch.float64
    assert scratch(3, 5, 7) is first


def test_smaller_shapes_share_the_memory_and_larger_ones_do_not():
    scratch = Scratch(torch.zeros(1))
    large = scratch(2, 50, 8)
    assert scratch(2, 9, 8).data_ptr() == large.data_ptr()
    assert scratch(2, 50, 8) is large  # both stay known
    larger = scratch(2, 500, 8)
    assert larger.data_ptr() != large.data_ptr()
    assert scratch(2, 50, 8).data_ptr() == larger.data_ptr()


@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 5, 7), (1, WHOLE), (2, WHOLE + 1)])
def test_the_memory_of_a_tensor_is_whole_vectors_that_begin_with_it(shape):
    made = Scratch(torch.zeros(1))(*shape)
    made.fill_(1.0)
    memory = whole_memory(made)
    assert memory.numel() % WHOLE == 0
    assert 0 <= memory.numel() - made.numel() < WHOLE
    assert (memory[: made.numel()] == 1.0).all()
    assert memory.data_ptr() == made.data_ptr()
