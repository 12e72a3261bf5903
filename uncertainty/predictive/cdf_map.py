"""An increasing piecewise linear map of probabilities: how a recalibrated cdf is read off the raw one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class CdfMap:
    """The map R of the raw cdf F onto the recalibrated one, R(F(y)): R(0) = 0, R(1) = 1, linear between knots.

    It is held from both ends, as probabilities below the knots of the lower half and above those of the upper half, so
    that far tails keep their relative accuracy: a cdf of 1 - 1e-20 is no number of its own.

    Attributes
    ----------
    below : [2, J], raw and new probability below the knots, from 0 to the raw median
    above : [2, J'], raw and new probability above the knots, from 0 to the raw median
    """

    below: Array
    above: Array

    def apply(self, mass: Array, upper: Flags) -> Array:
        """New probability below a point, or above it where `upper`, from the raw one, which is at most one half."""
        return np.where(upper, np.interp(mass, *self.above), np.interp(mass, *self.below))

    def invert(self, mass: Array, upper: Flags) -> tuple[Array, Flags]:
        """Raw probability, and the side it is counted from, from a new one of any size."""
        from_above = np.where(upper, mass <= self.above[1, -1], mass > self.below[1, -1])
        below, above = np.where(upper, 1.0 - mass, mass), np.where(upper, mass, 1.0 - mass)
        raw = np.where(from_above, np.interp(above, *self.above[::-1]), np.interp(below, *self.below[::-1]))
        return raw, from_above

    def slope(self, mass: Array, upper: Flags) -> Array:
        """Ratio of the new density to the raw one, from the raw probability on the smaller side."""
        return np.where(upper, _slope_at(mass, self.above), _slope_at(mass, self.below))

    def knots(self) -> tuple[Array, Flags]:
        """Raw probability and side of all knots between 0 and 1, in increasing order; one is the raw median."""
        mass = np.concatenate([self.below[0, 1:], self.above[0, -2:0:-1]])
        return mass, np.arange(len(mass)) >= self.below.shape[1] - 1

    def slopes(self) -> Array:
        """Slope of each piece, in the order of the knots: one more than there are knots."""
        return np.concatenate([_slopes(self.below), _slopes(self.above)[::-1]])


def _slopes(half: Array) -> Array:
    return np.diff(half[1]) / np.diff(half[0])


def _slope_at(mass: Array, half: Array) -> Array:
    piece = np.searchsorted(half[0], mass, side="right") - 1
    return _slopes(half)[np.minimum(piece, half.shape[1] - 2)]
