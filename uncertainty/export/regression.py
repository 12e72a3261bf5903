"""The outputs of a regressor: the formulas of `ContinuousPredictive`, and of a factor of its widths."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from uncertainty.calibration import RecalibratedRegressor
from uncertainty.estimators.regressor import ProbabilisticRegressor
from uncertainty.export.graph import Value
from uncertainty.export.heads import Mixture
from uncertainty.export.outputs import Output
from uncertainty.export.spread import variance_over_members


def regression_outputs(
    mixture: Mixture, network: ProbabilisticRegressor, wrappers: Sequence[RecalibratedRegressor], *, distribution: bool
) -> Iterator[Output]:
    """The outputs, in units of y, of members in units of standardised y; `wrappers` are innermost first."""
    for wrapper in wrappers:
        mixture = _widened(mixture, wrapper)
    location, scale = network.target_scaler_.location_, network.target_scaler_.scale_
    means = _member_means(mixture)
    # In standardised units, where a large mean does not swallow the differences between members.
    aleatoric = _member_variances(mixture, means).mean(axis=0) * scale**2
    epistemic = variance_over_members(means) * scale**2
    found = {
        "mean": (means.mean(axis=0) * scale + location, "Predictive mean, in units of y."),
        "aleatoric_variance": (aleatoric, "Variance of the noise in the data, in squared units of y."),
        "epistemic_variance": (
            epistemic,
            "Variance from ignorance of the model, in squared units of y: that of the members' means, 0 for a single "
            "network.",
        ),
        "total_variance": (aleatoric + epistemic, "Aleatoric plus epistemic variance, in squared units of y."),
        "std": ((aleatoric + epistemic).sqrt(), "Standard deviation of a new observation, in units of y."),
    }
    for name, (value, meaning) in found.items():
        yield _of_targets(name, value.without_axis(0), meaning, network)
    if distribution:
        yield from _components(mixture, network)


def _of_targets(name: str, value: Value, meaning: str, network: ProbabilisticRegressor, *last: str) -> Output:
    """The output of [N, T, ...], without the axis of the targets where y had none."""
    if network._single_target:
        return Output(name, value.without_axis(1), meaning, last)
    return Output(name, value, meaning, (network.n_outputs_, *last))


def _expectation(mixture: Mixture, values: Value) -> Value:
    """[M, N, T] of [M, N, T, K], over the components of each member."""
    return (mixture.weights * values).sum(axis=3).without_axis(3)


def _member_means(mixture: Mixture) -> Value:
    return _expectation(mixture, mixture.means)


def _member_variances(mixture: Mixture, means: Value) -> Value:
    spread = mixture.means - means.with_axis(3)
    return _expectation(mixture, mixture.scales * mixture.scales + spread * spread)


def _widened(mixture: Mixture, wrapper: RecalibratedRegressor) -> Mixture:
    """As `scale_about_the_mean` and `scale_noise`."""
    if wrapper.method == "isotonic":
        raise TypeError(
            "estimator must not be a RecalibratedRegressor with method='isotonic', whose variances come from "
            "quadrature. Use method='variance' or 'temperature', or export its estimator_."
        )
    factor = np.atleast_1d(wrapper.factor_)[:, None]
    means = _member_means(mixture).with_axis(3)
    centre = means.mean(axis=0) if wrapper.method == "variance" else means
    return Mixture(mixture.weights, centre + (mixture.means - centre) * factor, mixture.scales * factor)


def _components(mixture: Mixture, network: ProbabilisticRegressor) -> Iterator[Output]:
    """The mixture itself: all components of all members, as the attributes of `predict_dist(X)`."""
    location, scale = network.target_scaler_.location_[:, None], network.target_scaler_.scale_[:, None]
    n_targets = network.n_outputs_

    def pooled(values: Value, n: int) -> Value:
        """[N, n, M K] of [M, N, n, K]."""
        return values.transpose(1, 2, 0, 3).reshape(0, n, -1)

    weights = pooled(mixture.weights / float(len(network.members_)), 1).without_axis(1)
    means, scales = pooled(mixture.means * scale + location, n_targets), pooled(mixture.scales * scale, n_targets)
    yield Output("weights", weights, "Weight of each normal component; a row sums to 1.", ("components",))
    yield _of_targets("means", means, "Mean of each normal component, in units of y.", network, "components")
    meaning = "Standard deviation of each normal component, in units of y."
    yield _of_targets("scales", scales, meaning, network, "components")
