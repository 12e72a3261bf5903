"""What dropout does: the penalty it amounts to, and what averaging over masks adds to scaling the weights."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit
from sklearn.base import is_classifier

from uncertainty.components.dropout import Dropout
from uncertainty.components.spec import check_integer, check_number
from uncertainty.diagnostics.axes import COLOURS, axes_for
from uncertainty.diagnostics.examination import Examination
from uncertainty.diagnostics.preparation import base_network, checked, sample, seed_from, split
from uncertainty.estimators import options
from uncertainty.estimators.mc_dropout import MCDropoutClassifier, MCDropoutRegressor

Array = NDArray[np.float64]

# All masks of so many inputs are 1024.
MOST_INPUTS = 10
ROWS_PER_UNIT = 200


@dataclass(frozen=True, eq=False, repr=False)
class DropoutRegularization(Examination):
    """Dropout of one linear unit, of one logistic unit, and of a whole network.

    Attributes
    ----------
    rate : float, p
    linear_dropout_loss : float, expected over all masks, squared error
    linear_ensemble_loss, linear_ridge_term : float, of the mean unit, and sum of p (1 - p) x^2 w^2
    linear_identity_error : float, relative difference of the first and the sum of the other two
    logistic_dropout_loss, logistic_ensemble_loss, logistic_ridge_term : float, cross-entropy in nats; the term is
        half of sigma' sum p (1 - p) x^2 w^2
    logistic_ridge_error : float, relative difference of the rise of the loss and the ridge term
    geometric_mean_error : float, largest difference of the normalized weighted geometric mean from the sigmoid of the
        scaled input
    n_masks : (K,) numbers of masks averaged
    distance_to_weight_scaling : (K,) root mean squared difference of the averaged prediction (standardised target, or
        probability) from that of scaled weights
    monte_carlo_error : (K,) its standard error
    verdict : str
    """

    rate: float
    linear_dropout_loss: float
    linear_ensemble_loss: float
    linear_ridge_term: float
    linear_identity_error: float
    logistic_dropout_loss: float
    logistic_ensemble_loss: float
    logistic_ridge_term: float
    logistic_ridge_error: float
    geometric_mean_error: float
    n_masks: NDArray[np.intp]
    distance_to_weight_scaling: Array
    monte_carlo_error: Array
    verdict: str

    def plot(self, ax: Any = None) -> Any:
        """Draw the distance of Monte Carlo averaging from weight scaling against the number of masks."""
        ax = axes_for(ax)
        distance, error = self.distance_to_weight_scaling, self.monte_carlo_error
        ax.plot(self.n_masks, distance, "o-", color=COLOURS["blue"], label="distance from weight scaling")
        ax.plot(self.n_masks, error, "--", color=COLOURS["orange"], label="standard error of the average")
        ax.axhline(distance[-1], color=COLOURS["grey"], ls=":", label=f"left at {self.n_masks[-1]} masks")
        ax.set(xscale="log", yscale="log", xlabel="number of masks")
        ax.set(ylabel="RMS difference of predictions [1]", title=f"Monte Carlo dropout, rate {self.rate:g}")
        ax.legend(fontsize="small")
        return ax


def dropout_regularization(
    estimator: Any, X: ArrayLike, y: ArrayLike, *, n_masks: int = 300, rate: float | None = None, random_state: Any = 0
) -> DropoutRegularization:
    """Show in numbers, on the data given, what dropout of rate p amounts to.

    A unit S = sum d_i w_i x_i keeps each input with probability q = 1 - p. Over all 2^D masks (of the ten inputs that
    matter most to a linear fit, whose weights it takes) on up to 200 rows:

    - linear unit: E (t - S)^2 = (t - E S)^2 + sum p q x_i^2 w_i^2, exactly (squared error without a half);
    - logistic unit O = sigma(S): the normalized weighted geometric mean of O over masks is sigma(E S) = sigma(q w x),
      exactly, and the cross-entropy rises by about sigma'(E S) / 2 sum p q x_i^2 w_i^2;
    - the estimator's network: the average over n masks comes to a limit whose distance from the prediction of scaled
      weights is the error of that approximation, while its own standard error falls as 1 / sqrt(n).

    Parameters
    ----------
    estimator : any regressor or classifier of this package, fitted or not; it is not changed
    X, y : as in `fit`
    n_masks : int >= 2, the most masks averaged
    rate : float in (0, 1), by default the network's own first dropout rate, or 0.2 where it has none
    random_state : int, RandomState or Generator

    Returns
    -------
    DropoutRegularization

    References
    ----------
    Baldi & Sadowski (2013), Understanding dropout, sections 3-5; Srivastava et al. (2014), Dropout, section 7.5.
    """
    rows, seed = checked(estimator, X, y), seed_from(random_state)
    p = _rate_of(base_network(estimator)) if rate is None else check_number("rate", rate, low_open=True, high=0.99)
    x, target = _standardised(rows.x, rows.y)
    x, target = x[:ROWS_PER_UNIT], target[:ROWS_PER_UNIT]
    weight: Array = np.linalg.lstsq(x, target, rcond=None)[0].astype(np.float64)
    matter = np.argsort(-np.abs(weight))[:MOST_INPUTS]
    numbers = {**_linear_unit(x[:, matter], target, weight[matter], p)}
    numbers |= _logistic_unit(x[:, matter], (target > np.median(target)).astype(float), weight[matter], p)
    counts, distance, error = _averaging(estimator, rows, p, check_integer("n_masks", n_masks, low=2), seed)
    verdict = (
        f"dropout of a linear unit is a ridge penalty (to {numbers['linear_identity_error']:.0e}), of a logistic one "
        f"to {numbers['logistic_ridge_error']:.0%}; averaging {counts[-1]} masks of the network differs from scaled "
        f"weights by {distance[-1]:.2g}, of which {error[-1]:.1g} is Monte Carlo error"
    )
    return DropoutRegularization(
        p, **numbers, n_masks=counts, distance_to_weight_scaling=distance, monte_carlo_error=error, verdict=verdict
    )


def _rate_of(network: Any) -> float:
    rates = getattr(network.dropout, "rate", network.dropout)
    first = np.atleast_1d(0.0 if rates is None else rates)[0]
    return float(first) if first > 0.0 else 0.2


def _standardised(x: Array, y: NDArray[Any]) -> tuple[Array, Array]:
    """Columns of mean 0 and variance 1 (0 if constant), and the first target likewise; classes count as numbers."""
    target = np.unique(y, return_inverse=True)[1] if y.ndim == 1 and y.dtype.kind not in "fiu" else y
    target = np.asarray(target, dtype=np.float64).reshape(len(x), -1)[:, 0]
    both = np.column_stack([x, target])
    std = both.std(axis=0)
    both = (both - both.mean(axis=0)) / np.where(std > 0.0, std, 1.0)
    return both[:, :-1], both[:, -1]


def _masked_sums(x: Array, weight: Array, p: float) -> tuple[Array, Array]:
    """S [2^D, n] of every mask, and the probability [2^D] of the masks."""
    n_inputs = len(weight)
    kept = (np.arange(2**n_inputs)[:, None] >> np.arange(n_inputs)) & 1
    probability = np.prod(np.where(kept, 1.0 - p, p), axis=1)
    return kept @ (x * weight).T, probability


def _variance_of_sum(x: Array, weight: Array, p: float) -> Array:
    return p * (1.0 - p) * (x**2 @ weight**2)


def _linear_unit(x: Array, target: Array, weight: Array, p: float) -> dict[str, float]:
    sums, probability = _masked_sums(x, weight, p)
    loss = float((probability @ (target - sums) ** 2).mean())
    ensemble = float(((target - (1.0 - p) * x @ weight) ** 2).mean())
    ridge = float(_variance_of_sum(x, weight, p).mean())
    return {
        "linear_dropout_loss": loss,
        "linear_ensemble_loss": ensemble,
        "linear_ridge_term": ridge,
        "linear_identity_error": abs(loss - ensemble - ridge) / loss,
    }


def _logistic_unit(x: Array, label: Array, weight: Array, p: float) -> dict[str, float]:
    sums, probability = _masked_sums(x, weight, p)
    mean_sum = (1.0 - p) * x @ weight
    loss = float((probability @ _cross_entropy(sums, label)).mean())
    ensemble = float(_cross_entropy(mean_sum, label).mean())
    slope = expit(mean_sum) * expit(-mean_sum)
    ridge = float((0.5 * slope * _variance_of_sum(x, weight, p)).mean())
    on, off = (np.exp(probability @ np.log(expit(sign * sums))) for sign in (1.0, -1.0))
    return {
        "logistic_dropout_loss": loss,
        "logistic_ensemble_loss": ensemble,
        "logistic_ridge_term": ridge,
        "logistic_ridge_error": abs(loss - ensemble - ridge) / max(ridge, np.finfo(float).tiny),
        "geometric_mean_error": float(np.abs(on / (on + off) - expit(mean_sum)).max()),
    }


def _cross_entropy(s: Array, label: Array) -> Array:
    return np.logaddexp(0.0, s) - label * s


def _averaging(estimator: Any, rows: Any, p: float, n_masks: int, seed: int) -> tuple[NDArray[np.intp], Array, Array]:
    """Numbers of masks, distance of their average from weight scaling, and its standard error."""
    kind = MCDropoutClassifier if is_classifier(estimator) else MCDropoutRegressor
    network = base_network(estimator)
    has_units = options.hidden_layer_sizes(network.hidden_layer_sizes) != ()
    network.set_params(dropout=Dropout(p) if has_units else Dropout(0.0, input_rate=p))
    train, held_out = split(rows, 0.25, seed, stratify=is_classifier(estimator))
    model = kind(network, n_mc_samples=n_masks, random_state=seed).fit(train.x, train.y)
    scaled = copy.copy(model)
    scaled.members_ = replace(model.members_, masks=None)
    x = sample(held_out, ROWS_PER_UNIT, seed, stratify=False).x
    members, reference = model.predict_members(x), scaled.predict_members(x)[0]
    unit = 1.0 if is_classifier(estimator) else train.y.std(axis=0)
    members, reference = members / unit, reference / unit
    counts = np.unique(np.geomspace(1, n_masks, 13).round().astype(np.intp))
    averages = np.cumsum(members, axis=0)[counts - 1] / counts.reshape(-1, *(1,) * reference.ndim)
    distance = np.sqrt(((averages - reference) ** 2).reshape(len(counts), -1).mean(axis=1))
    error = np.sqrt(members.var(axis=0, ddof=1).mean() / counts)
    return counts, distance, error
