"""What every continuous predictive answers in the same way, from its density, quantiles and parts of the variance."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import ArrayLike, NDArray

from uncertainty.predictive.checks import check_levels

Array = NDArray[np.float64]


class RegressionPredictive(ABC):
    """Abstract predictive distribution of n rows, in the units of y; methods carry the names of `scipy.stats`.

    Arrays are (n,) for one target, (n, T) for several. With several targets `logpdf` is joint; `cdf`, `ppf`,
    `interval` and `crps` are marginal.
    """

    @abstractmethod
    def __len__(self) -> int:
        """Number of rows, n."""

    @abstractmethod
    def __getitem__(self, index: int | slice | ArrayLike) -> RegressionPredictive:
        """The rows `index`; a single number keeps the row axis."""

    @abstractmethod
    def marginal(self, target: int) -> RegressionPredictive:
        """The predictive of one target alone."""

    @abstractmethod
    def mean(self) -> Array:
        """Mean, in units of y."""

    @abstractmethod
    def logpdf(self, y: ArrayLike) -> Array:
        """Log density (n,) of y in nats per unit of y, joint over targets."""

    @abstractmethod
    def cdf(self, y: ArrayLike) -> Array:
        """Probability of at most y, of each target."""

    @abstractmethod
    def sf(self, y: ArrayLike) -> Array:
        """Probability of more than y, of each target; accurate where it is small."""

    @abstractmethod
    def crps(self, y: ArrayLike) -> Array:
        """Continuous ranked probability score of y, in units of y; lower is better."""

    @abstractmethod
    def entropy(self) -> Array:
        """Differential entropy (n,) of each row's joint density, in nats."""

    @abstractmethod
    def rvs(self, size: int = 1, random_state: int | np.random.Generator | None = None) -> Array:
        """Independent draws (n, size), or (n, T, size), in units of y."""

    @abstractmethod
    def sample_functions(self, size: int, generator: np.random.Generator) -> Array:
        """Draws (n, size), or (n, T, size), each of which follows one member through all rows."""

    @abstractmethod
    def aleatoric_variance(self) -> Array:
        """Variance of the noise, in squared units of y."""

    @abstractmethod
    def epistemic_variance(self) -> Array:
        """Variance from ignorance of the model, in squared units of y."""

    @abstractmethod
    def tail_quantiles(self, mass: Array, upper: NDArray[np.bool_]) -> Array:
        """Points with probability `mass` below them, or above them where `upper`, in units of y.

        Both arrays have the same shape, and the result has it after the axes of the rows and of several targets. Far
        quantiles keep their accuracy on both sides, which a level near 1 cannot.
        """

    def var(self) -> Array:
        """Total variance, in squared units of y: aleatoric plus epistemic."""
        return self.aleatoric_variance() + self.epistemic_variance()

    def std(self) -> Array:
        """Total standard deviation, in units of y."""
        return np.sqrt(self.var())

    def pdf(self, y: ArrayLike) -> Array:
        """Density (n,) of y per unit of y, joint over targets; it can exceed 1."""
        return np.exp(self.logpdf(y))

    def ppf(self, q: ArrayLike) -> Array:
        """Exact quantiles, in units of y.

        Parameters
        ----------
        q : float in (0, 1), or Q of them

        Returns
        -------
        (n,) or (n, T) for one level; (n, Q) or (n, T, Q) for several
        """
        levels = check_levels("q", q)
        # Above the median the mass above the point is what can be small: 1 - q is exact there (Sterbenz).
        upper = levels > 0.5
        return self.tail_quantiles(np.where(upper, 1.0 - levels, levels), upper)

    def isf(self, q: ArrayLike) -> Array:
        """Points with probability q above them, in units of y, as `ppf(1 - q)`; accurate where q is small."""
        levels = check_levels("q", q)
        upper = levels <= 0.5
        return self.tail_quantiles(np.where(upper, levels, 1.0 - levels), upper)

    def interval(self, confidence: ArrayLike = 0.9, *, side: str = "two") -> Array:
        """Central interval of the given probability, or one-sided bounds, in units of y.

        Parameters
        ----------
        confidence : float in (0, 1), or L of them
        side : "two", "lower" or "upper"
            "lower" gives [bound, inf) and "upper" (-inf, bound], each holding `confidence`.

        Returns
        -------
        (n, 2) or (n, T, 2); with several levels (n, 2, L) or (n, T, 2, L)
        """
        if side not in ("two", "lower", "upper"):
            raise ValueError(f"side must be 'two', 'lower' or 'upper', got {side!r}.")
        miss = (1.0 - check_levels("coverage", confidence)) / (2.0 if side == "two" else 1.0)
        if side == "two":
            upper = np.stack([np.zeros(miss.shape, dtype=bool), np.ones(miss.shape, dtype=bool)])
            return self.tail_quantiles(np.stack([miss, miss]), upper)
        bound = self.tail_quantiles(miss, np.full(miss.shape, side == "upper"))
        low, high = (bound, np.full_like(bound, np.inf)) if side == "lower" else (np.full_like(bound, -np.inf), bound)
        return np.stack([low, high], axis=-2 if miss.ndim else -1)
