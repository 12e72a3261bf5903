"""The one path from checked data to fitted members, for every estimator."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from torch import Tensor

from uncertainty.components.initializers.data_driven import DataDriven
from uncertainty.components.mlp import MLP, OUTPUT_BIAS
from uncertainty.components.spec import check_number
from uncertainty.estimators import options
from uncertainty.estimators.gaps import draw_gap_weights_
from uncertainty.estimators.members import Members
from uncertainty.estimators.method import Method, Start
from uncertainty.estimators.scaling import InputScaler
from uncertainty.estimators.validation_split import in_bag_counts, split_rows
from uncertainty.heads.base import Head
from uncertainty.optim import ConstantRate
from uncertainty.training import (
    Rows,
    TrainingData,
    TrainingInterrupted,
    TrainingPlan,
    TrainingResult,
    fit_members,
)
from uncertainty.training.adjustment import adjust_to_rows_
from uncertainty.training.batches import BatchStream
from uncertainty.training.pretraining import pretrain_
from uncertainty.training.random_streams import Purpose, member_generators

if TYPE_CHECKING:
    from uncertainty.estimators.probabilistic_mlp import NetworkParameters

Array = NDArray[np.float64]

# What adds those who look on to a plan, once it and the architecture are known and before training begins.
Observe = Callable[[TrainingPlan, MLP], TrainingPlan]


@dataclass(frozen=True)
class Problem:
    """Standardised and encoded rows: x [N, D], y [N, T], weight [N] or None, and class codes to stratify by.

    `validation` holds the user's own validation rows, if any, and `unlabeled` [n, D] further rows without a target.
    `scaler` knows the range and mean of each input.
    """

    x: Array
    y: Array
    weight: Array | None
    strata: NDArray[np.intp] | None
    scaler: InputScaler
    validation: tuple[Array, Array, Array | None] | None = None
    unlabeled: Array | None = None


@dataclass(frozen=True)
class FitTask:
    """What is to be fitted: the networks of `method`, as `network` describes each, on `problem`, from `start`.

    All that is random follows from `seed`.
    """

    network: NetworkParameters
    method: Method
    head: Head
    problem: Problem
    start: Start
    seed: int

    @property
    def members(self) -> range:
        """Numbers of the networks that are trained."""
        return self.start.members

    @property
    def seed_of_call(self) -> int | tuple[int, ...]:
        """Seed of what each call that goes on draws anew: batches, bootstrap samples."""
        return (self.seed, self.start.round) if self.start.round else self.seed

    def generators(self, purpose: Purpose, *, seed: int | tuple[int, ...] | None = None) -> list[np.random.Generator]:
        """Return the generators of the networks for one purpose."""
        return member_generators(self.seed if seed is None else seed, self.members, purpose)


@dataclass(frozen=True)
class PreparedRun:
    """Everything that a training run is made of, before its first step. It trains in place, and so only once."""

    mlp: MLP
    head: Head
    values: Tensor
    statistics: Tensor
    data: TrainingData
    batches: BatchStream
    plan: TrainingPlan
    start: Start
    in_bag_counts: NDArray[np.uint16] | None = None

    def train(self, n_jobs: int | None = None) -> TrainingResult:
        """Train on at most `n_jobs` threads."""
        return fit_members(
            self.mlp,
            self.head,
            self.values,
            self.statistics,
            self.data,
            self.batches,
            self.plan,
            optimizer_state=self.start.optimizer_state,
            n_updates=self.start.n_updates,
            n_epochs=self.start.n_epochs,
            n_jobs=n_jobs,
        )


@dataclass(frozen=True)
class Fit:
    """Outcome: the members, what the loop reported, and how often [M, N] each used each row, if they were resampled.

    `interrupt` is a Ctrl-C that has ended training: who asked for the fit decides what becomes of it.
    """

    members: Members
    result: TrainingResult
    in_bag_counts: NDArray[np.uint16] | None = None
    interrupt: TrainingInterrupted | None = None


def fit_network(
    task: FitTask, *, one_pass: bool = False, observe: Observe | None = None, n_jobs: int | None = None
) -> Fit:
    """Train the networks of the task and return the members that its method makes of them."""
    run = prepare_run(task, one_pass=one_pass, observe=observe, n_jobs=n_jobs)
    interrupt = None
    try:
        result = run.train(n_jobs)
    except TrainingInterrupted as interrupted:
        result, interrupt = interrupted.result, interrupted
    if not one_pass and 0 < result.n_epochs <= task.head.n_warmup_epochs:
        warnings.warn(
            f"the warm-up of {task.head.n_warmup_epochs} epochs was not over after {result.n_epochs}, so that only the "
            f"mean has been trained. Raise max_iter, or lower mean_warmup of the head.",
            ConvergenceWarning,
            stacklevel=2,
        )
    task.method.check_outcome(result)
    return Fit(task.method.members(run.mlp, task.head, result, task.seed), result, run.in_bag_counts, interrupt)


def prepare_run(
    task: FitTask, *, one_pass: bool = False, observe: Observe | None = None, n_jobs: int | None = None
) -> PreparedRun:
    """Build all that training the networks of the task takes; their pre-training is behind them then."""
    network, method, problem = task.network, task.method, task.problem
    mlp = options.build_mlp(network, problem.x.shape[1], problem.scaler.n_gap_inputs, task.head)
    method.check(mlp)
    work = mlp.multiply_adds * len(task.members) * options.resolve_batch_size(network.batch_size, len(problem.x))
    device = options.resolve_device(network.device, work)
    given = problem.validation is not None
    watching = not one_pass and options.watches_validation(network, given=given)
    rows = _to_rows(problem.x, problem.y, problem.weight, options.resolve_dtype(network.dtype), device)
    data, in_bag = _training_data(task, rows, watching=watching)
    plan = _plan(task, data, one_pass=one_pass)
    plan = plan if observe is None else observe(plan, mlp)
    values, statistics = _initial_state(task, mlp, data)
    _pretrain_(task, mlp, values, statistics, data, plan, n_jobs=n_jobs)
    batches = _batch_stream(task, mlp, data, plan.batch_size)
    return PreparedRun(mlp, task.head, values, statistics, data, batches, plan, task.start, in_bag)


def _plan(task: FitTask, data: TrainingData, *, one_pass: bool) -> TrainingPlan:
    """The base network's plan with the method's changes, or cut down to one pass."""
    plan = options.build_plan(task.network, data.n_train, task.method.n_runs)
    plan = task.method.adapt(plan, task.problem.scaler.standardised_range())
    if not one_pass:
        return plan
    if plan.averaging is not None and plan.averaging.spans_a_fit:
        raise ValueError(
            f"averaging must not depend on the last epoch in partial_fit, which knows of none, got "
            f"{plan.averaging!r}. Use averaging='ema'."
        )
    return replace(plan, max_epochs=1, patience=None, schedule=ConstantRate())


def _to_rows(x: Array, y: Array, weight: Array | None, dtype: torch.dtype, device: torch.device) -> Rows:
    """Tensors of the training format; values that it cannot hold are refused."""

    def tensor(values: Array) -> Tensor:
        return torch.tensor(values, dtype=dtype, device=device)

    for name, values in (("X", x), ("y", y)):
        with np.errstate(over="ignore"):
            converted = values.astype(str(dtype).removeprefix("torch."))
        if not np.isfinite(converted).all():
            raise ValueError(
                f"{name} must fit in {dtype} after scaling, got values up to {np.abs(values).max():.3g}. Use "
                f"dtype='float64', or rescale {name}."
            )
    return Rows(tensor(x), tensor(y), None if weight is None else tensor(weight))


def _training_data(task: FitTask, rows: Rows, *, watching: bool) -> tuple[TrainingData, NDArray[np.uint16] | None]:
    """Which rows each member trains on, and which it watches; how often it uses each, if the method resamples them."""
    problem, members = task.problem, task.members
    every_row = np.tile(np.arange(len(rows)), (len(members), 1))
    if watching and problem.validation is None:
        generators = task.generators(Purpose.VALIDATION_SPLIT)
        fraction = check_number(
            "validation_fraction", task.network.validation_fraction, low_open=True, high=1.0, high_open=True
        )
        train, held_out = split_rows(generators, len(rows), fraction, problem.strata)
        validation = rows.take(torch.from_numpy(held_out).to(rows.x.device))
    else:
        train, held_out, validation = every_row, every_row[:, :0], None
        if watching and problem.validation is not None:
            validation = _to_rows(*problem.validation, rows.x.dtype, rows.x.device).share(len(members))
    index = task.method.training_rows(task.seed_of_call, members, train)
    in_bag = in_bag_counts(len(rows), index, held_out) if task.method.resamples_rows else None
    return TrainingData(rows, torch.from_numpy(index).to(rows.x.device), validation), in_bag


def _initial_state(task: FitTask, mlp: MLP, data: TrainingData) -> tuple[Tensor, Tensor]:
    """Parameters and running statistics to start from: the best constant prediction through random weights."""
    start, rows = task.start, data.rows
    if start.mlp is not None and start.mlp != mlp:
        raise ValueError(
            f"the architecture must stay the same when a fit continues, got {mlp} after {start.mlp}. Set "
            f"warm_start=False, or fit a new estimator."
        )
    if start.values is not None and start.statistics is not None:
        values = torch.tensor(start.values, dtype=rows.x.dtype, device=rows.x.device)
        return values, torch.tensor(start.statistics, dtype=rows.x.dtype, device=rows.x.device)
    generators = task.generators(Purpose.INITIALIZATION)
    initializer = options.build_initializer(task.network)
    values, statistics = mlp.initialize(generators, initializer, dtype=rows.x.dtype)
    if isinstance(initializer, DataDriven):
        adjust_to_rows_(initializer, mlp, values, statistics, data, generators)
    weight = torch.ones(len(rows), dtype=rows.x.dtype, device=rows.x.device) if rows.weight is None else rows.weight
    draw_gap_weights_(mlp, values, task.seed, task.members)
    mlp.layout.views(values)[OUTPUT_BIAS][:] = task.head.init_raw(rows.y, weight).cpu()
    return values.to(rows.x.device), statistics.to(rows.x.device)


def _pretrain_(
    task: FitTask,
    mlp: MLP,
    values: Tensor,
    statistics: Tensor,
    data: TrainingData,
    plan: TrainingPlan,
    *,
    n_jobs: int | None,
) -> None:
    """Move fresh hidden layers in place to where pre-training ends, if the network asks for it."""
    pretraining, unlabeled = options.build_pretraining(task.network, mlp), task.problem.unlabeled
    if pretraining is None or task.start.values is not None:
        if unlabeled is not None:
            raise ValueError(
                "X_unlabeled must not be given where nothing is pre-trained: pretraining is None, or the fit goes on "
                "from the weights of an earlier one. Set pretraining='autoencoder', or leave X_unlabeled out."
            )
        return
    x, weight, index = data.rows.x, data.rows.weight, data.train_index
    if unlabeled is not None:
        more = _to_rows(unlabeled, unlabeled, None, x.dtype, x.device).x
        every = torch.arange(len(x), len(x) + len(more), device=x.device).expand(len(index), -1)
        x, index = torch.cat([x, more]), torch.cat([index, every], dim=1)
        weight = None if weight is None else torch.cat([weight, torch.ones_like(more[:, 0])])
    inputs = TrainingData(Rows(x, x, weight), index)
    plan = replace(plan, batch_size=options.resolve_batch_size(task.network.batch_size, inputs.n_train))
    generators = task.generators(Purpose.PRETRAINING)
    pretrain_(mlp, values, statistics, inputs, plan, pretraining, generators, n_jobs=n_jobs)


def _batch_stream(task: FitTask, mlp: MLP, data: TrainingData, batch_size: int) -> BatchStream:
    seed = task.seed_of_call
    column_means = torch.from_numpy(task.problem.scaler.standardised_mean()).to(data.rows.x)
    augmentation = options.resolve_augmentation(task.network.augmentation)
    augmenting = task.generators(Purpose.AUGMENTATION, seed=seed)
    return BatchStream(
        data,
        mlp,
        batch_size,
        shuffle=task.generators(Purpose.SHUFFLE, seed=seed),
        dropout=task.generators(Purpose.DROPOUT, seed=seed),
        augmenter=augmentation.build(task.head, column_means, augmenting, mlp.n_gap_inputs),
    )
