"""scikit-learn's own checks of the recalibrated estimators, around networks without anything drawn row by row."""

from sklearn.frozen import FrozenEstimator
from sklearn.utils.estimator_checks import parametrize_with_checks

from uncertainty import (
    ProbabilisticMLPClassifier,
    ProbabilisticMLPRegressor,
    RecalibratedClassifier,
    RecalibratedRegressor,
)


def exact(kind, **parameters):
    """A small network for which a row of weight 2 is the same as two equal rows."""
    return kind(
        (16,),
        batch_size="full",
        dtype="float64",
        early_stopping=False,
        learning_rate_init=2e-2,
        schedule="cosine",
        max_iter=40,
        random_state=0,
        **parameters,
    )


REGRESSORS = [
    RecalibratedRegressor(exact(ProbabilisticMLPRegressor), method=method, cv=3, random_state=0)
    for method in ("variance", "temperature", "isotonic")
]
CLASSIFIERS = [
    RecalibratedClassifier(exact(ProbabilisticMLPClassifier), method=method, cv=3, random_state=0)
    for method in ("vector", "matrix", "dirichlet")
]


@parametrize_with_checks([*REGRESSORS, *CLASSIFIERS])
def test_estimator(estimator, check):
    check(estimator)


def test_frozen_is_left_alone():
    assert FrozenEstimator
