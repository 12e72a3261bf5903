"""No bit of a member's gradient depends on how many members there are, whatever the components."""

import itertools

import numpy as np
import pytest
import torch

from uncertainty.components import MLP, BatchNorm, Dropout, HeNormal, Maxout, PReLU, RandomizedReLU, Residual
from uncertainty.components.activations import resolve_activation
from uncertainty.components.layer import Batch, Scratch
from uncertainty.components.residual import NO_BLOCKS
from uncertainty.heads import Bernoulli, Categorical, Gaussian, MixtureDensity
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


HEADS = {
    "gaussian": (Gaussian(beta=0.3).build(2), 2, None),
    "constant": (Gaussian(variance="constant").build(1), 1, None),
    "mixture": (MixtureDensity(3).build(2), 2, None),
    "bernoulli": (Bernoulli(0.1).build(2), 2, 2),
    "categorical": (Categorical(0.1).build(1, 3), 1, 3),
    "categorical shares": (Categorical().build(1, 3), 3, 2),
}


@pytest.mark.parametrize("name", HEADS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("n_rows", [1, 5, 32])
def test_a_loss_has_the_same_bits_in_a_stack_of_any_size(name, dtype, n_rows):
    head, n_targets, n_classes = HEADS[name]
    noise = torch.Generator().manual_seed(0)
    raw = 2.0 * torch.randn(N_MEMBERS, head.n_raw, n_rows, generator=noise, dtype=dtype)  # as output layers have it
    y = torch.randn(N_MEMBERS, n_rows, n_targets, generator=noise, dtype=dtype)
    if n_classes is not None:
        y = torch.randint(n_classes, y.shape, generator=noise).to(dtype)
    whole = [*head.nll_and_score(raw.transpose(1, 2), y), head.log_prob(raw.transpose(1, 2), y)]
    for n_members in (1, 2, 5):
        few = raw[:n_members].clone().transpose(1, 2), y[:n_members].clone()
        for part, expected in zip([*head.nll_and_score(*few), head.log_prob(*few)], whole, strict=True):
            assert torch.equal(part, expected[:n_members])
