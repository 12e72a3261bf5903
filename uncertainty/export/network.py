"""The members of a fitted estimator: a formula for each step of their prediction form, and their masks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import singledispatch

from torch import Tensor

from uncertainty.components.batch_norm import ScaleAndShiftStep
from uncertainty.components.component import Step
from uncertainty.components.folded import AffineStep
from uncertainty.components.group_norm import GroupNormStep
from uncertainty.components.maxout import MaxoutStep
from uncertainty.components.mlp import INPUT_MASK
from uncertainty.components.pointwise import PointwiseStep
from uncertainty.components.prelu import PReLUStep
from uncertainty.components.residual import ResidualStep
from uncertainty.estimators.members import Members
from uncertainty.export.graph import Value
from uncertainty.export.pointwise import FORMULAS

Masks = Iterator[Tensor | None]


def raw_outputs(x: Value, members: Members) -> Value:
    """Return [M, N, R] of what the networks read, x [N, D].

    Masks of units multiply what a linear map reads, and its weights stay those of one network: folded into the weights,
    as for prediction here, they would make the file M times as large.
    """
    of_units = [INPUT_MASK, *(layer.unit_mask for layer in members.mlp.hidden_layers)]
    entries = members.masks or {}
    of_weights = {name: mask for name, mask in entries.items() if name not in of_units} or None
    folded = replace(members, masks=of_weights).folded()
    masks = iter([entries[name].mask() if name in entries else None for name in of_units])
    h = x.with_axis(0)  # [1, N, D]
    for step in folded.steps:
        h = formula(step, h, masks)
    return _linear(h, folded.output_weight.transpose(1, 2), folded.output_bias, next(masks))


@singledispatch
def formula(step: Step, h: Value, masks: Masks) -> Value:
    """Return what the step makes of h [M, N, H], or [1, N, H] where members share it.

    Every linear map takes its mask off `masks`.
    """
    raise TypeError(f"estimator must consist of parts that have a formula in ONNX, got a {type(step).__name__}.")


def _linear(h: Value, weight: Tensor, bias: Tensor, mask: Tensor | None) -> Value:
    if mask is not None:
        h = h * mask.unsqueeze(1).numpy()
    # Weights that all members share are a matrix: one product instead of M.
    return h @ (weight[0] if len(weight) == 1 else weight).numpy() + bias.unsqueeze(1).numpy()


@formula.register
def _(step: AffineStep, h: Value, masks: Masks) -> Value:
    return _linear(h, step.weight, step.bias, next(masks))


@formula.register
def _(step: PointwiseStep, h: Value, masks: Masks) -> Value:
    return FORMULAS[step.name](h, *step.constants)


@formula.register
def _(step: PReLUStep, h: Value, masks: Masks) -> Value:
    return h.at_least(0.0) + h.at_most(0.0) * step.slope.numpy()


@formula.register
def _(step: MaxoutStep, h: Value, masks: Masks) -> Value:
    return h.reshape(0, 0, step.pieces, -1).largest(axis=2).without_axis(2)


@formula.register
def _(step: ScaleAndShiftStep, h: Value, masks: Masks) -> Value:
    return h * step.a.numpy() + step.b.numpy()


@formula.register
def _(step: GroupNormStep, h: Value, masks: Masks) -> Value:
    groups = h.reshape(0, 0, step.normalizer.n_groups, -1)
    centred = groups - groups.mean(axis=3)
    normalized = centred / ((centred * centred).mean(axis=3) + step.normalizer.epsilon).sqrt()
    return normalized.reshape(0, 0, -1) * step.scale.numpy() + step.shift.numpy()


@formula.register
def _(step: ResidualStep, h: Value, masks: Masks) -> Value:
    through = h
    for inner in step.inner:
        through = formula(inner, through, masks)
    return through + h
