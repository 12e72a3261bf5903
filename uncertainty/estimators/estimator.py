"""What the regressors and the classifiers share: fitting state and prediction by chunks of rows."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import replace
from operator import methodcaller
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, is_regressor
from sklearn.callback import CallbackSupportMixin, with_callbacks
from sklearn.utils.validation import check_is_fitted

from uncertainty.components.mlp import MLP
from uncertainty.estimators import options
from uncertainty.estimators.encoding import (
    RawRows,
    check_inputs,
    check_rows,
    check_unlabeled,
    check_validation_rows,
    require_two_rows,
)
from uncertainty.estimators.fitting import Fit, FitTask, Problem, fit_network
from uncertainty.estimators.members import Members
from uncertainty.estimators.method import Method, Start, continue_from
from uncertainty.estimators.saving import SaveMixin
from uncertainty.estimators.scaling import InputScaler
from uncertainty.estimators.watch import FitWatch, watch_of_a_pass
from uncertainty.heads.base import Distribution, Head
from uncertainty.training import TrainingPlan, TrainingResult

if TYPE_CHECKING:
    from uncertainty.estimators.probabilistic_mlp import NetworkParameters

Array = NDArray[np.float64]


class MemberEstimator(CallbackSupportMixin, SaveMixin, BaseEstimator):
    """Abstract estimator whose fitted state is a stack of members. Subclasses add a task and a method."""

    random_state: Any
    verbose: Any
    max_time: Any
    warm_start: bool
    members_: Members
    head_: Head
    input_scaler_: InputScaler
    history_: list[dict[str, float]]
    _optimizer_state: dict[str, Any] | None
    _n_passes: int
    _weight_unit: float

    @abstractmethod
    def _network(self) -> NetworkParameters:
        """The base network whose parameters are used."""

    @abstractmethod
    def _method(self) -> Method:
        """How members come to be."""

    @abstractmethod
    def _build_head(self) -> Head:
        """The head that the base network asks for, for the targets of the fit."""

    @abstractmethod
    def _prepare(self, rows: RawRows, classes: Any = None) -> None:
        """Learn scaling and targets from the rows of a new fit, and build the head."""

    @abstractmethod
    def _problem(self, rows: RawRows, validation: RawRows | None) -> Problem:
        """Standardise and encode rows."""

    # -- fitting -------------------------------------------------------------------------------------------------

    def _fit(self, X: Any, y: Any, sample_weight: Any, validation: tuple[Any, Any, Any], unlabeled: Any = None) -> None:
        """Fit on checked rows; `validation` holds X_val, y_val and sample_weight_val."""
        watch = FitWatch(self, X, y, sample_weight)
        continues = self._begin_fit()
        rows = check_rows(self, X, y, sample_weight, reset=not continues, numeric_y=is_regressor(self))
        require_two_rows(rows)
        rows = replace(rows, unlabeled=check_unlabeled(self, unlabeled))
        watched = check_validation_rows(self, *validation, numeric_y=is_regressor(self))
        if continues:
            self._require_same(self._build_head())
        else:
            self._prepare(rows)
        self._train(self._problem(rows, watched), watch, continues=continues)

    def _partial_fit(self, X: Any, y: Any, sample_weight: Any, classes: Any = None) -> None:
        """One pass over checked rows, in the scaling and the unit of weights of the first call."""
        first = not hasattr(self, "members_")
        unit = None if first else self._weight_unit
        rows = check_rows(self, X, y, sample_weight, reset=first, numeric_y=is_regressor(self), weight_unit=unit)
        if first:
            require_two_rows(rows)
            self._prepare(rows, classes)
        else:
            self._require_same(self._build_head())
        self._train_one_pass(self._problem(rows, None))

    def _learn_inputs(self, rows: RawRows) -> None:
        """Learn the scaling of X, and the unit of weights, from the rows of a new fit."""
        network = self._network()
        standardize, embedding = options.resolve_standardize(network.standardize), options.resolve_embedding(network)
        self.input_scaler_ = InputScaler(**standardize._asdict(), embedding=embedding).fit(*rows.inputs())
        self._weight_unit = rows.weight_unit

    def _begin_fit(self) -> bool:
        """Whether this fit goes on from an earlier one; otherwise that one is forgotten.

        A fit that fails half-way then leaves no old members behind new scaling.
        """
        continues = bool(self.warm_start) and hasattr(self, "members_")
        if not continues and hasattr(self, "members_"):
            del self.members_
        return continues

    def _require_same(self, head: Head) -> None:
        """Refuse a head or a scaling other than those of the fit that goes on."""
        if (type(head), vars(head)) != (type(self.head_), vars(self.head_)):
            raise ValueError("head must stay the same when a fit continues. Fit a new estimator to change it.")
        network, scaler = self._network(), self.input_scaler_
        if options.resolve_standardize(network.standardize) != (scaler.enabled, scaler.whiten):
            raise ValueError("standardize must stay the same when a fit continues. Fit a new estimator to change it.")
        if options.resolve_embedding(network) != scaler.embedding:
            raise ValueError("embedding must stay the same when a fit continues. Fit a new estimator to change it.")

    @with_callbacks
    def _train(self, problem: Problem, watch: FitWatch, *, continues: bool) -> None:
        """Train from fresh weights, or from those of the last fit, and store the outcome."""
        method = self._method()
        if not continues:
            self._seed = options.draw_seed(self.random_state)
        start = method.start(self.members_ if continues else None)
        if len(start.members) == 0:
            warnings.warn("warm_start has nothing to train: the ensemble has all its members already.", stacklevel=5)
            return

        def observe(plan: TrainingPlan, mlp: MLP) -> TrainingPlan:
            def reconstruct(moment: TrainingResult) -> dict[str, Any]:
                members = method.members_of_the_moment(mlp, self.head_, moment, self._seed)
                return self._fitted_attributes(method, start, members, moment)

            return watch.observe(plan, len(start.members), reconstruct)

        fit = fit_network(self._task(method, problem, start), observe=observe, n_jobs=getattr(self, "n_jobs", None))
        self._record_bags(fit, grows=start.members.start > 0)
        self.__dict__.pop("validation_curve_", None)
        self.__dict__.update(self._fitted_attributes(method, start, fit.members, fit.result))
        watch.close(fit.result, fit.interrupt)

    def _fitted_attributes(
        self, method: Method, start: Start, members: Members, result: TrainingResult
    ) -> dict[str, Any]:
        """What a fit that has begun with `start` makes of the estimator."""
        best_epochs, best_losses = result.best_epochs, result.best_losses
        grows = start.members.start > 0  # members are added to those of the last fit
        if grows:
            best_epochs = np.concatenate([np.atleast_1d(self.best_iter_), best_epochs])
            best_losses = np.concatenate([np.atleast_1d(self.best_loss_), best_losses])
        return {
            "members_": method.join(getattr(self, "members_", None), members),
            "_optimizer_state": None,
            "_n_passes": 0,
            **_curves(result.history, best_epochs, best_losses),
        }

    def _train_one_pass(self, problem: Problem) -> None:
        """One pass over the rows of `problem`, continuing whatever came before."""
        method = self._method()
        if hasattr(self, "members_"):
            self._n_passes += 1
            start = continue_from(self.members_)
            start = replace(start, optimizer_state=self._optimizer_state, round=self._n_passes)
            history = self.history_
        else:
            self._seed, self._n_passes = options.draw_seed(self.random_state), 0
            start, history = method.start(None), []
        fit = fit_network(
            self._task(method, problem, start),
            one_pass=True,
            observe=watch_of_a_pass(self, len(start.members)),
            n_jobs=getattr(self, "n_jobs", None),
        )
        self.members_, self._optimizer_state = fit.members, fit.result.optimizer_state
        self._forget_bags()
        last = {**fit.result.history[-1], "epoch": len(history) + 1}
        self.__dict__.pop("validation_curve_", None)
        best_epochs = len(history) + fit.result.best_epochs  # the weights in use are those after this pass
        self.__dict__.update(_curves([*history, last], best_epochs, fit.result.best_losses))
        if fit.interrupt is not None:  # after the pass
            raise fit.interrupt

    def _task(self, method: Method, problem: Problem, start: Start) -> FitTask:
        return FitTask(self._network(), method, self.head_, problem, start, self._seed)

    def _record_bags(self, fit: Fit, *, grows: bool) -> None:
        """Store which rows each member used, unless that is unknown of members from an earlier fit."""
        counts, earlier = fit.in_bag_counts, getattr(self, "in_bag_counts_", None)
        self._forget_bags()
        if counts is None:
            return
        if not grows:
            self.in_bag_counts_ = counts
        elif earlier is not None and earlier.shape[1] == counts.shape[1]:
            self.in_bag_counts_ = np.concatenate([earlier, counts])

    def _forget_bags(self) -> None:
        """The rows of one pass are not those of all: nothing is known of what members used after `partial_fit`."""
        if hasattr(self, "in_bag_counts_"):
            del self.in_bag_counts_

    def __sklearn_is_fitted__(self) -> bool:
        """Whether it can predict: a fit that was broken off has learned the columns and the scaling alone."""
        return hasattr(self, "members_")

    @property
    def dropout_rates_(self) -> Array:
        """Dropout rates of the hidden layers, which concrete dropout has learned; with a row for each of M networks."""
        rates = self.members_.dropout_rates()
        return rates[0] if len(rates) == 1 else rates

    # -- prediction ----------------------------------------------------------------------------------------------

    @abstractmethod
    def _restore(self, distribution: Distribution) -> Any:
        """The predictive, in the user's units, of the members' distributions of a chunk of rows."""

    def _evaluate(self, X: Any, *questions: Callable[[Any], Any], axis: int = 0) -> list[Any]:
        """What each of `questions` returns for the predictive of the rows X, which lie along `axis` of it.

        They see one chunk of rows at a time, so that memory is needed for the answers and for little more.
        """
        check_is_fitted(self, "members_")

        def answers(distribution: Distribution) -> list[Any]:
            predictive = self._restore(distribution)
            return [question(predictive) for question in questions]

        return self.members_.evaluate(
            check_inputs(self, X),
            self.input_scaler_.transform,
            answers,
            axis=axis,
            n_jobs=getattr(self, "n_jobs", None),
        )

    def _evaluate_fields(self, X: Any, *fields: str) -> dict[str, Array]:
        """The values of several methods of the predictive, by name, from one pass over the rows."""
        return dict(zip(fields, self._evaluate(X, *map(methodcaller, fields)), strict=True))


def _curves(history: list[dict[str, float]], best_epochs: NDArray[np.intp], best_losses: Array) -> dict[str, Any]:
    """The attributes that tell of the epochs of a fit."""
    curves = {
        "history_": history,
        "n_iter_": len(history),
        "loss_curve_": [record["train_loss"] for record in history],
        "best_iter_": int(best_epochs[0]) if len(best_epochs) == 1 else best_epochs,
        "best_loss_": float(best_losses[0]) if len(best_losses) == 1 else best_losses,
    }
    if "validation_loss" in history[-1]:
        curves["validation_curve_"] = [record["validation_loss"] for record in history]
    return curves
