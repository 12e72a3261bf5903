"""Classifier and regressor that say which of their predictions to act on, with a guarantee."""

from __future__ import annotations

import warnings
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted, validate_data

from uncertainty.calibration.held_out_classifier import HeldOutClassifier
from uncertainty.calibration.held_out_estimator import HeldOutEstimator
from uncertainty.calibration.held_out_regressor import HeldOutRegressor
from uncertainty.calibration.row_uncertainty import (
    CLASSIFIER_KINDS,
    REGRESSOR_KINDS,
    classifier_uncertainty,
    regressor_uncertainty,
)
from uncertainty.calibration.selective_threshold import (
    RiskCoverageCurve,
    fewest_rows,
    risk_coverage_curve,
    selective_threshold,
)
from uncertainty.components.spec import check_number
from uncertainty.estimators.frames import Frame
from uncertainty.metrics.checks import check_choice

Array = NDArray[np.float64]


class SelectiveEstimator(HeldOutEstimator):
    """Abstract: a threshold on the uncertainty of a row, below which the risk is controlled."""

    target_risk: float
    delta: float
    uncertainty: str
    threshold_: float
    coverage_: float
    risk_bound_: float
    risk_coverage_curve_: RiskCoverageCurve

    def row_uncertainty(self, X: Any) -> Array:
        """Return (n,) of the uncertainty that the threshold is for; its unit depends on the kind."""
        raise NotImplementedError

    def accepts(self, X: Any, *, as_frame: bool = False) -> NDArray[np.bool_] | Frame:
        """Return (n,) of whether to act on the prediction of each row: its uncertainty is below `threshold_`.

        With `as_frame` the columns are `accepted` and `uncertainty`.
        """
        check_is_fitted(self, "threshold_")
        uncertainty = self.row_uncertainty(X)
        accepted = np.asarray(uncertainty < self.threshold_)
        return self._frame(X, accepted=accepted, uncertainty=uncertainty) if as_frame else accepted

    def _check_risk(self, kinds: tuple[str, ...]) -> tuple[float, float]:
        check_choice(self.uncertainty, "uncertainty", kinds)
        return tuple(  # type: ignore[return-value]
            check_number(name, getattr(self, name), low_open=True, high=1.0, high_open=True)
            for name in ("target_risk", "delta")
        )

    def _set_threshold(self, uncertainty: Array, loss: NDArray[np.bool_]) -> None:
        """Choose the threshold by the calibration rows, in whose order nothing but the seed has a part."""
        if np.isnan(uncertainty).any():
            raise ValueError("estimator must say how unsure it is of every calibration row, got NaN for some.")
        target, delta = float(self.target_risk), float(self.delta)
        chosen = selective_threshold(uncertainty, loss, target, delta, np.random.default_rng(self._seed))
        self.threshold_, self.coverage_, self.risk_bound_ = chosen.value, chosen.coverage, chosen.risk_bound
        self.risk_coverage_curve_ = risk_coverage_curve(uncertainty, loss, delta)
        if chosen.coverage == 0.0:
            warnings.warn(
                f"No threshold keeps the risk below {target:g} with confidence {1.0 - delta:g}: no row is accepted. Of "
                f"{len(loss)} calibration rows {int(loss.sum())} are losses, and the most certain "
                f"{fewest_rows(0, target, delta)} at least are needed, with hardly a loss among them. Calibrate with "
                f"more rows, or allow a higher target_risk.",
                UserWarning,
                stacklevel=3,
            )


class SelectiveClassifier(HeldOutClassifier, SelectiveEstimator):
    """Classifier that says which rows to act on so that few of those are wrong, with a finite-sample guarantee.

    With probability 1 - delta over the calibration rows, P(wrong | accepted) <= target_risk for rows drawn like them,
    whatever the model and the data. `predict` answers for every row; `accepts` says which answers to act on.

    Parameters
    ----------
    estimator : classifier or None
        Any with `predict_proba`, fitted on the rows that do not calibrate; None is a `ProbabilisticMLPClassifier`. A
        fitted model goes in a `sklearn.frozen.FrozenEstimator`: then all rows given to `fit` calibrate, and they must
        be others than it was fitted on, which is not checked: models do not keep their rows.
    target_risk : float, default 0.05
        Greatest share of errors among accepted rows.
    delta : float, default 0.1
        Probability that the guarantee fails.
    uncertainty : "max_probability", "total", "aleatoric" or "epistemic"
        What rows are ordered by. One minus the largest probability is what the model itself expects the error rate to
        be, and keeps most rows if it is right (Chow 1970). "total" is the entropy of the probabilities, the same order
        for two classes. "aleatoric", the mean entropy of the members, and "epistemic", the mutual information, are for
        classifiers with `predict_uncertainty`.
    calibration_size : float or int, default 0.2
        Share, or number, of the rows held out to calibrate on. The more they are, the closer to the target the risk may
        come.
    random_state : int, RandomState or None
        Of the rows held out, and of every `random_state` inside `estimator` that is None.

    Attributes
    ----------
    estimator_ : the fitted model; that inside the FrozenEstimator
    classes_ : (C,) of the model
    threshold_ : rows of an uncertainty below it are accepted; -inf where no threshold attains the guarantee
    coverage_ : share of the calibration rows accepted
    risk_bound_ : upper Clopper-Pearson limit of the risk at this threshold, at most target_risk; 1 where no row is
        accepted. What holds with confidence 1 - delta after the choice of a threshold is the target, not this.
    risk_coverage_curve_ : RiskCoverageCurve of the calibration rows

    References
    ----------
    Geifman & El-Yaniv (2017), Selective classification for deep neural networks; Angelopoulos et al. (2021), Learn
    then test (the procedure); Chow (1970), On optimum recognition error and reject tradeoff.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from uncertainty import SelectiveClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> model = SelectiveClassifier(GaussianNB(), target_risk=0.2, random_state=0).fit(X, y)
    >>> model.accepts(X).shape
    (1797,)
    >>> model.risk_bound_ <= 0.2
    True
    """

    def __init__(
        self,
        estimator: Any = None,
        *,
        target_risk: float = 0.05,
        delta: float = 0.1,
        uncertainty: str = "max_probability",
        calibration_size: Any = 0.2,
        random_state: Any = None,
    ) -> None:
        self.estimator = estimator
        self.target_risk = target_risk
        self.delta = delta
        self.uncertainty = uncertainty
        self.calibration_size = calibration_size
        self.random_state = random_state

    def fit(self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Fit the wrapped model and choose the threshold by the rows held out.

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
            For a risk outside (0, 1), an unknown kind of uncertainty, or fewer than two rows.
        TypeError
            If the wrapped model does not predict what the uncertainty needs.
        """
        self._check_risk(CLASSIFIER_KINDS)
        rows = self._start_fit(X, self._check_labels(y), sample_weight)
        _, held_out = self._hold_out(rows)
        calibration = rows.take(held_out)
        self._set_threshold(self.row_uncertainty(calibration.X), self.predict(calibration.X) != calibration.y)
        return self

    def row_uncertainty(self, X: Any) -> Array:
        """Return (n,) of the uncertainty of each row: one minus the largest probability, or an entropy in nats."""
        check_is_fitted(self, "estimator_")
        return classifier_uncertainty(self.estimator_, X, self.uncertainty)


class SelectiveRegressor(HeldOutRegressor, SelectiveEstimator):
    """Regressor that says which rows to act on so that few of those are far off, with a finite-sample guarantee.

    With probability 1 - delta over the calibration rows, ``P(|y - prediction| > tolerance | accepted) <= target_risk``
    for rows drawn like them, whatever the model and the data. `predict` answers for every row; `accepts` says which
    answers to act on.

    Parameters
    ----------
    estimator : regressor or None
        Fitted on the rows that do not calibrate; None is a `ProbabilisticMLPRegressor`. A fitted model goes in a
        `sklearn.frozen.FrozenEstimator`: then all rows given to `fit` calibrate, and they must be others than it was
        fitted on, which is not checked: models do not keep their rows.
    tolerance : float or None
        Largest error that does no harm, in units of y. None takes the standard deviation of y over the rows fitted,
        which says little more than that a prediction is better than none: better state your own.
    target_risk : float, default 0.05
        Greatest share of errors beyond the tolerance among accepted rows.
    delta : float, default 0.1
        Probability that the guarantee fails.
    uncertainty : "error_probability", "total", "aleatoric" or "epistemic"
        What rows are ordered by. "error_probability" is the model's own probability of an error beyond the tolerance,
        by `predict_dist` or else a normal distribution, and keeps most rows if it is right (Chow 1970). "total" is the
        standard deviation of `predict(X, return_std=True)`; its parts are for regressors with `predict_uncertainty`.
    calibration_size, random_state : as in `SelectiveClassifier`

    Attributes
    ----------
    tolerance_ : float, in units of y
    others : as in `SelectiveClassifier`

    References
    ----------
    Those of `SelectiveClassifier`.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.linear_model import BayesianRidge
    >>> from uncertainty import SelectiveRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = SelectiveRegressor(BayesianRidge(), tolerance=120.0, target_risk=0.3, random_state=0).fit(X, y)
    >>> model.predict(X).shape, model.accepts(X).shape
    ((442,), (442,))
    """

    def __init__(
        self,
        estimator: Any = None,
        *,
        tolerance: float | None = None,
        target_risk: float = 0.05,
        delta: float = 0.1,
        uncertainty: str = "error_probability",
        calibration_size: Any = 0.2,
        random_state: Any = None,
    ) -> None:
        self.estimator = estimator
        self.tolerance = tolerance
        self.target_risk = target_risk
        self.delta = delta
        self.uncertainty = uncertainty
        self.calibration_size = calibration_size
        self.random_state = random_state

    def fit(self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Fit the wrapped model and choose the threshold by the rows held out.

        Parameters
        ----------
        X : (n, D), as the wrapped model takes it
        y : (n,), in any units
        sample_weight : (n,), optional
            For the fit of the wrapped model; rows of weight zero are left out altogether. In the calibration every
            other row counts once.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            For a risk outside (0, 1), an unknown kind of uncertainty, fewer than two rows, or a model that is fitted
            already without a `tolerance`.
        TypeError
            If the wrapped model does not predict what the uncertainty needs.
        """
        self._check_risk(REGRESSOR_KINDS)
        targets = np.asarray(validate_data(self, "no_validation", y, y_numeric=True), dtype=np.float64)
        rows = self._start_fit(X, targets, sample_weight)
        fit, held_out = self._hold_out(rows)
        self.tolerance_ = self._tolerance(targets[fit])
        calibration = rows.take(held_out)
        loss = np.abs(calibration.y - self.predict(calibration.X)) > self.tolerance_
        self._set_threshold(self.row_uncertainty(calibration.X), loss)
        return self

    def _tolerance(self, fitted_targets: Array) -> float:
        if self.tolerance is not None:
            return check_number("tolerance", self.tolerance, low_open=True)
        if self._is_prefit():
            raise ValueError(
                "tolerance must be given for a model that is fitted already: its targets are not known here. State the "
                "largest error that does no harm, in units of y."
            )
        return float(fitted_targets.std())

    def row_uncertainty(self, X: Any) -> Array:
        """Return (n,) of the uncertainty of each row: a probability, or a standard deviation in units of y."""
        check_is_fitted(self, "tolerance_")
        return regressor_uncertainty(self.estimator_, X, self.uncertainty, self.tolerance_)
