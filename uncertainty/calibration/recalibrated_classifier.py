"""Classifiers whose probabilities are recalibrated on rows that they have not seen."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import log_softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.callback import CallbackSupportMixin
from sklearn.frozen import FrozenEstimator
from sklearn.utils import Bunch, get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from uncertainty.calibration.calibration_rows import Index
from uncertainty.calibration.cross_fitting import cross_fit
from uncertainty.calibration.evaluation_folds import evaluation_folds
from uncertainty.calibration.fit_rows import FitRows, check_fit_rows, check_labels
from uncertainty.calibration.linear_map import SCALE_OF_WEIGHTS, counted_rows, fit_linear_map
from uncertainty.calibration.wrapped_model import keep_fitted, wrapped_has
from uncertainty.components.spec import check_number
from uncertainty.estimators import ProbabilisticMLPClassifier
from uncertainty.estimators.frames import Frame, class_frame
from uncertainty.estimators.options import draw_seed
from uncertainty.estimators.saving import SaveMixin
from uncertainty.metrics.checks import check_choice

Array = NDArray[np.float64]

# Probabilities below the rounding of 1 count as that: some classifiers predict an exact zero.
SMALLEST_LOG_PROBA = float(np.log(np.finfo(np.float64).eps))


class RecalibratedClassifier(ClassifierMixin, CallbackSupportMixin, SaveMixin, BaseEstimator):
    """Classifier with its probabilities recalibrated on rows the model that predicts them has not seen.

    The averaged probabilities p become softmax(W log p + b), with W and b fitted to out-of-fold predictions; the final
    model is fitted on all rows, so none is lost. `predict` is the class of the largest recalibrated probability, which
    may be another one than before.

    The fit is maximum a posteriori: W = t 1 + D, where one weight t for all classes is temperature scaling, and normal
    priors hold D and b near 0 until the rows speak against it. A prior counts once, and each row once: of few rows the
    map learns little more than a temperature, of many what maximum likelihood would.

    - "vector": D is diagonal, with a weight and an intercept for each class.
    - "matrix": D is any matrix. It acts on log p with their mean over the C classes divided by C, or the prior would
      allow more the more classes there are.
    - "dirichlet": the same with a prior half as wide, for more classes or fewer rows. On log-probabilities this map is
      the calibration of Dirichlet-distributed probabilities.

    One temperature for all classes, a sigmoid and an isotonic map are scikit-learn's: `CalibratedClassifierCV` takes
    the classifiers of this package. (Up to scikit-learn 1.9.1 its method "temperature" needs labels that are strings or
    0 to C - 1.)

    Parameters
    ----------
    estimator : classifier with `predict_proba`, or None
        None takes a `ProbabilisticMLPClassifier`. Inside a `FrozenEstimator` it is not refitted, and all rows given to
        `fit` are calibration rows: they must be new to it.
    method : "vector", "matrix" or "dirichlet"
    prior_scale : float, default 1.0
        Factor of the standard deviations of the priors, which for 1 are 0.1 for D ("dirichlet": 0.05) and 0.3 for b;
        that of t about 1 is always 0.25. At 0 the map is a temperature, at a large number that of maximum likelihood,
        which needs many rows for each of its up to C (C + 1) numbers.
    cv : int, splitter or iterable of splits, default 5
        An integer makes stratified folds of rows in random order. With another splitter a row counts as often as it is
        in a test part.
    random_state : int, RandomState or None
        Of the order of the rows for an integer `cv`, and of every `random_state` inside `estimator` that is None.

    Attributes
    ----------
    estimator_ : the final model, not recalibrated
    classes_ : (C,)
    matrix_, intercept_ : W (C, C) and b (C,)
        Adding the same row to all rows of W, or the same number to b, changes nothing.
    raw_nll_, recalibrated_nll_ : float, nats a row, of the calibration rows before and after
        The second is cross-fitted: each row is recalibrated by a map of up to five folds that was learned without its
        own, so it is what new rows can be expected to have, if anything a little more. The map that predicts is learned
        from all of them. The folds are the splits of `cv` where these share no rows; otherwise rows in random order.
    n_calibration_rows_ : int

    References
    ----------
    Guo, Pleiss, Sun & Weinberger (2017), On calibration of modern neural networks, section 4.2 (vector and matrix);
    Kull, Perello-Nieto, Kängsepp, Silva Filho, Song & Flach (2019), Beyond temperature scaling: obtaining
    well-calibrated multiclass probabilities with Dirichlet calibration, sections 3.2 and 3.3 (there with
    a penalty of the mean NLL, which does not fade as rows come in).

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from uncertainty import ProbabilisticMLPClassifier, RecalibratedClassifier
    >>> X, y = load_wine(return_X_y=True)
    >>> network = ProbabilisticMLPClassifier(max_iter=20, random_state=0)
    >>> model = RecalibratedClassifier(network, cv=3, random_state=0).fit(X, y)
    >>> model.predict_proba(X[:2]).shape
    (2, 3)
    """

    def __init__(
        self,
        estimator: Any = None,
        *,
        method: str = "dirichlet",
        prior_scale: float = 1.0,
        cv: Any = 5,
        random_state: Any = None,
    ) -> None:
        self.estimator = estimator
        self.method = method
        self.prior_scale = prior_scale
        self.cv = cv
        self.random_state = random_state

    def fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None, *, groups: ArrayLike | None = None
    ) -> RecalibratedClassifier:
        """Fit the model, and learn from rows held out of it how wrong its probabilities are.

        Parameters
        ----------
        X : (n, D)
        y : (n,) labels of any type
        sample_weight : (n,), optional
            Weights of the rows, in the fits and in the calibration; zero leaves a row out of both. Whole weights are
            numbers of equal rows; others count beside the prior as Kish's effective number of rows, (sum w)² / sum w².
        groups : (n,), optional
            Passed on to the splitter.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a class is missing from the calibration rows, or from the training rows of a split.
        """
        check_choice(self.method, "method", tuple(SCALE_OF_WEIGHTS))
        check_number("prior_scale", self.prior_scale, high_open=True)
        estimator = self._unfitted()
        if not hasattr(estimator, "predict_proba"):
            raise TypeError(f"estimator must have a method predict_proba, got {type(estimator).__name__}.")
        rows = check_fit_rows(X, check_labels(self, y), sample_weight, groups)
        _check_classes(rows, None if isinstance(estimator, FrozenEstimator) else self.cv)
        seed = draw_seed(self.random_state)
        model, indices, predictions = cross_fit(self, estimator, rows, self.cv, seed, _log_proba)
        keep_fitted(self, model)
        self.classes_ = self.estimator_.classes_
        index = np.concatenate(indices)
        codes = self._codes([classes for classes, _ in predictions], rows.y[index])
        log_proba, weight = np.concatenate([values for _, values in predictions]), rows.weights_of(index)
        self.n_calibration_rows_ = len(index)
        self.matrix_, self.intercept_ = self._fit_map(log_proba, codes, weight)
        fold = evaluation_folds(indices, rows.y, seed)
        new = self._cross_fitted(log_proba, codes, weight, fold)
        of_rows = np.arange(len(codes)), codes
        self.raw_nll_, self.recalibrated_nll_ = (
            -float(np.average(each[of_rows], weights=weight)) for each in (log_proba, new)
        )
        return self

    def _fit_map(self, log_proba: Array, codes: NDArray[np.intp], weight: Array) -> tuple[Array, Array]:
        return fit_linear_map(log_proba, codes, counted_rows(weight), self.method, self.prior_scale)

    def _cross_fitted(self, log_proba: Array, codes: NDArray[np.intp], weight: Array, fold: Index) -> Array:
        """Log-probabilities [n, C] of each fold's rows, recalibrated by what the other folds teach."""
        new = np.empty_like(log_proba)
        for number in np.unique(fold):
            own = fold == number
            new[own] = _mapped(log_proba[own], *self._fit_map(log_proba[~own], codes[~own], weight[~own]))
        return new

    def _unfitted(self) -> Any:
        if self.estimator is None:
            return ProbabilisticMLPClassifier()
        return self.estimator

    def _codes(self, classes_of_splits: list[NDArray[Any]], labels: NDArray[Any]) -> NDArray[np.intp]:
        """Number of each label among the classes, which every split and the calibration rows must have all."""
        for classes in classes_of_splits:
            missing = np.setdiff1d(self.classes_, classes)
            if len(missing):
                raise ValueError(
                    f"y must have every class in the training rows of every split, got a split without "
                    f"{missing.tolist()}. Use stratified splits, or join rare classes."
                )
        unknown = np.setdiff1d(labels, self.classes_)
        if len(unknown):
            raise ValueError(f"y must hold the classes {self.classes_.tolist()}, got also {unknown.tolist()}.")
        absent = np.setdiff1d(self.classes_, labels)
        if len(absent):
            raise ValueError(
                f"y must have every class among the calibration rows, got no row of {absent.tolist()}. Nothing can be "
                f"learned about the probability of such a class."
            )
        return np.searchsorted(self.classes_, labels)

    # -- predictions ---------------------------------------------------------------------------------------------

    def predict_log_proba(self, X: ArrayLike, *, as_frame: bool = False) -> Array | Frame:
        """Return the logarithm of the recalibrated probabilities, (n, C); as a frame `log_probability_` and class."""
        check_is_fitted(self, "estimator_")
        log_proba = _mapped(_log_proba(self.estimator_, X)[1], self.matrix_, self.intercept_)
        return class_frame(X, self.classes_, {"log_proba": log_proba}) if as_frame else log_proba

    def predict_proba(self, X: ArrayLike, *, as_frame: bool = False) -> Array | Frame:
        """Return the recalibrated probabilities, (n, C) in the order of `classes_`.

        With `as_frame` they are a pandas frame with the index of X, or a polars frame if X is one, of columns
        `probability_` and the class.
        """
        proba = np.exp(self.predict_log_proba(X))
        return class_frame(X, self.classes_, {"proba": proba}) if as_frame else proba

    def decision_function(self, X: ArrayLike) -> Array:
        """Return the recalibrated log-odds (n,) of the second of two classes, or log-probabilities (n, C)."""
        log_proba = self.predict_log_proba(X)
        return log_proba[:, 1] - log_proba[:, 0] if len(self.classes_) == 2 else log_proba

    def predict(self, X: ArrayLike, *, as_frame: bool = False) -> NDArray[Any] | Frame:
        """Return the class (n,) of the largest recalibrated probability; as a frame the column `prediction`."""
        log_proba = self.predict_log_proba(X)
        labels = np.asarray(self.classes_[log_proba.argmax(axis=1)])
        return class_frame(X, self.classes_, {"prediction": labels}) if as_frame else labels

    @available_if(wrapped_has("predict_uncertainty"))
    def predict_uncertainty(self, X: ArrayLike, *, as_frame: bool = False) -> Bunch | Frame:
        """Return a Bunch of the recalibrated `proba` and where its uncertainty comes from, named as by `estimator_`.

        The map knows nothing of members: total variance and entropy are those of the recalibrated probabilities, and
        they are split in the same shares as those of `estimator_`.
        """
        log_proba = self.predict_log_proba(X)
        proba, raw = np.exp(log_proba), self.estimator_.predict_uncertainty(X)
        variance = proba * -np.expm1(log_proba)
        entropy = -(proba * log_proba).sum(axis=1)
        epistemic = variance * _share(raw.epistemic_variance, raw.total_variance)
        information = entropy * _share(raw.mutual_information, raw.total_entropy)
        aleatoric, aleatoric_entropy = variance - epistemic, entropy - information
        fields = Bunch(
            proba=proba,
            aleatoric_variance=aleatoric,
            epistemic_variance=epistemic,
            total_variance=aleatoric + epistemic,
            aleatoric_entropy=aleatoric_entropy,
            mutual_information=information,
            total_entropy=aleatoric_entropy + information,
        )
        return class_frame(X, self.classes_, fields) if as_frame else fields

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags = get_tags(self._unfitted()).input_tags
        return tags


def _log_proba(model: Any, X: Any) -> tuple[NDArray[Any], Array]:
    """Classes of the model and its finite log-probabilities."""
    if hasattr(model, "predict_log_proba"):
        with np.errstate(divide="ignore"):
            log_proba = model.predict_log_proba(X)
    else:
        with np.errstate(divide="ignore"):
            log_proba = np.log(model.predict_proba(X))
    return model.classes_, np.maximum(np.asarray(log_proba, dtype=np.float64), SMALLEST_LOG_PROBA)


def _mapped(log_proba: Array, matrix: Array, intercept: Array) -> Array:
    """Log of the recalibrated probabilities."""
    return np.asarray(log_softmax(log_proba @ matrix.T + intercept, axis=1))


def _check_classes(rows: FitRows, cv: Any) -> None:
    """Refuse a single class, and classes that an integer number of folds cannot share out."""
    classes, counts = np.unique(rows.y[rows.used()], return_counts=True)
    if len(classes) < 2:
        raise ValueError(f"y must have at least 2 classes, got 1 class: {classes.tolist()[0]!r}.")
    if isinstance(cv, (int, np.integer)) and counts.min() < cv:
        rare = classes.tolist()[counts.argmin()]
        raise ValueError(
            f"y must have a row of every class for each of the {cv} folds, got {counts.min()} of class {rare!r}. Use a "
            f"smaller cv, or join rare classes."
        )


def _share(part: Array, total: Array) -> Array:
    return np.divide(part, total, out=np.zeros_like(total), where=total > 0.0)
