"""Intervals with a finite-sample guarantee around any regressor."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import _safe_indexing, get_tags
from sklearn.utils.validation import _num_samples, check_is_fitted

from uncertainty.calibration.calibrated import Calibrated, Index, LikelihoodRatio
from uncertainty.calibration.calibration_rows import cross_fitting_folds
from uncertainty.calibration.conformal_quantile import rows_needed
from uncertainty.calibration.conformity_scores import SCORES
from uncertainty.calibration.cross_conformal import CrossConformal
from uncertainty.calibration.fit_rows import FitRows, check_groups, check_numbers
from uncertainty.calibration.held_out_regressor import HeldOutRegressor
from uncertainty.calibration.out_of_bag import MIN_MEMBERS, OutOfBagConformal
from uncertainty.calibration.split_conformal import SplitConformal
from uncertainty.calibration.wrapped_model import fitted_already, keep_fitted
from uncertainty.estimators import DeepEnsembleRegressor
from uncertainty.estimators.frames import Frame, interval_frame
from uncertainty.metrics.checks import check_choice
from uncertainty.predictive.checks import check_levels

Array = NDArray[np.float64]

METHODS = ("split", "cv+", "jackknife+ab")
MULTI_OUTPUTS = ("marginal", "joint")


class ConformalRegressor(HeldOutRegressor):
    """Regressor whose intervals hold a new observation as often as they say, whatever the wrapped model does.

    The guarantee is for rows drawn like the calibration rows, on average over rows and over draws of the calibration
    rows; not for each x. The level is chosen at prediction. The mean, and what the wrapped model says of its own
    uncertainty, stay as they are.

    Parameters
    ----------
    estimator : regressor or None
        None takes a `ProbabilisticMLPRegressor`, and for "jackknife+ab" a `DeepEnsembleRegressor` of 20 members.
        `FrozenEstimator(model)` is a fitted model, which stays as it is: all rows given to `fit` then calibrate, and
        they must be others than it was fitted on, which is not checked: models do not keep their rows.
    method : "split", "cv+" or "jackknife+ab"
        "split" holds out a share of the rows; the coverage is in [coverage, coverage + 1 / (n + 1)] for n of them.
        "cv+" fits once more for each fold, so that all rows both fit and calibrate; the coverage is at least
        2 coverage - 1 - sqrt(2 / n) in theory and close to `coverage` with models that a fold changes little.
        "jackknife+ab" takes for each row the members of one bootstrap ensemble that have not seen it, without any
        refit: a `DeepEnsembleRegressor` with `bootstrap=True` and at least 20 members, or a frozen one, with the very
        rows that it was fitted on. The ensemble's scaling of X and y has seen all rows.
    conformity_score : "absolute", "normalized", "pit" or "quantile"
        "absolute" gives intervals of one width around the prediction of any regressor; "normalized" widths in
        proportion to the standard deviation of `predict(X, return_std=True)`; "pit" the quantiles of equal tails of
        `predict_dist` at whatever level covers enough; "quantile" those of the level asked for, all moved by one
        amount (conformalized quantile regression). The first three do not depend on the level, so that the intervals
        of several levels nest; "quantile" nests by unions over the levels of one call.
    calibration_size : float or int, default 0.2
        For "split": share of the rows, rounded up, or number of them, drawn at random; with groups a share of each.
    cv : int, splitter or list of pairs, default 5
        For "cv+": folds, drawn at random if a number is given. Every row must be held out once.
    multi_output : "marginal" or "joint"
        With several targets, whether each one's interval covers as often as it says, or the box of all of them. The
        box holds every target to the same threshold: give targets one unit for "absolute" and "quantile".
    density_ratio : callable or None
        For test rows that are drawn otherwise than the calibration rows: maps X (n, D) to the density of the test
        rows over that of the calibration rows (n,), up to a factor, and non-negative. Sample weights cannot do this,
        as the ratio of the test rows is needed too.
    random_state : int, RandomState or None
        Of the calibration rows or folds, and of every `random_state` inside `estimator` that is None.

    Attributes
    ----------
    estimator_ : the model that predicts; fitted on all rows but those held out, or the frozen one
    estimators_ : list of the models of the folds (with "cv+")
    calibration_rows_ : (m,) numbers of the rows of `fit` that calibrate
    groups_ : sorted groups, or None
    n_features_in_, feature_names_in_ : if the wrapped model has them

    References
    ----------
    Vovk, Gammerman & Shafer (2005), Algorithmic learning in a random world; Lei et al. (2018); Romano, Patterson &
    Candes (2019); Tibshirani et al. (2019), for the density ratio; Barber et al. (2021); Kim, Xu & Barber (2020).

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.linear_model import BayesianRidge
    >>> from uncertainty import ConformalRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = ConformalRegressor(BayesianRidge(), conformity_score="normalized", random_state=0).fit(X, y)
    >>> model.predict_interval(X[:3], coverage=[0.8, 0.9]).shape
    (3, 2, 2)
    """

    def __init__(
        self,
        estimator: Any = None,
        *,
        method: str = "split",
        conformity_score: str = "absolute",
        calibration_size: float = 0.2,
        cv: Any = 5,
        multi_output: str = "marginal",
        density_ratio: Callable[[Any], ArrayLike] | None = None,
        random_state: Any = None,
    ) -> None:
        self.estimator = estimator
        self.method = method
        self.conformity_score = conformity_score
        self.calibration_size = calibration_size
        self.cv = cv
        self.multi_output = multi_output
        self.density_ratio = density_ratio
        self.random_state = random_state

    # -- fitting -------------------------------------------------------------------------------------------------

    def fit(
        self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None, groups: ArrayLike | None = None
    ) -> ConformalRegressor:
        """Fit the wrapped model and calibrate it.

        Parameters
        ----------
        X : (n, D), as the wrapped model takes it
        y : (n,) or (n, T)
        sample_weight : (n,), optional
            For the fit of the wrapped model; rows of weight zero are left out altogether. In the calibration every
            other row counts once.
        groups : (n,), optional
            The group of each row, for intervals that cover as often as they say within each group.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            For an unknown option, fewer than two rows, or folds that overlap.
        TypeError
            If the wrapped model does not predict what the score needs.
        """
        self._check_options()
        rows = self._start_fit(X, check_numbers(self, y), sample_weight, groups)
        self._single_target = rows.y.ndim == 1
        self.groups_ = None if rows.groups is None else np.unique(rows.groups[rows.used()])
        self._calibrated, self.calibration_rows_ = self._calibrate(rows)
        calibration = rows.take(self.calibration_rows_)
        self._codes = self._group_codes(calibration.groups, len(calibration))
        self._calibration_ratio = self._density_ratios(calibration.X)
        if self._calibration_ratio is not None and not self._calibration_ratio.any():
            raise ValueError("density_ratio must be positive for some calibration row, got zero for all.")
        return self

    def _check_options(self) -> None:
        check_choice(self.method, "method", METHODS)
        check_choice(self.conformity_score, "conformity_score", SCORES)
        check_choice(self.multi_output, "multi_output", MULTI_OUTPUTS)
        if self.density_ratio is not None and not callable(self.density_ratio):
            raise TypeError(f"density_ratio must be a function of X or None, got {self.density_ratio!r}.")
        if self.method == "cv+" and self._is_prefit():
            raise ValueError("method must not be 'cv+' with a FrozenEstimator, which cannot be fitted. Use 'split'.")

    def _calibrate(self, rows: FitRows) -> tuple[Calibrated, Index]:
        """Fit what has to be fitted; return the calibrated method and the calibration rows in its order."""
        score, joint = SCORES[self.conformity_score], self.multi_output == "joint"
        self.__dict__.pop("estimators_", None)  # of an earlier fit with another method
        if self.method == "split":
            _, held_out = self._hold_out(rows, strata=rows.groups)
            calibration = rows.take(held_out)
            return SplitConformal(score, self.estimator_, calibration.X, calibration.targets, joint=joint), held_out
        used = rows.used()
        every_row = rows.take(used)
        if self.method == "jackknife+ab":
            if self._is_prefit():
                keep_fitted(self, fitted_already(self.estimator))
            else:
                keep_fitted(self, *self._fitted(rows, [("fit all rows", used)]))
            bags = OutOfBagConformal(score, self.estimator_, every_row.X, every_row.targets, joint=joint)
            return bags, used[bags.rows]
        folds = cross_fitting_folds(self.cv, rows, self._seed)
        every_fit = [*(("fit all but a fold", fit) for fit, _ in folds), ("fit all rows", used)]
        *self.estimators_, final = self._fitted(rows, every_fit)
        keep_fitted(self, final)
        parts = [held_out for _, held_out in folds]
        return CrossConformal(score, self.estimators_, parts, rows.X, rows.targets, joint=joint), np.concatenate(parts)

    def _default(self) -> Any:
        if self.method == "jackknife+ab":
            return DeepEnsembleRegressor(n_estimators=MIN_MEMBERS, bootstrap=True)
        return super()._default()

    # -- predictions ---------------------------------------------------------------------------------------------

    def predict_interval(
        self, X: Any, coverage: ArrayLike = 0.9, groups: ArrayLike | None = None, *, as_frame: bool = False
    ) -> Array | Frame:
        """Return intervals that hold a new observation with at least the given probability, in units of y.

        Where the calibration rows are too few for the level the interval is infinite, with a warning: a level c needs
        c / (1 - c) of them (in the group).

        Parameters
        ----------
        X : (n, D)
        coverage : float in (0, 1), or L of them
        groups : (n,), if `fit` was given groups; of those
        as_frame : bool
            Whether to return a data frame with columns `lower_90`, `upper_90`, named by the coverage in percent.

        Returns
        -------
        (n, 2) of lower and upper bounds; several levels (n, 2, L); several targets (n, T, 2[, L])

        Raises
        ------
        ValueError
            For a level outside (0, 1), or a group that `fit` has not seen.
        """
        check_is_fitted(self, "estimator_")
        levels = check_levels("coverage", coverage)
        n_rows = _num_samples(X)
        result = np.empty((n_rows, self._calibrated.n_targets, 2, levels.size))
        codes = self._group_codes(groups, n_rows)
        test_ratio = self._density_ratios(X)
        for code in np.unique(codes).tolist():
            rows, used = np.flatnonzero(codes == code), np.flatnonzero(self._codes == code)
            part = X if len(rows) == n_rows else _safe_indexing(X, rows)
            ratio = None
            if self._calibration_ratio is not None and test_ratio is not None:
                ratio = LikelihoodRatio(self._calibration_ratio[used], test_ratio[rows])
            ends = self._calibrated.ends(part, np.atleast_1d(levels), used, ratio)
            result[rows] = np.stack(ends, axis=2)
        self._warn_of_infinite(result, levels)
        result = result[..., 0] if levels.ndim == 0 else result
        result = result[:, 0] if self._single_target else result
        return interval_frame(self, X, result, coverage) if as_frame else result

    def _group_codes(self, groups: ArrayLike | None, n_rows: int) -> Index:
        """The group of each row as a number; all alike without groups."""
        if (groups is None) != (self.groups_ is None):
            given = "None" if groups is None else "them"
            raise ValueError(f"groups must be given to both fit and predict_interval, or to neither, got {given} here.")
        if groups is None or self.groups_ is None:
            return np.zeros(n_rows, dtype=np.intp)
        labels = check_groups(groups, n_rows)
        unseen = np.setdiff1d(labels, self.groups_)
        if len(unseen):
            raise ValueError(
                f"groups must be among those of fit, {self.groups_.tolist()}, got also {unseen.tolist()}. Fit with "
                f"rows of these groups too: nothing else says how wide their intervals have to be."
            )
        return np.searchsorted(self.groups_, labels)

    def _density_ratios(self, X: Any) -> Array | None:
        if self.density_ratio is None:
            return None
        ratio, n_rows = np.asarray(self.density_ratio(X), dtype=float), _num_samples(X)
        if ratio.shape != (n_rows,):
            raise ValueError(f"density_ratio must return shape ({n_rows},), one number a row, got {ratio.shape}.")
        if not (np.isfinite(ratio) & (ratio >= 0.0)).all():
            raise ValueError("density_ratio must return finite numbers of at least 0, got others. Bound the ratio.")
        return ratio

    def _warn_of_infinite(self, result: Array, levels: Array) -> None:
        infinite = ~np.isfinite(result).all(axis=(0, 1, 2))  # [L]
        if not infinite.any():
            return
        level = float(np.atleast_1d(levels)[infinite].min())
        n_infinite = int((~np.isfinite(result).all(axis=(1, 2, 3))).sum())
        smallest = int(np.bincount(self._codes, minlength=1 if self.groups_ is None else len(self.groups_)).min())
        where = " of each group" if self.groups_ is not None else ""
        weight = ", and more where density_ratio is large" if self.density_ratio is not None else ""
        warnings.warn(
            f"{n_infinite} of {len(result)} rows have infinite intervals. A coverage of {level:g} needs at least "
            f"{rows_needed(level)} calibration rows{where}{weight}, got "
            f"{smallest}. Calibrate with more rows, or ask for less.",
            UserWarning,
            stacklevel=3,
        )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = get_tags(self._unfitted()).target_tags.multi_output
        return tags
