"""Models whose answers are known functions of x, so that what is tested is the calibration."""

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.frozen import FrozenEstimator


class SoftmaxOfInputs(ClassifierMixin, BaseEstimator):
    """Predicts the softmax of X times `sharpness`; the classes are its columns unless `classes` names them."""

    def __init__(self, sharpness=1.0, classes=None):
        self.sharpness = sharpness
        self.classes = classes

    def fit(self, X, y=None):
        self.classes_ = np.arange(np.shape(X)[1]) if self.classes is None else np.asarray(self.classes)
        return self

    def predict_proba(self, X):
        return softmax(self.sharpness * np.asarray(X, dtype=float), axis=1)

    def predict(self, X):
        return self.classes_[np.asarray(X).argmax(axis=1)]


class KnownSpread(RegressorMixin, BaseEstimator):
    """Predicts 0 with the standard deviation that the first column of X gives."""

    def fit(self, X, y=None):
        self.n_features_in_ = np.shape(X)[1]
        return self

    def predict(self, X, return_std=False):
        mean = np.zeros(len(X))
        return (mean, np.asarray(X)[:, 0]) if return_std else mean


def draw_classes(rng, n_rows, n_classes=4, temperature=1.5):
    """Rows X whose class is drawn from softmax(temperature X): a model that predicts softmax(X) is a little off."""
    X = 1.5 * rng.standard_normal((n_rows, n_classes))
    cumulative = np.cumsum(softmax(temperature * X, axis=1), axis=1)
    return X, (rng.random((n_rows, 1)) > cumulative).sum(axis=1).clip(max=n_classes - 1)


@pytest.fixture
def classes_of():
    return draw_classes


@pytest.fixture
def frozen_softmax():
    def make(n_classes=4, **parameters):
        return FrozenEstimator(SoftmaxOfInputs(**parameters).fit(np.zeros((1, n_classes))))

    return make


@pytest.fixture
def known_spread():
    return KnownSpread
