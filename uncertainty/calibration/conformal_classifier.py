"""Sets of classes that hold the right one as often as they say."""

from __future__ import annotations

import warnings
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from uncertainty.calibration.class_scores import (
    adaptive_scores,
    least_ambiguous_scores,
    regularized_adaptive_scores,
)
from uncertainty.calibration.conformal_quantile import conformal_quantile, rows_needed
from uncertainty.calibration.held_out_classifier import HeldOutClassifier
from uncertainty.calibration.row_uniforms import row_uniforms
from uncertainty.components.spec import check_integer, check_number
from uncertainty.estimators.frames import Frame, set_frame
from uncertainty.metrics.checks import check_choice
from uncertainty.predictive.checks import check_levels

Array = NDArray[np.float64]

SCORES = ("lac", "aps", "raps")
NAMED_CLASSES = 10  # at most so many in a warning


class ConformalClassifier(HeldOutClassifier):
    """Sets of classes with guaranteed coverage, around any classifier with `predict_proba`.

    For rows exchangeable with the calibration rows the set holds the right class with at least the probability asked
    for, whatever the model and the data: over calibration and test rows together, not for each x. The level is chosen
    in `predict_set`, and sets of a higher level contain those of a lower one. All other predictions are the wrapped
    model's.

    Parameters
    ----------
    estimator : classifier or None
        Fitted on the rows that do not calibrate; None is a `ProbabilisticMLPClassifier`. A fitted model goes in a
        `sklearn.frozen.FrozenEstimator`: then all rows given to `fit` calibrate, and they must be others than it was
        fitted on, which is not checked: models do not keep their rows.
    conformity_score : "lac", "aps" or "raps"
        "lac", one minus the probability of the class: the smallest sets on average (Sadinle et al. 2019). "aps", the
        probability of the class and all more probable ones: sets that are larger where the model is less sure, with
        coverage closer to even over x (Romano et al. 2020). "raps": the same with a penalty on improbable classes,
        which keeps sets small where classes are many (Angelopoulos et al. 2021).
    class_conditional : bool, default False
        Let the guarantee hold within each class, by a threshold for each; the rows held out are then drawn from
        each class in proportion. A class with too few calibration rows for the level, or none, is in every set.
    randomized : bool, default True
        Let the last class of "aps" and "raps" be in or out at random: the sets of a model that is right then cover
        evenly over x, and ties are broken. The random number is a hash of the row: the same row gets the same set in
        any batch. The guarantee holds either way.
    allow_empty : bool, default True
        Whether sets may be empty, which says that no class conforms as well as the level asks. False gives an empty
        set the class that a higher level would bring in first, which is the most probable one unless thresholds differ
        between classes; that can only add coverage.
    lambda_reg : float, default 0.01
        Penalty of "raps" for each place of a class beyond the `k_reg` most probable ones.
    k_reg : int, default 5
    calibration_size : float or int, default 0.2
        Share, or number, of the rows held out to calibrate on.
    random_state : int, RandomState or None
        Of the rows held out, of the hash, and of every `random_state` inside `estimator` that is None.

    Attributes
    ----------
    estimator_ : the fitted model; that inside the FrozenEstimator
    classes_ : (C,) of the model
    calibration_scores_ : (n_calibration,) score of each calibration row's own class; inf for a class that the model has
        never seen, which no set can hold
    calibration_labels_ : (n_calibration,)

    References
    ----------
    Vovk, Gammerman & Shafer (2005), Algorithmic learning in a random world, section 4.5 (class-conditional). Sadinle,
    Lei & Wasserman (2019), Least ambiguous set-valued classifiers with bounded error levels. Romano, Sesia & Candes
    (2020), Classification with valid and adaptive coverage. Angelopoulos, Bates, Malik & Jordan (2021), Uncertainty
    sets for image classifiers using conformal prediction.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from uncertainty import ConformalClassifier
    >>> X, y = load_wine(return_X_y=True)
    >>> model = ConformalClassifier(GaussianNB(), conformity_score="aps", random_state=0).fit(X, y)
    >>> model.predict_set(X, coverage=0.9).shape
    (178, 3)
    >>> model.predict_set(X, coverage=[0.8, 0.9]).shape
    (178, 3, 2)
    """

    def __init__(
        self,
        estimator: Any = None,
        *,
        conformity_score: str = "lac",
        class_conditional: bool = False,
        randomized: bool = True,
        allow_empty: bool = True,
        lambda_reg: float = 0.01,
        k_reg: int = 5,
        calibration_size: Any = 0.2,
        random_state: Any = None,
    ) -> None:
        self.estimator = estimator
        self.conformity_score = conformity_score
        self.class_conditional = class_conditional
        self.randomized = randomized
        self.allow_empty = allow_empty
        self.lambda_reg = lambda_reg
        self.k_reg = k_reg
        self.calibration_size = calibration_size
        self.random_state = random_state

    def fit(self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Fit the wrapped model and score the rows held out.

        Parameters
        ----------
        X : (n, D), as the wrapped model takes it
        y : (n,) labels
        sample_weight : (n,), optional
            For the fit of the wrapped model; rows of weight zero are left out altogether. In the calibration every
            other row counts once.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            For an unknown option or fewer than two rows.
        """
        check_choice(self.conformity_score, "conformity_score", SCORES)
        self._penalty = check_number("lambda_reg", self.lambda_reg), check_integer("k_reg", self.k_reg, low=0)
        labels = self._check_labels(y)
        rows = self._start_fit(X, labels, sample_weight)
        _, held_out = self._hold_out(rows, strata=labels if self.class_conditional else None)
        calibration = rows.take(held_out)
        scores, labels = self._scores(calibration.X, self.predict_proba(calibration.X)), calibration.y
        known = np.isin(labels, self.classes_)
        self.calibration_labels_ = labels
        self.calibration_scores_ = np.full(len(labels), np.inf)
        columns = np.searchsorted(self.classes_, labels[known])
        self.calibration_scores_[known] = scores[known, columns]
        if not known.all():
            warnings.warn(
                f"{int((~known).sum())} calibration rows have classes that the model has never seen: "
                f"{_named(np.unique(labels[~known]))}. No set can hold these; they count as not covered.",
                UserWarning,
                stacklevel=2,
            )
        return self

    def predict_set(self, X: Any, coverage: ArrayLike = 0.9, *, as_frame: bool = False) -> NDArray[np.bool_] | Frame:
        """Return which classes are in the set of each row, in the order of `classes_`.

        Where the calibration rows are too few for the level a class is in every set, with a warning.

        Parameters
        ----------
        X : (n, D)
        coverage : float in (0, 1), or L of them
        as_frame : bool
            Whether to return a data frame with a column of truth values for each level and class, `in_set_90_ash`.

        Returns
        -------
        (n, C) of bool; several levels (n, C, L)
        """
        levels = check_levels("coverage", coverage)
        proba = self.predict_proba(X)
        thresholds = self._thresholds(levels)  # [C] or [C, L]
        scores = self._scores(X, proba)
        sets = np.asarray(scores.reshape(*scores.shape, *[1] * levels.ndim) <= thresholds)
        if not self.allow_empty:
            sets[np.arange(len(proba)), self._first_class(scores, proba)] |= ~sets.any(axis=1)
        return set_frame(X, self.classes_, sets, coverage) if as_frame else sets

    def _own_scores(self) -> list[Array]:
        """The calibration scores that the threshold of each class is of; a single list for a common threshold."""
        if not self.class_conditional:
            return [self.calibration_scores_]
        return [self.calibration_scores_[self.calibration_labels_ == label] for label in self.classes_]

    def _first_class(self, scores: Array, proba: Array) -> NDArray[np.intp]:
        """The class (n,) that comes in at the lowest level, of several the most probable."""
        own = self._own_scores() if self.class_conditional else self._own_scores() * len(self.classes_)
        entry = [
            np.searchsorted(np.sort(calibration), column) / (len(calibration) + 1)
            for calibration, column in zip(own, scores.T, strict=True)
        ]
        return np.lexsort((-proba, np.stack(entry, axis=1)), axis=1)[:, 0]

    def _thresholds(self, levels: Array) -> Array:
        own = self._own_scores()
        thresholds = np.stack([conformal_quantile(scores, levels) for scores in own])
        endless = np.isinf(thresholds.reshape(len(own), -1)).any(axis=1)
        if endless.any():
            which = f"The classes {_named(self.classes_[endless])} are" if self.class_conditional else "Every class is"
            fewest = min(len(scores) for scores in own)
            each = " of each class" if self.class_conditional else ""
            warnings.warn(
                f"{which} in every set at a coverage of {levels.max():g}, which needs at least "
                f"{rows_needed(float(levels.max()))} calibration rows{each}, got {fewest}. Calibrate with more rows, "
                f"or ask for less.",
                UserWarning,
                stacklevel=3,
            )
        return np.broadcast_to(thresholds, (len(self.classes_), *levels.shape))

    def _scores(self, X: Any, proba: Array) -> Array:
        """The score (n, C) of every class of the rows X, whose predicted probabilities are `proba`."""
        if self.conformity_score == "lac":
            return least_ambiguous_scores(proba)
        uniform = row_uniforms(X, self._seed) if self.randomized else None
        if self.conformity_score == "aps":
            return adaptive_scores(proba, uniform)
        return regularized_adaptive_scores(proba, uniform, *self._penalty)


def _named(classes: NDArray[Any]) -> str:
    """The classes as a list, cut short if they are many."""
    names = [str(label) for label in classes[:NAMED_CLASSES]]
    return ", ".join(names) + (", ..." if len(classes) > NAMED_CLASSES else "")
