"""Deep ensembles: the same network trained M times from different random starts, all side by side."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from uncertainty.components.spec import check_integer, check_number
from uncertainty.estimators.classifier import ProbabilisticClassifier
from uncertainty.estimators.members import Members
from uncertainty.estimators.method import Method, Start
from uncertainty.estimators.probabilistic_mlp import NetworkParameters
from uncertainty.estimators.regressor import ProbabilisticRegressor
from uncertainty.estimators.validation_split import bootstrap_rows
from uncertainty.estimators.wrapping import base_network
from uncertainty.training import TrainingPlan
from uncertainty.training.random_streams import Purpose, member_generators


class _IndependentNetworks(Method):
    """M networks, each with its own start, shuffles and held-out rows; a warm start adds networks."""

    def __init__(self, n_networks: int, *, bootstrap: bool, adversarial_epsilon: float) -> None:
        self._n_networks = n_networks
        self.resamples_rows = bootstrap
        self.adversarial_epsilon = adversarial_epsilon

    @property
    def n_networks(self) -> int:
        return self._n_networks

    def adapt(self, plan: TrainingPlan, input_range: NDArray[np.float64]) -> TrainingPlan:
        if self.adversarial_epsilon == 0.0:
            return plan
        return replace(plan, adversarial_perturbation=torch.from_numpy(self.adversarial_epsilon * input_range))

    def training_rows(self, seed: int | tuple[int, ...], members: range, train: NDArray[np.intp]) -> NDArray[np.intp]:
        if not self.resamples_rows:
            return train
        return bootstrap_rows(member_generators(seed, members, Purpose.BOOTSTRAP), train)

    def start(self, fitted: Members | None) -> Start:
        n_fitted = 0 if fitted is None else len(fitted)
        if n_fitted > self.n_networks:
            raise ValueError(
                f"n_estimators must be at least {n_fitted} with warm_start, the number already fitted, got "
                f"{self.n_networks}."
            )
        return Start(range(n_fitted, self.n_networks), None if fitted is None else fitted.mlp)

    def join(self, fitted: Members | None, new: Members) -> Members:
        if fitted is None:
            return new
        return replace(
            new,
            values=np.concatenate([fitted.values, new.values]),
            statistics=np.concatenate([fitted.statistics, new.statistics]),
        )


class DeepEnsembleParameters:
    """The parameters of both deep ensembles."""

    def __init__(
        self,
        estimator: Any = None,
        n_estimators: int = 10,
        *,
        bootstrap: bool = False,
        adversarial_epsilon: float = 0.0,
        random_state: Any = None,
        verbose: int = 0,
        max_time: float | None = None,
        warm_start: bool = False,
        n_jobs: int | None = None,
    ) -> None:
        self.estimator = estimator
        self.n_estimators = n_estimators
        self.bootstrap = bootstrap
        self.adversarial_epsilon = adversarial_epsilon
        self.random_state = random_state
        self.verbose = verbose
        self.max_time = max_time
        self.warm_start = warm_start
        self.n_jobs = n_jobs

    def _network(self) -> NetworkParameters:
        return base_network(self)

    def _method(self) -> Method:
        return _IndependentNetworks(
            check_integer("n_estimators", self.n_estimators),
            bootstrap=bool(self.bootstrap),
            adversarial_epsilon=check_number("adversarial_epsilon", self.adversarial_epsilon),
        )


class DeepEnsembleRegressor(DeepEnsembleParameters, ProbabilisticRegressor):
    """Deep ensemble: M probabilistic networks from different random starts, predicting as their equal mixture.

    The spread of the members' means is the epistemic variance; it grows where the training rows are thin. Five
    members of one seed are the first five of ten.

    Parameters
    ----------
    estimator : ProbabilisticMLPRegressor or None
        The network of each member; None takes its defaults. To search its parameters, pass one explicitly. Its
        `random_state`, `verbose` and `warm_start` are overridden by the ensemble's.
    n_estimators : int, default 10
        Number of members, M.
    bootstrap : bool, default False
        Train each member on rows resampled with replacement (out of those it does not hold out), anew in every
        `partial_fit`. Random starts alone usually give better predictions (Lakshminarayanan et al. 2017, section 2.4).
    adversarial_epsilon : float, default 0
        Train on fast-gradient-sign neighbours too, this far away as a share of each input's training range. The
        paper uses 0.01.
    random_state : int, RandomState or None
    verbose : 0, 1, 2 or bool, default 0
        As in `ProbabilisticMLPRegressor`.
    max_time : float or None, default None
        Seconds for the whole fit, as in `ProbabilisticMLPRegressor`; None takes the network's.
    warm_start : bool, default False
        On the next fit keep the members and train only those that a larger `n_estimators` adds.
    n_jobs : int or None
        Most threads to use; the result does not depend on it.

    Attributes
    ----------
    best_iter_, best_loss_ : (M,) epoch of each member's weights, and its loss there
    in_bag_counts_ : (M, n) how often each member used each of the n rows of positive weight: trained on it in an epoch,
        or watched it for early stopping. Only after `fit` with `bootstrap=True`. The scaling of X and y has seen all.
    others : as in `ProbabilisticMLPRegressor`

    References
    ----------
    Lakshminarayanan, Pritzel & Blundell (2017), Simple and scalable predictive uncertainty estimation using deep
    ensembles, Algorithm 1.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from uncertainty import DeepEnsembleRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = DeepEnsembleRegressor(random_state=0).fit(X, y)
    >>> sorted(model.predict_uncertainty(X[:2]))
    ['aleatoric_variance', 'epistemic_variance', 'mean', 'total_variance']
    """


class DeepEnsembleClassifier(DeepEnsembleParameters, ProbabilisticClassifier):
    """Deep ensemble: M probabilistic classifiers from different random starts; their probabilities are averaged.

    Parameters are those of `DeepEnsembleRegressor`, with a `ProbabilisticMLPClassifier` for `estimator`.

    References
    ----------
    Lakshminarayanan, Pritzel & Blundell (2017), Algorithm 1.
    """
