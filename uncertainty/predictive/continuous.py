"""The predictive distribution of a regression: the equal-weight mixture of the members' distributions."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import entr

from uncertainty.heads.normal_mixture import NormalMixture
from uncertainty.metrics.pointwise import joint_normal_mixture_logpdf, normal_mixture_crps
from uncertainty.predictive.checks import check_rows_index
from uncertainty.predictive.entropy import joint_normal_mixture_entropy, normal_mixture_entropy
from uncertainty.predictive.quantiles import normal_mixture_quantile
from uncertainty.predictive.regression import RegressionPredictive

Array = NDArray[np.float64]

# Mixture components (over rows, targets and levels) whose quantiles are solved at a time: about ten arrays of as many
# numbers stay in a core's own cache.
QUANTILE_BLOCK = 1 << 15


class ContinuousPredictive(RegressionPredictive):
    """Predictive distribution of n rows, in the units of y; methods carry the names of `scipy.stats`.

    Arrays are (n,) for one target, (n, T) for several. With several targets `logpdf` is joint; `cdf`, `ppf`,
    `interval` and `crps` are marginal.

    The variance splits by the law of total variance over one set of members: aleatoric is the mean of the members'
    variances, epistemic the population variance of their means, and the total is their sum. With M members the
    population form understates the spread of members by the factor (M - 1) / M; one member has epistemic variance 0.

    Parameters
    ----------
    members : NormalMixture with arrays [M, n, ...], in units of y
    single_target : bool
        Whether the target was one-dimensional, so that the target axis is left out.

    References
    ----------
    Lakshminarayanan et al. (2017), section 2.4; Depeweg et al. (2018), eqs. 12-13, for the decomposition.
    """

    def __init__(self, members: NormalMixture, *, single_target: bool) -> None:
        self.members = members
        self.single_target = single_target

    def __len__(self) -> int:
        return int(self.members.weights.shape[1])

    def __getitem__(self, index: int | slice | ArrayLike) -> ContinuousPredictive:
        """The rows `index`; a single number keeps the row axis."""
        rows = check_rows_index(index, len(self))
        return ContinuousPredictive(self.members.rows(rows), single_target=self.single_target)

    def marginal(self, target: int) -> ContinuousPredictive:
        """The predictive of one target alone."""
        m, only = self.members, slice(target, target + 1)
        return ContinuousPredictive(
            NormalMixture(m.weights, m.means[:, :, only], m.scales[:, :, only]), single_target=True
        )

    def observations(self, y: ArrayLike) -> Array:
        """`y` as [n, T]; one number is for every row."""
        n_targets = self.members.means.shape[2]
        values = np.asarray(y, dtype=float)
        if values.ndim == 0:
            values = np.full((len(self), n_targets), float(values))
        elif values.ndim == 1 and self.single_target:
            values = values[:, None]
        if values.shape != (len(self), n_targets):
            expected = (len(self),) if self.single_target else (len(self), n_targets)
            raise ValueError(f"y must have shape {expected}, one value a row, got shape {np.shape(y)}.")
        return values

    @cached_property
    def _pooled(self) -> NormalMixture:
        return self.members.pool()

    def _drop_target(self, values: Array) -> Array:
        """Leave out the target axis (axis 1) of a one-dimensional target."""
        return values[:, 0] if self.single_target else values

    # -- the mixture's arrays ------------------------------------------------------------------------------------

    @property
    def n_members(self) -> int:
        """M."""
        return int(self.members.weights.shape[0])

    @property
    def weights(self) -> Array:
        """Weights (n, M K) of all components of all members; rows sum to 1."""
        return self._pooled.weights

    @property
    def means(self) -> Array:
        """Component means (n, M K), or (n, T, M K), in units of y."""
        return self._drop_target(self._pooled.means)

    @property
    def scales(self) -> Array:
        """Component standard deviations (n, M K), or (n, T, M K), in units of y."""
        return self._drop_target(self._pooled.scales)

    def member_means(self) -> Array:
        """Mean of each member (M, n), or (M, n, T), in units of y."""
        means = self.members.mean()
        return means[:, :, 0] if self.single_target else means

    # -- moments -------------------------------------------------------------------------------------------------

    def mean(self) -> Array:
        """Mean, in units of y."""
        return self._drop_target(self.members.mean().mean(axis=0))

    def aleatoric_variance(self) -> Array:
        """Variance of the noise, in squared units of y: the mean of the members' variances."""
        return self._drop_target(self.members.variance().mean(axis=0))

    def epistemic_variance(self) -> Array:
        """Variance from ignorance of the model, in squared units of y: population variance of the members' means."""
        # Two passes: E[x^2] - E[x]^2 cancels to a negative number when the mean is large.
        # Around the first member, so that members that agree give exactly 0.
        means = self.members.mean()
        spread = means - means[0]
        spread -= spread.mean(axis=0)
        spread *= spread
        return self._drop_target(spread.mean(axis=0))

    # -- what the members and components are worth ---------------------------------------------------------------

    def monte_carlo_error(self) -> Array:
        """Standard error of `std()`, in units of y: how far another draw of as many members would move it.

        Of MC-dropout these are other masks, of an ensemble other initial weights; the members of a snapshot ensemble
        depend on each other, and it is too small. By the jackknife: `std()` without each of the members in turn. With
        few members it is a little small as well, by a fifth with three and a twentieth with ten.

        Raises
        ------
        ValueError
            For fewer than three members.

        References
        ----------
        Efron (1982), The jackknife, the bootstrap and other resampling plans, chapter 3.
        """
        n = self.n_members
        if n < 3:
            raise ValueError(f"there must be at least three members to tell how much they differ, got {n}.")
        means, variances = self.members.mean(), self.members.variance()
        deviations = means - means[0]
        deviations -= deviations.mean(axis=0)
        squares = deviations**2
        aleatoric = (variances.sum(axis=0) - variances) / (n - 1)
        epistemic = (squares.sum(axis=0) - squares) / (n - 1) - squares / (n - 1) ** 2
        without = np.sqrt(aleatoric + np.maximum(epistemic, 0.0))  # [M, N, T], of all members but one
        return self._drop_target(np.sqrt(n - 1.0) * without.std(axis=0))

    def effective_components(self) -> Array:
        """Over how many components (n,) a member spreads the weight of a row, from 1 to the K that it has.

        The exponential of the entropy of the weights (Hill 1973, Diversity and evenness, order 1), on average over the
        members. Components that coincide count separately: 2 does not say that a row has two modes.
        """
        return np.asarray(np.exp(entr(self.members.weights).sum(axis=-1)).mean(axis=0))

    # -- densities and probabilities -----------------------------------------------------------------------------

    def logpdf(self, y: ArrayLike) -> Array:
        """Log density (n,) of y in nats per unit of y, joint over targets."""
        p = self._pooled
        return joint_normal_mixture_logpdf(self.observations(y), p.weights, p.means, p.scales)

    def cdf(self, y: ArrayLike) -> Array:
        """Probability of at most y, of each target."""
        return self._drop_target(self._pooled.cdf(self.observations(y)))

    def sf(self, y: ArrayLike) -> Array:
        """Probability of more than y, of each target; accurate where it is small."""
        return self._drop_target(self._pooled.sf(self.observations(y)))

    # -- quantiles -----------------------------------------------------------------------------------------------

    def tail_quantiles(self, mass: Array, upper: NDArray[np.bool_]) -> Array:
        """Points with probability `mass` below them, or above them where `upper`, in units of y."""
        n_members, n, n_targets, n_components = self.members.means.shape
        rows = max(QUANTILE_BLOCK // (n_members * n_components * n_targets * mass.size), 1)
        values = np.empty((n, n_targets, *mass.shape))
        for block in (slice(start, start + rows) for start in range(0, n, rows)):
            weights, means, scales = (a.reshape(len(a), -1) for a in self.members.rows(block).components())
            quantiles = normal_mixture_quantile(weights, means, scales, mass.reshape(-1), upper.reshape(-1))
            values[block] = quantiles.reshape(values[block].shape)
        return self._drop_target(values)

    # -- scores and samples --------------------------------------------------------------------------------------

    def crps(self, y: ArrayLike) -> Array:
        """Continuous ranked probability score of y, exact, in units of y; lower is better."""
        p, rows = self._pooled, self.observations(y)
        columns = [
            normal_mixture_crps(rows[:, t], p.weights, p.means[:, t], p.scales[:, t]) for t in range(rows.shape[1])
        ]
        return self._drop_target(np.stack(columns, axis=1))

    def entropy(self) -> Array:
        """Differential entropy (n,) of each row's joint density, in nats.

        For one target by quadrature (error below about 1e-3); for several over some two thousand fixed points, with
        a standard error of about 0.02 nats.
        """
        p = self._pooled
        if p.means.shape[1] == 1:
            return normal_mixture_entropy(p.weights, p.means[:, 0], p.scales[:, 0])
        return joint_normal_mixture_entropy(p.weights, p.means, p.scales)

    def rvs(self, size: int = 1, random_state: int | np.random.Generator | None = None) -> Array:
        """Independent draws (n, size), or (n, T, size), in units of y."""
        generator = np.random.default_rng(random_state)
        p = self._pooled
        n, n_targets, _ = p.means.shape
        cumulative = np.cumsum(p.weights, axis=1)[:, None, :]
        index = _draw_component(cumulative, generator.random((n, size)))[:, None, :]  # [n, 1, size]
        means = np.take_along_axis(p.means, index, axis=2)
        scales = np.take_along_axis(p.scales, index, axis=2)
        return self._drop_target(means + scales * generator.standard_normal((n, n_targets, size)))

    def sample_functions(self, size: int, generator: np.random.Generator) -> Array:
        """Draws (n, size), or (n, T, size), each of which follows one member through all rows."""
        m = self.members
        chosen = generator.integers(self.n_members, size=size)
        cumulative = np.cumsum(m.weights[chosen], axis=-1)  # [S, n, K]
        component = _draw_component(cumulative, generator.random(cumulative.shape[:2]))[..., None, None]
        means = np.take_along_axis(m.means[chosen], component, axis=-1)[..., 0]  # [S, n, T]
        scales = np.take_along_axis(m.scales[chosen], component, axis=-1)[..., 0]
        draws = means + scales * generator.standard_normal(means.shape)
        return self._drop_target(np.moveaxis(draws, 0, -1))


def _draw_component(cumulative: Array, uniform: Array) -> NDArray[np.intp]:
    """Component numbers [...] from cumulative weights [..., K] and uniform draws [...] in [0, 1)."""
    below = uniform[..., None] * cumulative[..., -1:] > cumulative
    return np.minimum(below.sum(axis=-1), cumulative.shape[-1] - 1)
