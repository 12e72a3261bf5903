"""Regressors whose predictive distributions are recalibrated on rows that they have not seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.callback import CallbackSupportMixin
from sklearn.utils import Bunch, get_tags
from sklearn.utils.validation import check_is_fitted

from uncertainty.calibration.cross_fitting import cross_fit
from uncertainty.calibration.fit_rows import check_fit_rows, check_numbers
from uncertainty.calibration.held_out import HeldOut, marginal, standardised_residuals, tail_probabilities
from uncertainty.calibration.isotonic import fit_cdf_map
from uncertainty.calibration.row_chunks import ROWS_AT_A_TIME, row_chunks
from uncertainty.calibration.scaling import best_factor, scale_about_the_mean, scale_noise
from uncertainty.calibration.wrapped_model import keep_fitted
from uncertainty.estimators import ProbabilisticMLPRegressor
from uncertainty.estimators.frames import Frame, interval_frame, numbered_frame, quantile_frame, value_frame
from uncertainty.estimators.options import draw_seed
from uncertainty.estimators.saving import SaveMixin
from uncertainty.predictive import ContinuousPredictive, RecalibratedPredictive
from uncertainty.predictive.cdf_map import CdfMap
from uncertainty.predictive.regression import RegressionPredictive

Array = NDArray[np.float64]

SCALINGS = {"variance": scale_about_the_mean, "temperature": scale_noise}


class RecalibratedRegressor(RegressorMixin, CallbackSupportMixin, SaveMixin, BaseEstimator):
    """Regressor with its predictive distributions recalibrated on rows the model that predicts them has not seen.

    The calibration rows come from cross-fitting: each split of `cv` fits a copy of `estimator` on its training rows
    and predicts the others. What was learned from all of them is applied to a final model fitted on all rows, so none
    is lost. That model has seen more rows than those of the splits, so the recalibration leans to the cautious side.

    Every method leaves `predict` as it is, bit for bit:

    - "variance": y becomes mean + c (y - mean), one factor c for all rows. The shape of a row's mixture stays, and
      aleatoric, epistemic and total variance are all multiplied by c^2.
    - "temperature": each member's distribution is widened by c about the member's own mean. For a normal member this
      is its density to the power 1 / T at the temperature T = c^2, as a softmax is tempered in classification; for a
      mixture, whose power would move the mean, it is the same map. The spread of the members stays: aleatoric variance
      is multiplied by T, epistemic stays, the total is their sum. So rows on which the members disagree change least.
      The two methods are the same for a single member.
    - "isotonic": the cdf F becomes R(F) with an increasing piecewise linear R (`RecalibratedPredictive`), which can
      also mend a wrong shape, and needs a few hundred rows. `predict` stays the raw mean, while the mean of
      `predict_dist(X)` is that of the new distribution, whose variance is split in the raw shares.

    Parameters
    ----------
    estimator : regressor with `predict_dist`, or None
        One of this package; None takes a `ProbabilisticMLPRegressor`. Inside a `FrozenEstimator` it is not refitted,
        and all rows given to `fit` are calibration rows: they must be new to it.
    method : "variance", "isotonic" or "temperature"
    objective : "nll" or "crps", default "nll"
        What the factor of "variance" and "temperature" minimises, of each target on its own; not used by "isotonic".
    cv : int, splitter or iterable of splits, default 5
        An integer makes folds of rows in random order. With another splitter a row counts as often as it is in a test
        part; pass one that knows about time or groups where rows depend on one another.
    random_state : int, RandomState or None
        Of the order of the rows for an integer `cv`, and of every `random_state` inside `estimator` that is None.

    Attributes
    ----------
    estimator_ : the final model, not recalibrated
    factor_ : float, or (T,) for several targets
        c: factor of the standard deviations; 1 where no other does better. Not for "isotonic".
    cdf_maps_ : tuple of one map for each target, for "isotonic" alone
    raw_nll_, recalibrated_nll_ : float, nats a row (joint over targets)
    raw_crps_, recalibrated_crps_ : float, in units of y (averaged over targets)
        Scores of the calibration rows before and after. What was learned was learned from these rows: for one factor
        the second is hardly flattered, for "isotonic" and few rows it is.
    n_calibration_rows_ : int

    References
    ----------
    Laves, Ihler, Fast, Kahrs & Ortmaier (2020), Well-calibrated regression uncertainty in medical imaging with deep
    learning, section 2.3 (one factor by likelihood); Guo, Pleiss, Sun & Weinberger (2017), On calibration of modern
    neural networks, section 4.2 (temperature); Kuleshov, Fenner & Ermon (2018), Algorithm 1 (isotonic).

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from uncertainty import ProbabilisticMLPRegressor, RecalibratedRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> network = ProbabilisticMLPRegressor(max_iter=20, random_state=0)
    >>> model = RecalibratedRegressor(network, cv=3, random_state=0).fit(X, y)
    >>> model.predict_interval(X[:2], coverage=0.9).shape
    (2, 2)
    >>> model.recalibrated_nll_ <= model.raw_nll_
    True
    """

    def __init__(
        self,
        estimator: Any = None,
        *,
        method: str = "variance",
        objective: str = "nll",
        cv: Any = 5,
        random_state: Any = None,
    ) -> None:
        self.estimator = estimator
        self.method = method
        self.objective = objective
        self.cv = cv
        self.random_state = random_state

    def fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None, *, groups: ArrayLike | None = None
    ) -> RecalibratedRegressor:
        """Fit the model, and learn from rows held out of it how wrong its uncertainty is.

        Parameters
        ----------
        X : (n, D)
        y : (n,) or (n, T)
        sample_weight : (n,), optional
            Weights of the rows, in the fits and in the calibration; zero leaves a row out of both.
        groups : (n,), optional
            Passed on to the splitter.

        Returns
        -------
        self

        Raises
        ------
        TypeError
            If the estimator's `predict_dist` is not a mixture of normals.
        """
        self._check_options()
        rows = check_fit_rows(X, check_numbers(self, y), sample_weight, groups)
        estimator = self._unfitted()
        if not hasattr(estimator, "predict_dist"):
            raise TypeError(
                f"estimator must have a method predict_dist, got {type(estimator).__name__}. Pass a regressor of this "
                f"package; it may stand inside a Pipeline together with this one, not the other way round."
            )
        seed = draw_seed(self.random_state)
        model, indices, predictives = cross_fit(self, estimator, rows, self.cv, seed, _predictive)
        keep_fitted(self, model)
        weight = rows.weights_of(np.concatenate(indices))
        held_out = HeldOut(predictives, [rows.y[index] for index in indices], weight)
        self.n_calibration_rows_ = len(weight)
        self._learn(held_out, n_targets=1 if rows.y.ndim == 1 else rows.y.shape[1])
        self._report(held_out)
        return self

    def _check_options(self) -> None:
        allowed = (*SCALINGS, "isotonic")
        if self.method not in allowed:
            raise ValueError(f"method must be one of {', '.join(map(repr, allowed))}, got {self.method!r}.")
        if self.objective not in ("nll", "crps"):
            raise ValueError(f"objective must be 'nll' or 'crps', got {self.objective!r}.")

    def _unfitted(self) -> Any:
        if self.estimator is None:
            return ProbabilisticMLPRegressor()
        return self.estimator

    def _learn(self, held_out: HeldOut[ContinuousPredictive], n_targets: int) -> None:
        """Store the factor or the maps, one for each target, and forget those of an earlier fit."""
        for name in ("factor_", "cdf_maps_"):
            self.__dict__.pop(name, None)
        marginals = [marginal(held_out, target) for target in range(n_targets)]
        if self.method == "isotonic":
            maps = [fit_cdf_map(*tail_probabilities(rows), rows.weight) for rows in marginals]
            self.cdf_maps_: tuple[CdfMap, ...] = tuple(maps)
            return
        factors = np.array([self._best_factor(rows) for rows in marginals])
        self.factor_: float | Array = float(factors[0]) if held_out.targets[0].ndim == 1 else factors

    def _best_factor(self, rows: HeldOut[ContinuousPredictive]) -> float:
        scale = SCALINGS[self.method]

        def score(factor: float) -> float:
            scaled = rows.changed(lambda p: scale(p, np.array([factor])))
            return scaled.nll() if self.objective == "nll" else scaled.crps()

        return best_factor(score, standardised_residuals(rows))

    def _report(self, held_out: HeldOut[ContinuousPredictive]) -> None:
        recalibrated = held_out.changed(self._recalibrate)
        self.raw_nll_, self.recalibrated_nll_ = held_out.nll(), recalibrated.nll()
        self.raw_crps_, self.recalibrated_crps_ = held_out.crps(), recalibrated.crps()

    def _recalibrate(self, predictive: ContinuousPredictive) -> RegressionPredictive:
        if self.method == "isotonic":
            return RecalibratedPredictive(predictive, self.cdf_maps_)
        return SCALINGS[self.method](predictive, np.atleast_1d(self.factor_))

    # -- predictions ---------------------------------------------------------------------------------------------

    def _evaluate(self, X: Any, question: Callable[[RegressionPredictive], Array]) -> Array:
        """What `question` returns for the predictive of X, chunk by chunk."""
        check_is_fitted(self, "estimator_")
        return np.concatenate([question(self.predict_dist(part)) for _, part in row_chunks(X, ROWS_AT_A_TIME)])

    def predict(
        self, X: ArrayLike, return_std: bool = False, *, as_frame: bool = False
    ) -> Array | tuple[Array, Array] | Frame:
        """Return the mean of `estimator_`, and with `return_std` the recalibrated standard deviation, in units of y.

        With `as_frame` these are the columns `mean` and `std` of a pandas frame with the index of X, or of a polars
        frame if X is one. The other methods do likewise.
        """
        check_is_fitted(self, "estimator_")
        fields = {"mean": self.estimator_.predict(X)}
        if return_std:
            fields["std"] = self._evaluate(X, lambda p: p.std())
        if as_frame:
            return value_frame(self, X, **fields)
        return tuple(fields.values()) if return_std else fields["mean"]

    def predict_dist(self, X: ArrayLike) -> RegressionPredictive:
        """Return the recalibrated predictive distribution of all rows, with the names of `scipy.stats`."""
        check_is_fitted(self, "estimator_")
        return self._recalibrate(self.estimator_.predict_dist(X))

    def predict_interval(
        self, X: ArrayLike, coverage: ArrayLike = 0.9, side: str = "two", *, as_frame: bool = False
    ) -> Array | Frame:
        """Return intervals that hold a new observation with the given probability, in units of y.

        Intervals for the noise-free mean are `estimator_.predict_interval(X, kind="mean")`: observations cannot
        calibrate these.

        Parameters
        ----------
        X : (n, D)
        coverage : float in (0, 1), or L of them
        side : "two", "lower" or "upper"
            "lower" gives [bound, inf), "upper" gives (-inf, bound].
        as_frame : bool
            Whether to return a data frame with columns `lower_90`, `upper_90`, named by the coverage in percent.

        Returns
        -------
        (n, 2) of lower and upper bounds; several levels (n, 2, L); several targets (n, T, 2[, L])
        """
        interval = self._evaluate(X, lambda p: p.interval(coverage, side=side))
        return interval_frame(self, X, interval, coverage) if as_frame else interval

    def predict_quantiles(
        self, X: ArrayLike, quantiles: ArrayLike = (0.05, 0.5, 0.95), *, as_frame: bool = False
    ) -> Array | Frame:
        """Return quantiles of the recalibrated predictive, (n, Q) or (n, T, Q), in units of y."""
        values = self._evaluate(X, lambda p: p.ppf(np.atleast_1d(np.asarray(quantiles, dtype=float))))
        return quantile_frame(self, X, values, quantiles) if as_frame else values

    def predict_var(self, X: ArrayLike, *, as_frame: bool = False) -> Array | Frame:
        """Return the total recalibrated variance, in squared units of y; as a frame the column `total_variance`."""
        variance = self._evaluate(X, lambda p: p.var())
        return value_frame(self, X, total_variance=variance) if as_frame else variance

    def predict_uncertainty(self, X: ArrayLike, *, as_frame: bool = False) -> Bunch | Frame:
        """Return a Bunch of `mean`, as `predict` gives it, and where the recalibrated variance comes from.

        `aleatoric_variance` is noise in the data, `epistemic_variance` ignorance of the model, `total_variance` their
        sum, all in squared units of y. How a method splits the total is said in the class.
        """
        parts = self._evaluate(X, lambda p: np.stack([p.aleatoric_variance(), p.epistemic_variance()], axis=-1))
        aleatoric, epistemic = parts[..., 0], parts[..., 1]
        fields = Bunch(
            mean=self.predict(X),
            aleatoric_variance=aleatoric,
            epistemic_variance=epistemic,
            total_variance=aleatoric + epistemic,
        )
        return value_frame(self, X, **fields) if as_frame else fields

    def sample_y(
        self, X: ArrayLike, n_samples: int = 1, random_state: Any = 0, *, as_frame: bool = False
    ) -> Array | Frame:
        """Draw (n, n_samples), or (n, T, n_samples), from the recalibrated predictive, in units of y.

        Each sample follows one member through all rows; the noise is independent between rows.
        """
        generator = np.random.default_rng(draw_seed(random_state))
        draws = self.predict_dist(X).sample_functions(n_samples, generator)
        return numbered_frame(self, X, draws, "sample") if as_frame else draws

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        wrapped = get_tags(self._unfitted())
        tags.target_tags.multi_output = wrapped.target_tags.multi_output
        tags.input_tags = wrapped.input_tags
        return tags


def _predictive(model: Any, X: Any) -> ContinuousPredictive:
    predictive = model.predict_dist(X)
    if not isinstance(predictive, ContinuousPredictive):
        raise TypeError(
            f"estimator must predict mixtures of normals, got a predict_dist of {type(predictive).__name__}. Pass a "
            f"regressor of this package that is not recalibrated yet by method='isotonic'."
        )
    return predictive
