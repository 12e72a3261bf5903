"""From raw outputs to the members' distributions: the formulas of each head's `distribution`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import singledispatch

from uncertainty.export.graph import Value, side_by_side
from uncertainty.heads.base import Head
from uncertainty.heads.bernoulli import BernoulliHead
from uncertainty.heads.categorical import CategoricalHead
from uncertainty.heads.gaussian import GaussianHead
from uncertainty.heads.mixture_density import LOG_WIDTH_BOUND, MixtureDensityHead


@dataclass(frozen=True)
class Mixture:
    """As `NormalMixture`: means and scales [M, N, T, K], and weights [M, N, 1, K]."""

    weights: Value
    means: Value
    scales: Value


@dataclass(frozen=True)
class Classes:
    """As `ClassProbabilities`: log-probabilities [M, N, T, C]."""

    log_proba: Value


@singledispatch
def member_distributions(head: Head, raw: Value) -> Mixture | Classes:
    """Return the distributions that raw [M, N, R] stands for, in units of standardised y."""
    raise TypeError(f"estimator must have a head that has a formula in ONNX, got a {type(head).__name__}.")


@member_distributions.register
def _(head: GaussianHead, raw: Value) -> Mixture:
    means = raw.part(0, head.n_targets).with_axis(3)
    scales = raw.part(head.n_targets, head.n_raw).with_axis(3).softplus() + head.floor
    return Mixture(1.0 + 0.0 * means.part(0, 1, axis=2), means, scales)


@member_distributions.register
def _(head: MixtureDensityHead, raw: Value) -> Mixture:
    n, shape = head.n_targets * head.n_components, (0, 0, head.n_targets, head.n_components)
    locations, widths = raw.part(0, n).reshape(*shape), raw.part(n, 2 * n).reshape(*shape)
    weights = raw.part(2 * n, head.n_raw).log_softmax(axis=-1).exp().with_axis(2)
    mean, scale = locations.part(0, 1), widths.part(0, 1).softplus() + head.floor
    if head.n_components == 1:
        return Mixture(weights, mean, scale)
    offsets, bent = locations.part(1, head.n_components), (widths.part(1, head.n_components) / LOG_WIDTH_BOUND).tanh()
    means, scales = mean + scale * offsets, scale * (LOG_WIDTH_BOUND * bent).exp()
    return Mixture(weights, side_by_side([mean, means], axis=3), side_by_side([scale, scales], axis=3))


@member_distributions.register
def _(head: BernoulliHead, raw: Value) -> Classes:
    logits = raw.with_axis(3)
    return Classes(side_by_side([-logits.softplus(), -(-logits).softplus()], axis=3))


@member_distributions.register
def _(head: CategoricalHead, raw: Value) -> Classes:
    return Classes(raw.log_softmax(axis=-1).with_axis(2))
