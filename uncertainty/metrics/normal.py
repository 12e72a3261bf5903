"""Normal distributions known by their mean and standard deviation, as other libraries predict them."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from .checks import FloatArray, match_targets
from .pointwise import normal_crps, normal_logpdf


@dataclass(frozen=True, eq=False)
class Normal:
    """One normal distribution for each observation, with the methods that scores ask for."""

    location: FloatArray
    scale: FloatArray

    @classmethod
    def of(cls, y: FloatArray, mean: npt.ArrayLike, std: npt.ArrayLike) -> Self:
        """Return the normals of the observations `y`, whose shape `mean` and `std` must have."""
        return cls(match_targets(mean, "mean", y), match_targets(std, "std", y, positive=True))

    def mean(self) -> FloatArray:
        return self.location

    def std(self) -> FloatArray:
        return self.scale

    def logpdf(self, y: FloatArray) -> FloatArray:
        return normal_logpdf(y, self.location, self.scale)

    def cdf(self, y: FloatArray) -> FloatArray:
        return np.asarray(ndtr((y - self.location) / self.scale))

    def ppf(self, level: float) -> FloatArray:
        return np.asarray(self.location + self.scale * ndtri(level))

    def crps(self, y: FloatArray) -> FloatArray:
        return normal_crps(y, self.location, self.scale)
