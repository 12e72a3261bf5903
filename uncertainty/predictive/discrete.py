"""The predictive distribution of a classification: the members' probabilities, averaged."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logsumexp

from uncertainty.heads.class_probabilities import ClassProbabilities
from uncertainty.predictive.checks import check_rows_index

Array = NDArray[np.float64]


class DiscretePredictive:
    """Predictive distribution of n rows over the classes in `classes`.

    Arrays are (n, C) for one target. For multi-label data they are (n, T), of the label being present, and labels
    are independent given the member. Probabilities are averaged over members, never logits.

    The variance of each class's indicator splits by the law of total variance: aleatoric is the mean of p (1 - p),
    epistemic the population variance of p over members. The entropy splits into the mean of the members' entropies
    (aleatoric) and the mutual information between the class and the member (epistemic).

    Parameters
    ----------
    members : ClassProbabilities with log_proba [M, n, T, C]
    classes : [C], or None for multi-label data

    References
    ----------
    Depeweg et al. (2018), Decomposition of uncertainty, eq. 2; Houlsby et al. (2011), eq. 2 (mutual information).
    """

    def __init__(self, members: ClassProbabilities, classes: NDArray[np.generic] | None) -> None:
        self.members = members
        self.classes = classes

    def __len__(self) -> int:
        return int(self.members.log_proba.shape[1])

    def __getitem__(self, index: int | slice | ArrayLike) -> DiscretePredictive:
        """The rows `index`; a single number keeps the row axis."""
        return DiscretePredictive(self.members.rows(check_rows_index(index, len(self))), self.classes)

    @property
    def n_members(self) -> int:
        """M."""
        return int(self.members.log_proba.shape[0])

    def _per_class(self, values: Array) -> Array:
        """[..., n, T, C] as (..., n, C) for one target, (..., n, T) of the label present for multi-label data."""
        return values[..., 1] if self.classes is None else values[..., 0, :]

    @cached_property
    def _joint_log_proba(self) -> Array:
        """Log of the averaged probabilities [n, T, C]."""
        log_proba = self.members.log_proba
        largest = log_proba.max(axis=0)
        with np.errstate(invalid="ignore"):  # -inf minus -inf, of a class that no member thinks possible
            averaged = np.log(np.exp(log_proba - largest).mean(axis=0)) + largest
        # Where members agree to the last bit so does their average, and the mutual information is exactly 0.
        return np.where((log_proba == log_proba[0]).all(axis=0), log_proba[0], averaged)

    # -- probabilities -------------------------------------------------------------------------------------------

    def log_proba(self) -> Array:
        """Log of the averaged probabilities."""
        return self._per_class(self._joint_log_proba)

    def proba(self) -> Array:
        """Averaged probabilities."""
        return np.exp(self.log_proba())

    def mean(self) -> Array:
        """Mean of each class's indicator, which is its averaged probability."""
        return self.proba()

    def cdf(self) -> Array:
        """Probability of a class at or before each, in the order of `classes`."""
        return self._per_class(self.members.cdf().mean(axis=0))

    def member_proba(self) -> Array:
        """Probabilities of each member, (M, n, C) or (M, n, T)."""
        return self._per_class(self.members.mean())

    def logpmf(self, y: ArrayLike) -> Array:
        """Log probability (n,) of the labels y, in nats; y is (n,) of classes, or (n, T) of 0 and 1.

        For multi-label data it is joint: labels are independent within a member, not within the mixture.
        """
        codes = self._codes(y)
        per_target = np.take_along_axis(self.members.log_proba, codes[None, :, :, None], axis=3)[..., 0]
        return np.asarray(logsumexp(per_target.sum(axis=2), axis=0) - np.log(self.n_members))

    def pmf(self, y: ArrayLike) -> Array:
        """Probability (n,) of the labels y."""
        return np.exp(self.logpmf(y))

    def _codes(self, y: ArrayLike) -> NDArray[np.intp]:
        labels = np.asarray(y)
        if self.classes is None:
            expected = (len(self), self.members.log_proba.shape[2])
            if labels.shape != expected or not np.isin(labels, (0, 1)).all():
                raise ValueError(f"y must hold 0 and 1 in shape {expected}, got shape {labels.shape}.")
            return labels.astype(np.intp)
        if labels.shape != (len(self),):
            raise ValueError(f"y must have shape {(len(self),)}, one label a row, got shape {labels.shape}.")
        unknown = np.setdiff1d(labels, self.classes)
        if len(unknown):
            raise ValueError(f"y must hold the classes {self.classes.tolist()}, got {unknown.tolist()}.")
        return np.searchsorted(self.classes, labels)[:, None]

    # -- variances -----------------------------------------------------------------------------------------------

    def aleatoric_variance(self) -> Array:
        """Mean over members of p (1 - p), of each class."""
        return self._per_class(self.members.variance().mean(axis=0))

    def epistemic_variance(self) -> Array:
        """Population variance over members of p, of each class."""
        proba = self.members.mean()
        return self._per_class((proba - proba[0]).var(axis=0))  # exactly 0 for members that agree

    def var(self) -> Array:
        """Total variance of each class's indicator: aleatoric plus epistemic."""
        return self.aleatoric_variance() + self.epistemic_variance()

    def std(self) -> Array:
        """Total standard deviation of each class's indicator."""
        return np.sqrt(self.var())

    # -- entropies, in nats --------------------------------------------------------------------------------------

    def entropy(self) -> Array:
        """Entropy (n,) of the averaged probabilities; of each label (n, T) for multi-label data."""
        return self._drop_target(_entropy(self._joint_log_proba))

    def aleatoric_entropy(self) -> Array:
        """Mean of the members' entropies, shaped as `entropy`."""
        return self._drop_target(_entropy(self.members.log_proba).mean(axis=0))

    def mutual_information(self) -> Array:
        """Entropy minus aleatoric entropy, at least 0: what knowing the right member would tell."""
        # As a mean Kullback-Leibler divergence the terms do not cancel, and members that agree give exactly 0.
        with np.errstate(invalid="ignore"):  # -inf minus -inf, of a class that no member thinks possible
            log_ratio = self.members.log_proba - self._joint_log_proba
        divergence = (np.exp(self.members.log_proba) * np.where(np.isfinite(log_ratio), log_ratio, 0.0)).sum(axis=-1)
        return self._drop_target(np.maximum(divergence.mean(axis=0), 0.0))

    def _drop_target(self, values: Array) -> Array:
        return values if self.classes is None else values[:, 0]

    # -- decisions and samples -----------------------------------------------------------------------------------

    def mode(self) -> NDArray[np.generic]:
        """The most probable class (n,), or labels (n, T) of 0 and 1."""
        if self.classes is None:
            return (self.proba() > 0.5).astype(int)
        return np.asarray(self.classes[self.log_proba().argmax(axis=1)])

    def decision(self) -> Array:
        """Log-odds (n,) of the second of two classes, (n, T) of each label, or log-probabilities (n, C)."""
        log_proba = self._joint_log_proba
        if log_proba.shape[-1] == 2:
            return self._drop_target(log_proba[..., 1] - log_proba[..., 0])
        return self.log_proba()

    def rvs(self, size: int = 1, random_state: int | np.random.Generator | None = None) -> NDArray[np.generic]:
        """Independent draws of labels (n, size), or (n, T, size) of 0 and 1."""
        generator = np.random.default_rng(random_state)
        if self.classes is None:
            members = self.members.mean()[..., 1]  # [M, n, T]
            chosen = generator.integers(self.n_members, size=(len(self), size))
            proba = members[chosen, np.arange(len(self))[:, None], :]  # [n, size, T]
            return (generator.random(proba.shape) < proba).astype(int).transpose(0, 2, 1)
        cumulative = np.cumsum(self.proba(), axis=1)
        uniform = generator.random((len(self), size)) * cumulative[:, -1:]
        codes = (uniform[:, :, None] > cumulative[:, None, :]).sum(axis=-1)
        return np.asarray(self.classes[np.minimum(codes, len(self.classes) - 1)])


def _entropy(log_proba: Array) -> Array:
    proba = np.exp(log_proba)
    return np.asarray(-(proba * np.where(proba > 0.0, log_proba, 0.0)).sum(axis=-1))
