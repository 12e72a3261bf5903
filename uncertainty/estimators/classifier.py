"""What every classifier offers: `fit`, probabilities and their decomposition."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils import Bunch
from sklearn.utils.metaestimators import available_if

from uncertainty.estimators import options
from uncertainty.estimators.encoding import (
    LabelEncoder,
    RawRows,
    class_factors,
    with_class_factors,
)
from uncertainty.estimators.estimator import MemberEstimator
from uncertainty.estimators.fitting import Problem
from uncertainty.estimators.frames import Frame, class_frame, member_class_frame, numbered_frame, value_frame
from uncertainty.estimators.partial import partial_fit_is_available
from uncertainty.heads import Bernoulli, Categorical
from uncertainty.heads.base import Distribution, Head
from uncertainty.heads.class_probabilities import ClassProbabilities
from uncertainty.predictive import DiscretePredictive

Array = NDArray[np.float64]


class ProbabilisticClassifier(ClassifierMixin, MemberEstimator):
    """Abstract classifier: everything but the parameters and the method.

    y holds labels of any type, or (n, T) zeros and ones for multi-label data. Columns of probabilities follow
    `classes_`; multi-label probabilities are (n, T), of each label being present. With `as_frame` predictions come as a
    data frame: a polars one if X is, else a pandas one with the index of X. The names of its columns end in the class,
    as in `probability_ash`; with multi-label data they begin with the label, that of the column of y or y0, y1, ...
    """

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
    ) -> ProbabilisticClassifier:
        """Fit the members by negative log-likelihood.

        Parameters
        ----------
        X : (n, D)
        y : (n,) labels, or (n, T) of 0 and 1
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
            For NaN or infinite values, fewer than two rows or classes, shapes that do not agree, or an unknown option.
        """
        self._fit(X, y, sample_weight, (X_val, y_val, sample_weight_val), X_unlabeled)
        return self

    @available_if(partial_fit_is_available)
    def partial_fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        classes: ArrayLike | None = None,
    ) -> ProbabilisticClassifier:
        """Make one pass over the rows given, continuing from earlier calls.

        `classes` names all classes and is needed at the first call unless its y has them all. Scaling is fixed by
        the rows of the first call, which should be typical. The learning rate stays
        at `learning_rate_init`: a schedule spans a whole fit. Not with `early_stopping`.
        """
        if self._network().class_weight is not None:
            raise ValueError(
                "class_weight must be None in partial_fit, which does not know the frequencies of rows to come. Pass "
                "sample_weight."
            )
        self._partial_fit(X, y, sample_weight, classes)
        return self

    def _prepare(self, rows: RawRows, classes: Any = None) -> None:
        """Learn the scaling and the labels, and build the head."""
        self._encoder = LabelEncoder.fit(rows.y, classes)
        self.classes_ = np.arange(self._encoder.n_targets) if self._encoder.classes is None else self._encoder.classes
        self.head_ = self._build_head()
        self._learn_inputs(rows)

    def _build_head(self) -> Head:
        kind = self._encoder.kind
        default = Categorical() if kind == "multiclass" else Bernoulli()
        head = options.resolve_head(self._network().head, default, kind)
        return head.build(self._encoder.n_targets, len(self.classes_))

    def _problem(self, rows: RawRows, validation: RawRows | None) -> Problem:
        factors = class_factors(self._network().class_weight, rows, self._encoder.classes)
        unlabeled = None if rows.unlabeled is None else self.input_scaler_.transform(rows.unlabeled)
        rows = with_class_factors(rows, factors)
        codes = self._encoder.transform(rows.y)
        strata = None if self._encoder.classes is None else codes[:, 0].astype(np.intp)
        watched = None
        if validation is not None:
            validation = with_class_factors(validation, factors)
            x_val = self.input_scaler_.transform(validation.x)
            watched = (x_val, self._encoder.transform(validation.y), validation.weight)
        x = self.input_scaler_.transform(rows.x)
        return Problem(x, codes, rows.weight, strata, self.input_scaler_, watched, unlabeled)

    def _restore(self, distribution: Distribution) -> DiscretePredictive:
        assert isinstance(distribution, ClassProbabilities)
        return DiscretePredictive(distribution, self._encoder.classes)

    # -- predictions ---------------------------------------------------------------------------------------------

    def predict(self, X: ArrayLike, *, as_frame: bool = False) -> NDArray[Any] | Frame:
        """Return the most probable class (n,), or labels (n, T) of 0 and 1; as a frame the column `prediction`."""
        labels = self._evaluate(X, DiscretePredictive.mode)[0]
        return value_frame(self, X, prediction=labels) if as_frame else labels

    def predict_proba(self, X: ArrayLike, *, as_frame: bool = False) -> Array | Frame:
        """Return the averaged probabilities, (n, C) in the order of `classes_`, or (n, T) for labels.

        With `as_frame` the columns are `probability_` and the class.
        """
        proba = self._evaluate(X, DiscretePredictive.proba)[0]
        return self._frame(X, proba=proba) if as_frame else proba

    def predict_log_proba(self, X: ArrayLike, *, as_frame: bool = False) -> Array | Frame:
        """Return the logarithm of the averaged probabilities, without loss where they are tiny.

        With `as_frame` the columns are `log_probability_` and the class.
        """
        log_proba = self._evaluate(X, DiscretePredictive.log_proba)[0]
        return self._frame(X, log_proba=log_proba) if as_frame else log_proba

    def _frame(self, X: Any, **fields: Array) -> Frame:
        """The frame of fields of each class (or label) and of each row."""
        if self._encoder.classes is None:
            return value_frame(self, X, **fields)
        return class_frame(X, self._encoder.classes, fields)

    def decision_function(self, X: ArrayLike) -> Array:
        """Return the log-odds (n,) of the second class, (n, T) of each label, or log-probabilities (n, C)."""
        return self._evaluate(X, DiscretePredictive.decision)[0]

    def predict_uncertainty(self, X: ArrayLike, *, as_frame: bool = False) -> Bunch | Frame:
        """Return a Bunch of `proba` and where its uncertainty comes from.

        Per class, (n, C): `aleatoric_variance` + `epistemic_variance` = `total_variance` of the class's indicator.
        Per row, (n,), in nats: `aleatoric_entropy` + `mutual_information` = `total_entropy`. The epistemic parts,
        `epistemic_variance` and `mutual_information`, are 0 for a single network. For multi-label data all are (n, T).
        With `as_frame` the columns are `probability_ash`, `aleatoric_variance_ash`, ..., `total_entropy`.
        """
        fields = self._evaluate_fields(
            X, "proba", "aleatoric_variance", "epistemic_variance", "aleatoric_entropy", "mutual_information"
        )
        fields["total_variance"] = fields["aleatoric_variance"] + fields["epistemic_variance"]
        fields["total_entropy"] = fields["aleatoric_entropy"] + fields["mutual_information"]
        return self._frame(X, **fields) if as_frame else Bunch(**fields)

    def predict_dist(self, X: ArrayLike) -> DiscretePredictive:
        """Return the predictive distribution of all rows."""
        (log_proba,) = self._evaluate(X, lambda p: p.members.log_proba, axis=1)
        return DiscretePredictive(ClassProbabilities(log_proba), self._encoder.classes)

    def predict_members(self, X: ArrayLike, *, as_frame: bool = False) -> Array | Frame:
        """Return each member's probabilities, (M, n, C) or (M, n, T).

        With `as_frame` the columns are `member_0_probability_ash`, ...; of several labels `y0_member_0`, ...
        """
        proba = self._evaluate(X, DiscretePredictive.member_proba, axis=1)[0]
        if not as_frame:
            return proba
        if self._encoder.classes is None:
            return numbered_frame(self, X, np.moveaxis(proba, 0, -1), "member")
        return member_class_frame(X, self._encoder.classes, proba)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
