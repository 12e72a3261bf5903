"""Every component in a stack: its gradient by finite differences, and its training form against its prediction form."""

import itertools

import numpy as np
import pytest
import torch

from uncertainty.components import (
    MLP,
    BatchNorm,
    Dropout,
    GroupNorm,
    HeNormal,
    LayerNorm,
    Maxout,
    PReLU,
    RandomizedReLU,
    Residual,
)
from uncertainty.components.activations import resolve_activation
from uncertainty.components.layer import Batch
from uncertainty.components.residual import NO_BLOCKS
from uncertainty.heads import Gaussian
from uncertainty.training.stack import Stack

N_MEMBERS, N_ROWS, N_INPUTS, HIDDEN = 2, 7, 3, (8, 8, 8, 4)

ACTIVATIONS = ["tanh", "silu", PReLU(0.3), RandomizedReLU(), Maxout(3)]
NORMALIZATIONS = {
    "none": None,
    "batch": BatchNorm(epsilon=1e-2),
    "layer": LayerNorm(epsilon=1e-2),
    "group": GroupNorm(2, epsilon=1e-2),
}
DROPOUTS = {
    "none": Dropout(0.0),
    "unit": Dropout((0.3, 0.0, 0.4, 0.2), input_rate=0.3),
    "connect": Dropout(0.3, kind="connect"),
    "concrete": Dropout(0.3, kind="concrete"),
}
RESIDUALS = {
    "plain": NO_BLOCKS,
    "residual": Residual().build(HIDDEN),
    "stochastic depth": Residual(0.5).build(HIDDEN),
}


def cases():
    """All combinations. Every three of a kind with every other are in a third of them; the rest come with -m slow."""
    kinds = (ACTIVATIONS, NORMALIZATIONS, DROPOUTS, RESIDUALS)
    for *three, residual in itertools.product(*(range(len(kind)) for kind in kinds)):
        case = [list(kind)[number] for kind, number in zip(kinds, (*three, residual), strict=True)]
        marks = () if sum(three) % len(RESIDUALS) == residual else pytest.mark.slow
        yield pytest.param(*case, id="-".join(map(str, case)), marks=marks)


every_case = pytest.mark.parametrize(("activation", "normalization", "dropout", "residual"), list(cases()))


def make_stack(activation, normalization, dropout, residual, *, n_members=N_MEMBERS):
    """A stack at random parameters and a batch for it, in float64."""
    normalizer = NORMALIZATIONS[normalization]
    hidden = (8, 8, 8, 8) if normalization == "group" else HIDDEN  # two groups of four units at least
    mlp = MLP(
        N_INPUTS,
        hidden,
        2,
        resolve_activation(activation),
        None if normalizer is None else normalizer.build(),
        DROPOUTS[dropout].build(len(hidden)),
        RESIDUALS[residual],
    )
    sources = [np.random.Generator(np.random.SFC64(m)) for m in range(n_members)]
    values, statistics = mlp.initialize(sources, HeNormal(), dtype=torch.float64)
    noise = torch.Generator().manual_seed(4)
    values *= 0.5  # with a loss in the thousands differences would be all rounding
    values += 0.2 * torch.randn(N_MEMBERS, values.shape[1], generator=noise, dtype=values.dtype)[:n_members]
    x, y = (torch.randn(N_MEMBERS, N_ROWS, n, generator=noise, dtype=values.dtype)[:n_members] for n in (N_INPUTS, 1))
    drawn = mlp.draw_noise(sources, N_ROWS, 1, dtype=values.dtype)
    stack = Stack(mlp, Gaussian().build(1), values, statistics)
    return stack, Batch(x, y, None, drawn, N_ROWS)


def objective(stack, batch, dropout):
    """What the gradient is of, [M]: the mean NLL, and for concrete dropout minus the entropy of its coins."""
    loss = stack.compute_gradient(batch) / N_ROWS
    if dropout != "concrete":
        return loss
    for layer in stack.mlp.hidden_layers:
        logit = stack.mlp.layout.views(stack.values)[f"dropout{layer.number}.logit"][:, 0]
        entropy = torch.distributions.Bernoulli(logits=logit).entropy()
        loss = loss - layer.n_out * entropy / N_ROWS
    return loss


@every_case
def test_gradient_equals_finite_differences(activation, normalization, dropout, residual):
    stack, batch = make_stack(activation, normalization, dropout, residual)
    objective(stack, batch, dropout)
    gradient = stack.gradient.clone()
    step = 1e-5
    start = stack.values.clone()
    picker = np.random.default_rng(0)
    for block in stack.mlp.layout.blocks:
        places = block.offset + picker.permutation(block.size)[:4]
        for place in places:
            losses = []
            for change in (step, -step):
                stack.values.copy_(start)
                stack.values[:, place] += change
                losses.append(objective(stack, batch, dropout))
            numeric = (losses[0] - losses[1]) / (2 * step)
            torch.testing.assert_close(
                gradient[:, place], numeric, rtol=2e-6, atol=2e-8, msg=lambda m, b=block: f"{b}: {m}"
            )


@every_case
def test_a_member_is_the_same_alone(activation, normalization, dropout, residual):
    stack, batch = make_stack(activation, normalization, dropout, residual)
    alone, first = make_stack(activation, normalization, dropout, residual, n_members=1)
    stack.compute_gradient(batch)
    alone.compute_gradient(first)
    assert torch.equal(alone.gradient[0], stack.gradient[0])


@pytest.mark.parametrize("residual", RESIDUALS)
@pytest.mark.parametrize("normalization", NORMALIZATIONS)
@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_the_prediction_form_is_the_training_form_without_noise(activation, normalization, residual):
    if residual == "stochastic depth" or isinstance(activation, RandomizedReLU):
        return
    stack, batch = make_stack(activation, normalization, "none", residual)
    h = batch.x
    for layer in stack._layers:
        h = layer.forward(h, batch, 0)  # the first batch sets the running statistics
    folded = stack.mlp.fold(stack.values, stack.statistics)
    torch.testing.assert_close(folded.forward(batch.x), h, rtol=1e-10, atol=1e-12)
