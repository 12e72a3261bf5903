"""Gaps: stretches of a column without any training value, about which the members of an ensemble are to disagree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from uncertainty.components.mlp import MLP
from uncertainty.training.random_streams import Purpose, member_generators

Array = NDArray[np.float64]

# An empty stretch is a gap from this share of the column's training range on; a column has ten at most.
MIN_SHARE = 0.1
# So much less (relatively) is as wide: the eleven levels of a rating have ten gaps in whatever unit, rounded or not.
TIE = 1e-6
# Standard deviation of a member's weights for the distance, before the activation: docs/decisions/0012-gaps.md.
WEIGHT_STD = 1.5


@dataclass(frozen=True)
class Gaps:
    """The gaps of all columns: their column of X, both ends and the column's standard deviation, all [G].

    Those of one column are neighbours.
    """

    column: NDArray[np.intp]
    low: Array
    high: Array
    unit: Array

    @classmethod
    def find(cls, x: Array, weight: Array | None, columns: NDArray[np.intp]) -> Gaps:
        """Return the gaps between neighbouring values of x [N, D] in those columns, with row weights [N]."""
        found = [(j, *ends) for j in columns.tolist() for ends in _gaps_of_column(x[:, j])]
        column = np.array([j for j, _, _ in found], dtype=np.intp)
        low, high = np.array([ends for _, *ends in found], dtype=np.float64).reshape(-1, 2).T
        std = np.sqrt(np.average((x - np.average(x, axis=0, weights=weight)) ** 2, axis=0, weights=weight))
        return cls(column, low, high, std[column])

    @property
    def n_inputs(self) -> int:
        """Number C of columns that have gaps; each of them gives one input."""
        return len(np.unique(self.column))

    def distances(self, x: Array) -> Array:
        """Return [N, C] how far x [N, D] is from the nearest training value, in standard deviations of the column.

        It is 0 outside the gaps, so for every training row.
        """
        inside = np.clip(x[:, self.column], self.low, self.high)
        depth = np.minimum(inside - self.low, self.high - inside) / self.unit
        return np.maximum.reduceat(depth, np.unique(self.column, return_index=True)[1], axis=1)


def _gaps_of_column(x: Array) -> list[tuple[float, float]]:
    values = np.unique(x)
    wide = np.flatnonzero(np.diff(values) >= (1.0 - TIE) * MIN_SHARE * (values[-1] - values[0]))
    return [(float(values[i]), float(values[i + 1])) for i in wide] if len(values) > 1 else []


def draw_gap_weights_(mlp: MLP, values: Tensor, seed: int | tuple[int, ...], members: range) -> None:
    """Draw, in `values` [M, P], the weights of the last inputs, which tell how far a row is inside a gap.

    Those inputs are 0 for every training row: no gradient moves their weights, and no penalty applies to them, so what
    is drawn stays. It is the members' prior: a distance of one standard deviation moves a hidden unit, before its
    activation, by a normal number of standard deviation `WEIGHT_STD`. The first member has zeros, and each even one the
    opposite of the one before it: a single network is left alone, and so, to first order, is the mean of an ensemble.

    References
    ----------
    Osband, Aslanides & Cassirer (2018), Randomized prior functions for deep reinforcement learning: random functions
    that are not trained, added to each member, for uncertainty where there are no data; here they vanish on the data.
    """
    if not mlp.n_gap_inputs or not mlp.hidden_layers:
        return
    weight = mlp.layout.views(values)[mlp.hidden_layers[0].weight][:, -mlp.n_gap_inputs :]
    for of_member, member in zip(weight, members, strict=True):
        pair = (member + 1) // 2
        sign = 0.0 if member == 0 else 1.0 if member % 2 else -1.0
        (generator,) = member_generators(seed, range(pair, pair + 1), Purpose.GAPS)
        of_member.copy_(torch.from_numpy(sign * WEIGHT_STD * generator.standard_normal(tuple(of_member.shape))))
