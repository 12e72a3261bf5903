"""scikit-learn's own calibration of our classifiers."""

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator

from uncertainty import DeepEnsembleClassifier, MCDropoutClassifier, ProbabilisticMLPClassifier
from uncertainty.metrics import brier_score


def quick(kind, **options):
    network = ProbabilisticMLPClassifier((8,), max_iter=15, learning_rate_init=1e-2, random_state=0)
    if kind is ProbabilisticMLPClassifier:
        return network
    return kind(network.set_params(dropout=0.1), random_state=0, **options)


KINDS = [
    quick(ProbabilisticMLPClassifier),
    quick(DeepEnsembleClassifier, n_estimators=3),
    quick(MCDropoutClassifier, n_mc_samples=5),
]


@pytest.mark.parametrize("estimator", KINDS, ids=lambda estimator: type(estimator).__name__)
@pytest.mark.parametrize("method", ["sigmoid", "isotonic", "temperature"])
@pytest.mark.parametrize("labels", [("x", "y", "z"), (3, 7, 9), ("no", "yes"), (0, 1, 2)], ids=str)
@pytest.mark.parametrize("frozen", [False, True], ids=["cross-fitted", "frozen"])
def test_every_method_takes_every_classifier(estimator, method, labels, frozen):
    if method == "temperature" and labels == (3, 7, 9):
        pytest.skip("scikit-learn 1.9.1 takes integer labels for the numbers of the classes")
    rng = np.random.default_rng(0)
    codes = np.arange(120) % len(labels)
    X, y = rng.standard_normal((120, 2)) + 2.0 * np.eye(3)[codes][:, :2], np.array(labels)[codes]
    if frozen:
        model = CalibratedClassifierCV(FrozenEstimator(estimator.fit(X[:60], y[:60])), method=method)
        model.fit(X[60:], y[60:])
    else:
        model = CalibratedClassifierCV(estimator, method=method, cv=2).fit(X, y)
    np.testing.assert_array_equal(model.classes_, np.unique(y))
    proba = model.predict_proba(X)
    np.testing.assert_allclose(proba.sum(axis=1), 1.0, rtol=1e-9)
    assert brier_score(y, proba, labels=model.classes_) < 1.0 - 1.0 / len(labels)  # that of guessing
    assert model.score(X, y) > 0.6
