"""A small harness around `fit_members`: members by number, so that a stack and its parts draw the same numbers."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from uncertainty.components import MLP, BatchNorm, LayerNorm, LeCunNormal
from uncertainty.components.activations import resolve_activation
from uncertainty.components.dropout import resolve_dropout
from uncertainty.components.mlp import OUTPUT_BIAS, OUTPUT_WEIGHT
from uncertainty.components.residual import NO_BLOCKS
from uncertainty.heads import Gaussian
from uncertainty.heads.base import Head
from uncertainty.optim import Adam, ConstantRate
from uncertainty.training import Rows, TrainingData, TrainingPlan, TrainingResult, fit_members
from uncertainty.training.batches import BatchStream
from uncertainty.training.random_streams import Purpose, member_generators
from uncertainty.training.stack import mean_nll

N_INPUTS = 3
NORMALIZATIONS = {"batch": BatchNorm(), "layer": LayerNorm()}


@dataclass(frozen=True)
class Fitted:
    """A fit's outcome and everything that went into it."""

    result: TrainingResult
    mlp: MLP
    head: Head
    data: TrainingData
    start: tuple[Tensor, Tensor]

    @property
    def values(self) -> np.ndarray:
        return self.result.values

    @property
    def statistics(self) -> np.ndarray:
        return self.result.statistics

    def nll(self, values: Any = None, statistics: Any = None) -> Tensor:
        """Validation loss [M] of all members at the given parameters, by default the fitted ones."""
        parameters = self.values if values is None else values, self.statistics if statistics is None else statistics
        return mean_nll(self.mlp, self.head, *(torch.as_tensor(a) for a in parameters), self.data.validation)


def streams(numbers, purpose):
    return [member_generators(11, range(m, m + 1), purpose)[0] for m in numbers]


def make_rows(n_rows, dtype=torch.float64, *, weighted=False, seed=0, n_inputs=N_INPUTS):
    """A noisy wave along the first input, with row weights of mean one on request."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n_rows, n_inputs))
    y = np.sin(2 * x[:, :1]) + 0.3 * rng.normal(size=(n_rows, 1))
    weight = rng.uniform(0.2, 2.0, n_rows)
    tensors = [torch.tensor(a, dtype=dtype) for a in (x, y, weight / weight.mean())]
    return Rows(*tensors[:2], tensors[2] if weighted else None)


def move(rows, device):
    return Rows(rows.x.to(device), rows.y.to(device), None if rows.weight is None else rows.weight.to(device))


def run_fit(
    numbers,
    *,
    head=None,
    hidden=(8, 5),
    activation="tanh",
    normalization=None,
    dropout=0.0,
    blocks=NO_BLOCKS,
    dtype=torch.float64,
    n_rows=50,
    rows=None,
    weighted=False,
    bootstrap=False,
    index=None,
    n_validation=0,
    start=None,
    batch_size=16,
    augmentation=None,
    optimizer_state=None,
    n_updates=0,
    n_epochs=0,
    device="cpu",
    **plan,
):
    """Train the members of the given numbers; everything about a member follows from its number alone."""
    head = Gaussian().build(1) if head is None else head
    normalizer = NORMALIZATIONS[normalization].build() if normalization else None
    rows = make_rows(n_rows, dtype, weighted=weighted) if rows is None else rows
    rates = resolve_dropout(dropout).build(len(hidden))
    mlp = MLP(rows.x.shape[1], hidden, head.n_raw, resolve_activation(activation), normalizer, rates, blocks)
    if index is None:
        index = np.tile(np.arange(len(rows)), (len(numbers), 1))
    if bootstrap:
        index = np.stack([g.integers(len(rows), size=len(rows)) for g in streams(numbers, Purpose.BOOTSTRAP)])
    validation = None
    if n_validation:
        held_out = [
            g.integers(10 * n_validation, size=n_validation) for g in streams(numbers, Purpose.VALIDATION_SPLIT)
        ]
        validation = make_rows(10 * n_validation, dtype, weighted=weighted, seed=5).take(
            torch.tensor(np.array(held_out))
        )
    if start is None:
        start = mlp.initialize(streams(numbers, Purpose.INITIALIZATION), LeCunNormal(), dtype=dtype)
        bias = head.init_raw(rows.y, torch.ones(len(rows), dtype=dtype))
        # Output weights start at zero in a real fit; here they do not, so that the first step moves every layer.
        output = mlp.layout.views(start[0])[OUTPUT_WEIGHT]
        for row, generator in zip(output, streams(numbers, Purpose.MONTE_CARLO), strict=True):
            row[:] = torch.from_numpy(LeCunNormal().build(mlp.n_last, head.n_raw)(generator, tuple(row.shape)))
        mlp.layout.views(start[0])[OUTPUT_BIAS][:] = torch.where(torch.isfinite(bias), bias, 0.0)
    rows = move(rows, device)
    data = TrainingData(
        rows, torch.as_tensor(index).to(device), None if validation is None else move(validation, device)
    )
    batches = BatchStream(
        data,
        mlp,
        batch_size,
        shuffle=streams(numbers, Purpose.SHUFFLE),
        dropout=streams(numbers, Purpose.DROPOUT),
        augmenter=None
        if augmentation is None
        else augmentation.build(head, torch.zeros_like(rows.x[0]), streams(numbers, Purpose.AUGMENTATION)),
    )
    defaults = {
        "max_epochs": 4,
        "learning_rate": 1e-2,
        "optimizer": Adam(),
        "schedule": ConstantRate(),
        "alpha": 0.0,
        "l1_ratio": 0.0,
        "tol": 1e-4,
        "patience": None,
    }
    made = TrainingPlan(batch_size=batch_size, **{**defaults, **plan})
    values, statistics = (torch.as_tensor(a).clone().to(device) for a in start)
    result = fit_members(
        mlp,
        head,
        values,
        statistics,
        data,
        batches,
        made,
        optimizer_state=optimizer_state,
        n_updates=n_updates,
        n_epochs=n_epochs,
    )
    return Fitted(result, mlp, head, data, tuple(torch.as_tensor(a).clone() for a in start))


@pytest.fixture(autouse=True)
def one_thread():
    """Stacks this small are as fast on one thread, and on a busy machine much faster."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def fit():
    return run_fit


@pytest.fixture
def rows():
    return make_rows
