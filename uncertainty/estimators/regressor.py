"""What every regressor offers: `fit` and the predictions, in the units of y."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit
from sklearn.base import RegressorMixin
from sklearn.utils import Bunch
from sklearn.utils.metaestimators import available_if

from uncertainty.estimators import options
from uncertainty.estimators.encoding import (
    RawRows,
    regression_targets,
)
from uncertainty.estimators.estimator import MemberEstimator
from uncertainty.estimators.fitting import Problem
from uncertainty.estimators.frames import Frame, interval_frame, numbered_frame, quantile_frame, value_frame
from uncertainty.estimators.partial import partial_fit_is_available
from uncertainty.estimators.scaling import OUTLIER_BOUND, TargetScaler
from uncertainty.heads import MixtureDensity
from uncertainty.heads.base import Distribution, Head
from uncertainty.heads.normal_mixture import NormalMixture
from uncertainty.predictive import ContinuousPredictive
from uncertainty.predictive.checks import check_levels

Array = NDArray[np.float64]


class ProbabilisticRegressor(RegressorMixin, MemberEstimator):
    """Abstract regressor: everything but the parameters and the method.

    With one-dimensional y predictions are (n,); with y of shape (n, T) they are (n, T). With `as_frame` they come as a
    data frame: a polars one if X is, else a pandas one with the index of X. With several targets its columns begin with
    the target's name, that of the column of y or y0, y1, ...
    """

    target_scaler_: TargetScaler

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        X_val: ArrayLike | None = None,
        y_val: ArrayLike | None = None,
        sample_weight_val: ArrayLike | None = None,
        X_unlabeled: ArrayLike | None = None,
    ) -> ProbabilisticRegressor:
        """Fit the members by negative log-likelihood.

        Parameters
        ----------
        X : (n, D)
        y : (n,) or (n, T), in any units
        sample_weight : (n,), optional
            An integer weight counts a row that often; zero leaves it out; a common factor changes nothing.
        X_val, y_val, sample_weight_val : optional
            Rows to watch for early stopping instead of a share of the training rows. For direct use only: a
            Pipeline does not transform `X_val`.
        X_unlabeled : (m, D), optional
            Further rows for `pretraining`, from which the scaling of X is learned too. A Pipeline does not transform
            them either.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            For NaN or infinite values, fewer than two rows, shapes that do not agree, or an unknown option.
        """
        self._fit(X, y, sample_weight, (X_val, y_val, sample_weight_val), X_unlabeled)
        return self

    @available_if(partial_fit_is_available)
    def partial_fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> ProbabilisticRegressor:
        """Make one pass over the rows given, continuing from earlier calls.

        Scaling is fixed by the rows of the first call, which should be typical. Targets that lie 50 robust standard
        deviations from these are damped, unless most of ten or more rows do. The learning rate stays at
        `learning_rate_init`: a schedule spans a whole fit. Not with `early_stopping`.
        """
        self._partial_fit(X, y, sample_weight)
        return self

    def _prepare(self, rows: RawRows, classes: Any = None) -> None:
        """Learn the scaling and build the head."""
        targets = regression_targets(rows)
        self._single_target = rows.y.ndim == 1
        self.n_outputs_ = targets.shape[1]
        self.head_ = self._build_head()
        self._learn_inputs(rows)
        self.target_scaler_ = TargetScaler(enabled=self.input_scaler_.enabled).fit(targets, rows.weight)

    def _build_head(self) -> Head:
        return options.resolve_head(self._network().head, MixtureDensity(), "continuous").build(self.n_outputs_)

    def _problem(self, rows: RawRows, validation: RawRows | None) -> Problem:
        targets, scaler = self._targets(rows), self.target_scaler_
        moved = scaler.has_moved(targets, rows.weight)
        far = f"more than {OUTLIER_BOUND:g} robust standard deviations from the median"
        if moved.any():
            warnings.warn(
                f"most targets lie {far} of those that the scaling was learned from. They are trained on as they are, "
                f"which takes long: fit a new estimator to scale them.",
                UserWarning,
                stacklevel=4,
            )
        if n_damped := int(scaler.is_outlier(targets)[:, ~moved].sum()):
            warnings.warn(
                f"{n_damped} targets lie {far} and are damped in training. Check these rows; if they are real, "
                f"transform y (its logarithm, say).",
                UserWarning,
                stacklevel=4,
            )
        x, y, watched = self.input_scaler_.transform(rows.x), scaler.transform(targets, moved), None
        if validation is not None:
            y_val = scaler.transform(self._targets(validation), moved)
            watched = self.input_scaler_.transform(validation.x), y_val, validation.weight
        unlabeled = None if rows.unlabeled is None else self.input_scaler_.transform(rows.unlabeled)
        return Problem(x, y, rows.weight, None, self.input_scaler_, watched, unlabeled)

    def _targets(self, rows: RawRows) -> Array:
        targets = regression_targets(rows)
        if targets.shape[1] != self.n_outputs_:
            raise ValueError(f"y must have {self.n_outputs_} targets, as in the first fit, got {targets.shape[1]}.")
        return targets

    def _restore(self, distribution: Distribution) -> ContinuousPredictive:
        assert isinstance(distribution, NormalMixture)
        return ContinuousPredictive(self.target_scaler_.restore(distribution), single_target=self._single_target)

    # -- predictions ---------------------------------------------------------------------------------------------

    def predict(
        self, X: ArrayLike, return_std: bool = False, *, as_frame: bool = False
    ) -> Array | tuple[Array, Array] | Frame:
        """Return the predictive mean and, with `return_std`, the total standard deviation, in units of y.

        With `as_frame` the columns are `mean` and `std`.
        """
        names = ("mean", "std") if return_std else ("mean",)
        fields = self._evaluate_fields(X, *names)
        if as_frame:
            return value_frame(self, X, **fields)
        return tuple(fields.values()) if return_std else fields["mean"]

    def predict_interval(
        self,
        X: ArrayLike,
        coverage: ArrayLike = 0.9,
        kind: str = "observation",
        side: str = "two",
        *,
        as_frame: bool = False,
    ) -> Array | Frame:
        """Return intervals that hold a new observation with the given probability, in units of y.

        Parameters
        ----------
        X : (n, D)
        coverage : float in (0, 1), or L of them
        kind : "observation" or "mean"
            "observation" takes exact quantiles of the predictive mixture. "mean" is for the noise-free mean, from the
            spread of the members alone: the Student-t interval for one more member, which needs at least two.
        side : "two", "lower" or "upper"
            "lower" gives [bound, inf), "upper" gives (-inf, bound].
        as_frame : bool
            Whether to return a data frame, with columns named by end and coverage in percent.

        Returns
        -------
        (n, 2) of lower and upper bounds; several levels (n, 2, L); several targets (n, T, 2[, L])

        Examples
        --------
        >>> from sklearn.datasets import load_diabetes
        >>> from uncertainty import ProbabilisticMLPRegressor
        >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
        >>> model = ProbabilisticMLPRegressor(max_iter=5, random_state=0).fit(X, y)
        >>> list(model.predict_interval(X, coverage=[0.5, 0.9], as_frame=True))
        ['lower_50', 'lower_90', 'upper_50', 'upper_90']
        """
        if kind not in ("observation", "mean"):
            raise ValueError(f"kind must be 'observation' or 'mean', got {kind!r}.")

        def interval(predictive: ContinuousPredictive) -> Array:
            if kind == "observation":
                return predictive.interval(coverage, side=side)
            return _mean_interval(predictive, check_levels("coverage", coverage), side)

        values = self._evaluate(X, interval)[0]
        return interval_frame(self, X, values, coverage) if as_frame else values

    def predict_quantiles(
        self, X: ArrayLike, quantiles: ArrayLike = (0.05, 0.5, 0.95), *, as_frame: bool = False
    ) -> Array | Frame:
        """Return exact quantiles of the predictive mixture, (n, Q) or (n, T, Q), in units of y.

        With `as_frame` the columns are `quantile_0.05`, ...
        """
        values = self._evaluate(X, lambda p: p.ppf(np.atleast_1d(np.asarray(quantiles, dtype=float))))[0]
        return quantile_frame(self, X, values, quantiles) if as_frame else values

    def predict_var(self, X: ArrayLike, *, as_frame: bool = False) -> Array | Frame:
        """Return the total variance, in squared units of y; as a frame the column `total_variance`."""
        variance = self._evaluate(X, ContinuousPredictive.var)[0]
        return value_frame(self, X, total_variance=variance) if as_frame else variance

    def predict_uncertainty(self, X: ArrayLike, *, as_frame: bool = False) -> Bunch | Frame:
        """Return a Bunch of `mean`, in units of y, and where its variance comes from, in squared units of y.

        `aleatoric_variance` is noise in the data, `epistemic_variance` ignorance of the model (the disagreement of
        the members; 0 for a single network), `total_variance` their sum. With `as_frame` these are the columns.
        """
        fields = self._evaluate_fields(X, "mean", "aleatoric_variance", "epistemic_variance")
        fields["total_variance"] = fields["aleatoric_variance"] + fields["epistemic_variance"]
        return value_frame(self, X, **fields) if as_frame else Bunch(**fields)

    def predict_dist(self, X: ArrayLike) -> ContinuousPredictive:
        """Return the predictive distribution of all rows, with the names of `scipy.stats`.

        It holds every member's parameters of every row; the other predictions reduce chunk by chunk instead.
        """
        weights, means, scales = self._evaluate(
            X, lambda p: p.members.weights, lambda p: p.members.means, lambda p: p.members.scales, axis=1
        )
        return ContinuousPredictive(NormalMixture(weights, means, scales), single_target=self._single_target)

    def predict_members(self, X: ArrayLike, *, as_frame: bool = False) -> Array | Frame:
        """Return each member's mean, (M, n) or (M, n, T), in units of y; as a frame the columns `member_0`, ..."""
        means = self._evaluate(X, ContinuousPredictive.member_means, axis=1)[0]
        return numbered_frame(self, X, np.moveaxis(means, 0, -1), "member") if as_frame else means

    def sample_y(
        self, X: ArrayLike, n_samples: int = 1, random_state: Any = 0, *, as_frame: bool = False
    ) -> Array | Frame:
        """Draw (n, n_samples), or (n, T, n_samples), from the predictive, in units of y.

        Each sample follows one member through all rows, so differences between rows within a sample carry that
        member's function; the noise is independent between rows. With `as_frame` the columns are `sample_0`, ...
        """
        generator = np.random.default_rng(options.draw_seed(random_state))
        draws = self.predict_dist(X).sample_functions(n_samples, generator)
        return numbered_frame(self, X, draws, "sample") if as_frame else draws

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


def _mean_interval(predictive: ContinuousPredictive, coverage: Array, side: str) -> Array:
    """Student-t prediction interval for the mean of one more member, exchangeable with those at hand."""
    means = predictive.member_means()
    n_members = len(means)
    if n_members < 2:
        raise ValueError("kind must be 'observation' for a single network: one member has no spread. Use an ensemble.")
    if side not in ("two", "lower", "upper"):
        raise ValueError(f"side must be 'two', 'lower' or 'upper', got {side!r}.")
    tail = (1.0 - coverage) / (2.0 if side == "two" else 1.0)
    spread = means.std(axis=0, ddof=1) * np.sqrt(1.0 + 1.0 / n_members)
    half = np.multiply.outer(spread, -stdtrit(n_members - 1, tail))
    centre = np.broadcast_to(means.mean(axis=0)[(...,) + (None,) * coverage.ndim], half.shape)
    low = centre - half if side != "upper" else np.full_like(half, -np.inf)
    high = centre + half if side != "lower" else np.full_like(half, np.inf)
    return np.stack([low, high], axis=-2 if coverage.ndim else -1)
