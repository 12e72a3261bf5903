"""Initializers that look at data: the moments they set whatever stands between the layers, and what they leave."""

import itertools

import numpy as np
import pytest
import torch

from uncertainty.components import (
    LSUV,
    MLP,
    BatchNorm,
    DataDependent,
    Dropout,
    GroupNorm,
    LayerNorm,
    Maxout,
    RandomizedReLU,
    Residual,
)
from uncertainty.components.activations import resolve_activation
from uncertainty.components.layer import Batch, Layer
from uncertainty.components.residual import NO_BLOCKS

N_MEMBERS, N_ROWS, N_INPUTS = 3, 60, 3
SIZES = (8,) * 10
NORMALIZATIONS = {"none": None, "batch": BatchNorm(), "layer": LayerNorm(), "group": GroupNorm(2)}
DROPOUTS = {"none": Dropout(0.0), "unit": Dropout(0.3), "connect": Dropout(0.3, kind="connect")}
RESIDUALS = {"plain": None, "residual": Residual(), "stochastic depth": Residual(0.3)}
ACTIVATIONS = ["tanh", "silu", Maxout(3), RandomizedReLU()]
CASES = [
    pytest.param(*case, id="-".join(map(str, case)))
    for case in itertools.product(ACTIVATIONS, NORMALIZATIONS, DROPOUTS, RESIDUALS)
]


class Recording(Layer):
    """Keeps what a linear map gives."""

    def __init__(self, linear, seen):
        self.linear, self.seen = linear, seen

    def forward(self, x, batch, n_updates):
        out = self.linear.forward(x, batch, n_updates)
        self.seen.append(out.clone())
        return out

    def set_parameter_gradients(self, gradient):
        self.linear.set_parameter_gradients(gradient)

    def input_gradient(self, gradient):
        return self.linear.input_gradient(gradient)


def make_mlp(activation="tanh", normalization="none", dropout="none", residual="plain", sizes=SIZES):
    normalizer, blocks = NORMALIZATIONS[normalization], RESIDUALS[residual]
    return MLP(
        N_INPUTS,
        sizes,
        1,
        resolve_activation(activation),
        None if normalizer is None else normalizer.build(),
        DROPOUTS[dropout].build(len(sizes)),
        NO_BLOCKS if blocks is None else blocks.build(sizes),
    )


def make_batch(mlp, x=None, weight=None):
    generators = [np.random.Generator(np.random.SFC64(100 + m)) for m in range(N_MEMBERS)]
    if x is None:
        x = torch.randn(N_MEMBERS, N_ROWS, N_INPUTS, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    noise = mlp.draw_noise(generators, x.shape[1], 1, dtype=x.dtype)
    noise = [a if source.per_row else torch.ones_like(a) for a, source in zip(noise, mlp.noise.values(), strict=True)]
    return Batch(x, x[:, :, :1], weight, noise, x.shape[1])


def adjusted(initializer, mlp, batch):
    """Parameters and running statistics of a network whose weights are adjusted to the batch."""
    generators = [np.random.Generator(np.random.SFC64(m)) for m in range(N_MEMBERS)]
    values, statistics = mlp.initialize(generators, initializer, dtype=torch.float64)
    initializer.adjust_(mlp, values, statistics, batch)
    return values, statistics


def pre_activations(mlp, values, statistics, batch):
    """What each linear map gives [M, B, H] in training."""
    seen = []
    h = batch.x
    layers = mlp.layers(
        values, torch.zeros_like(values), statistics.clone(), around_linear=lambda _, linear: Recording(linear, seen)
    )
    for layer in layers:
        h = layer.forward(h, batch, 0)
    return seen


@pytest.mark.parametrize(("activation", "normalization", "dropout", "residual"), CASES)
def test_lsuv_gives_every_layer_variance_one(activation, normalization, dropout, residual):
    mlp = make_mlp(activation, normalization, dropout, residual)
    batch = make_batch(mlp)
    for z in pre_activations(mlp, *adjusted(LSUV(), mlp, batch), batch):
        found = z.flatten(1).var(dim=1, correction=0)
        torch.testing.assert_close(found, torch.ones_like(found), rtol=1e-9, atol=0)


@pytest.mark.parametrize(("activation", "normalization", "dropout", "residual"), CASES)
def test_data_dependent_standardises_every_unit(activation, normalization, dropout, residual):
    mlp = make_mlp(activation, normalization, dropout, residual)
    batch = make_batch(mlp)
    for z in pre_activations(mlp, *adjusted(DataDependent(0.25), mlp, batch), batch):
        variance, mean = torch.var_mean(z, dim=1, correction=0)
        torch.testing.assert_close(variance, torch.ones_like(variance), rtol=1e-8, atol=0)
        if normalization != "batch":  # which has no bias, and takes off the mean itself
            torch.testing.assert_close(mean, torch.full_like(mean, 0.25), rtol=0, atol=1e-9)


@pytest.mark.parametrize("initializer", [LSUV(), DataDependent()], ids=str)
def test_rows_count_by_their_weights(initializer):
    mlp = make_mlp("relu", "batch", sizes=(8, 8))
    batch = make_batch(mlp)
    times = torch.arange(N_ROWS) % 3 + 1
    weighted = adjusted(initializer, mlp, make_batch(mlp, weight=times.double().expand(N_MEMBERS, -1)))
    repeated = adjusted(initializer, mlp, make_batch(mlp, x=batch.x.repeat_interleave(times, dim=1)))
    torch.testing.assert_close(weighted, repeated, rtol=1e-9, atol=1e-12)
    assert (weighted[0] - adjusted(initializer, mlp, batch)[0]).abs().max() > 1e-3


@pytest.mark.parametrize("initializer", [LSUV(), DataDependent()], ids=str)
def test_running_statistics_and_the_output_layer_are_left_alone(initializer):
    mlp = make_mlp(normalization="batch")
    values, statistics = adjusted(initializer, mlp, make_batch(mlp))
    running = mlp.statistics_layout.views(statistics)
    assert all((running[f"norm{i}.mean"] == 0).all() for i in range(len(SIZES)))
    assert all((running[f"norm{i}.variance"] == 1).all() for i in range(len(SIZES)))
    assert (mlp.layout.views(values)["output.weight"] == 0).all()


@pytest.mark.parametrize("initializer", [LSUV(), DataDependent()], ids=str)
def test_units_differ_and_so_do_members(initializer):
    mlp = make_mlp()
    values, _ = adjusted(initializer, mlp, make_batch(mlp))
    weight = mlp.layout.views(values)["hidden1.weight"]
    columns = weight.transpose(0, 1).flatten(1)  # [D, M * H]
    distances = torch.cdist(columns.T, columns.T) + torch.eye(columns.shape[1])
    assert distances.min() > 1e-3


# What does not vary has no scale: its weights stay as they were drawn, instead of growing without bound.
@pytest.mark.parametrize("initializer", [LSUV(), DataDependent()], ids=str)
@pytest.mark.parametrize("n_rows", [1, 2, 30])
@pytest.mark.parametrize("value", [0.0, 3.0])
@pytest.mark.parametrize("normalization", ["none", "batch"])
def test_rows_that_are_all_the_same_leave_weights_of_ordinary_size(initializer, n_rows, value, normalization):
    mlp = make_mlp("relu", normalization)
    x = torch.full((N_MEMBERS, n_rows, N_INPUTS), value, dtype=torch.float64)
    values, _ = adjusted(initializer, mlp, make_batch(mlp, x))
    assert torch.isfinite(values).all()
    assert values.abs().max() < 1e3


def test_a_unit_without_variance_keeps_its_weights():
    mlp = make_mlp("relu", sizes=(8, 8))
    x = torch.zeros(N_MEMBERS, 20, N_INPUTS, dtype=torch.float64)
    values, _ = adjusted(DataDependent(), mlp, make_batch(mlp, x))
    generators = [np.random.Generator(np.random.SFC64(m)) for m in range(N_MEMBERS)]
    assert torch.equal(values, mlp.initialize(generators, DataDependent(), dtype=torch.float64)[0])


def test_bad_options_are_refused_when_built():
    with pytest.raises(ValueError, match="bias must be"):
        DataDependent(bias=float("nan")).build(3, 3)
