"""MC-dropout: one network trained with dropout, whose dropout masks at prediction are the members."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch

from uncertainty.components.mlp import MLP
from uncertainty.components.noise import KeptEntries
from uncertainty.components.spec import check_integer
from uncertainty.estimators.classifier import ProbabilisticClassifier
from uncertainty.estimators.members import Members
from uncertainty.estimators.method import Method
from uncertainty.estimators.probabilistic_mlp import NetworkParameters
from uncertainty.estimators.regressor import ProbabilisticRegressor
from uncertainty.estimators.wrapping import base_network
from uncertainty.heads.base import Head
from uncertainty.training import TrainingResult
from uncertainty.training.random_streams import Purpose, member_generators

# The default network: a share of the units is always away, so there are more of them.
DEFAULT_DROPOUT = 0.05
DEFAULT_SIZES = (128, 128, 128)
INFERENCES = ("monte_carlo", "weight_scaling")


class _MaskedNetwork(Method):
    """One network; S masks, drawn once and shared by all rows, make S members of it."""

    def __init__(self, n_masks: int, inference: str) -> None:
        self.n_masks = n_masks
        self.inference = inference

    def check(self, mlp: MLP) -> None:
        if not mlp.dropout.drops:
            raise ValueError(
                f"dropout must be positive in MC-dropout, got rates {mlp.dropout.rates} for hidden layers "
                f"{mlp.hidden_layer_sizes}: all members would be equal. Set dropout on the base network, or use the "
                f"base network alone."
            )

    def members(self, mlp: MLP, head: Head, result: TrainingResult, seed: int) -> Members:
        if self.inference == "weight_scaling":
            return super().members(mlp, head, result, seed)
        generators = member_generators(seed, range(self.n_masks), Purpose.MONTE_CARLO)
        masks = mlp.draw_masks(generators, torch.from_numpy(result.values))
        kept = {name: KeptEntries.of(mask) for name, mask in masks.items()}
        return replace(super().members(mlp, head, result, seed), masks=kept)


class MCDropoutParameters:
    """The parameters of both MC-dropout estimators."""

    def __init__(
        self,
        estimator: Any = None,
        n_mc_samples: int = 100,
        *,
        inference: str = "monte_carlo",
        random_state: Any = None,
        verbose: int = 0,
        max_time: float | None = None,
        warm_start: bool = False,
        n_jobs: int | None = None,
    ) -> None:
        self.estimator = estimator
        self.n_mc_samples = n_mc_samples
        self.inference = inference
        self.random_state = random_state
        self.verbose = verbose
        self.max_time = max_time
        self.warm_start = warm_start
        self.n_jobs = n_jobs

    def _network(self) -> NetworkParameters:
        return base_network(self, hidden_layer_sizes=DEFAULT_SIZES, dropout=DEFAULT_DROPOUT)

    def _method(self) -> Method:
        if self.inference not in INFERENCES:
            raise ValueError(f"inference must be one of {list(INFERENCES)}, got {self.inference!r}.")
        return _MaskedNetwork(check_integer("n_mc_samples", self.n_mc_samples), self.inference)


class MCDropoutRegressor(MCDropoutParameters, ProbabilisticRegressor):
    """MC-dropout: a network trained with dropout, predicting as the equal mixture over dropout masks.

    Masks are drawn once, from `random_state`, and shared by all rows: each member is a function, and a row's answer
    does not depend on the rows beside it. The Monte Carlo error therefore does not average out over rows either;
    compare several seeds when it matters. Far from the data MC-dropout tends to be overconfident.

    The masks are of whatever the network's `Dropout` drops: hidden units, inputs, or weights; with `kind="concrete"` at
    the rates that it has learned (`dropout_rates_`). Masks of weights make M copies of them: a layer of D inputs and H
    units takes M D H bytes in the fitted estimator and up to 24 times as many while it predicts.

    Parameters
    ----------
    estimator : ProbabilisticMLPRegressor or None
        The network, which must have a positive dropout rate, of inputs at least; None takes its defaults with dropout
        0.05 and three layers of 128. To search its parameters, pass one explicitly. Its `random_state`, `verbose` and
        `warm_start` are overridden.
    n_mc_samples : int, default 100
        Number of masks, M.
    inference : "monte_carlo" or "weight_scaling"
        "weight_scaling" predicts once without masks, which approximates the mean; its epistemic variance is 0
        (Srivastava et al. 2014, section 4).
    random_state : int, RandomState or None
    verbose : 0, 1, 2 or bool, default 0
        As in `ProbabilisticMLPRegressor`.
    max_time : float or None, default None
        Seconds for the whole fit, as in `ProbabilisticMLPRegressor`; None takes the network's.
    warm_start : bool, default False
        Start from the weights of the last fit.
    n_jobs : int or None
        Most threads to use; the result does not depend on it.

    References
    ----------
    Gal & Ghahramani (2016), Dropout as a Bayesian approximation, eqs. 6-7, here with a learned noise variance
    (Kendall & Gal 2017, eq. 9).
    """


class MCDropoutClassifier(MCDropoutParameters, ProbabilisticClassifier):
    """MC-dropout for classes: probabilities averaged over dropout masks.

    Parameters are those of `MCDropoutRegressor`, with a `ProbabilisticMLPClassifier` for `estimator`.

    References
    ----------
    Gal & Ghahramani (2016), Dropout as a Bayesian approximation.
    """
