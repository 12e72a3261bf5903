"""No bit of a member's gradient depends on how many members there are, whatever the components."""

import itertools

import numpy as np
import pytest
import torch

from uncertainty.components import MLP, BatchNorm, Dropout, HeNormal, Maxout, PReLU, RandomizedReLU, Residual
from uncertainty.components.activations import resolve_activation
from uncertainty.components.layer import Batch, Scratch
from uncertainty.components.residual import NO_BLOCKS
from uncertainty.heads import Gaussian
from uncertainty.training.stack import Stack

# Nothing fills whole vectors, so that the end of a member is the beginning of the next.
N_MEMBERS, N_INPUTS, HIDDEN = 11, 3, (9, 7, 9, 5)

CASES = list(
    itertools.product(
        ["silu", PReLU(), RandomizedReLU(), Maxout(3)],
        [None, "batch"],
        [Dropout(0.0), Dropout(0.3, 0.2), Dropout(0.3, kind="connect"), Dropout(0.3, kind="concrete")],
        [NO_BLOCKS, Residual(0.5).build(HIDDEN)],
    )
)


def gradient(activation, normalization, dropout, blocks, dtype, n_rows, n_members):
    normalizer = None if normalization is None else BatchNorm().build()
    mlp = MLP(N_INPUTS, HIDDEN, 2, resolve_activation(activation), normalizer, dropout.build(len(HIDDEN)), blocks)
    sources = [np.random.Generator(np.random.SFC64(m)) for m in range(n_members)]
    values, statistics = mlp.initialize(sources, HeNormal(), dtype=dtype)
    noise = torch.Generator().manual_seed(0)
    values += 0.2 * torch.randn(N_MEMBERS, values.shape[1], generator=noise, dtype=dtype)[:n_members]
    x, y = (torch.randn(N_MEMBERS, n_rows, n, generator=noise, dtype=dtype)[:n_members] for n in (N_INPUTS, 1))
    drawn = mlp.draw_noise(sources, n_rows, 1, dtype=dtype, scratch=[Scratch(values) for _ in mlp.noise])
    stack = Stack(mlp, Gaussian().build(1), values, statistics)
    stack.compute_gradient(Batch(x, y, None, drawn, n_rows))
    return stack.gradient


@pytest.mark.parametrize(("activation", "normalization", "dropout", "blocks"), CASES, ids=str)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_a_member_has_the_same_bits_in_a_stack_of_any_size(activation, normalization, dropout, blocks, dtype):
    for n_rows in (5, 32):
        whole = gradient(activation, normalization, dropout, blocks, dtype, n_rows, N_MEMBERS)
        for n_members in (1, 2, 5):
            part = gradient(activation, normalization, dropout, blocks, dtype, n_rows, n_members)
            assert torch.equal(part, whole[:n_members])
