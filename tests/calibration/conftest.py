"""Small problems, quick models, and models whose uncertainty is wrong by a known amount."""

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.frozen import FrozenEstimator

from uncertainty import DeepEnsembleRegressor, Gaussian, ProbabilisticMLPRegressor
from uncertainty.heads.normal_mixture import NormalMixture
from uncertainty.predictive import ContinuousPredictive


@pytest.fixture
def network():
    """A linear network that fits in a few milliseconds."""
    return ProbabilisticMLPRegressor(
        (), head=Gaussian(), embedding=None, max_iter=8, batch_size="full", learning_rate_init=0.1, random_state=0
    )


@pytest.fixture
def ensemble(network):
    """Twenty bootstrap members of it."""
    return DeepEnsembleRegressor(network, n_estimators=20, bootstrap=True, random_state=0)


@pytest.fixture
def draw():
    """Rows whose noise has the standard deviation 1, or grows with |x_1|."""

    def rows(n, seed=0, n_targets=None, heteroscedastic=False):
        rng = np.random.default_rng(seed)
        X = rng.standard_normal((n, 2))
        noise = rng.standard_normal((n, n_targets or 1)) * np.arange(1, (n_targets or 1) + 1)
        if heteroscedastic:
            noise = noise * (0.2 + np.abs(X[:, 1:]))
        y = X[:, :1] + noise
        return X, y if n_targets else y[:, 0]

    return rows


class StatedNoise(RegressorMixin, BaseEstimator):
    """Predicts the columns of X with normal noise of the stated std, and two members `disagreement` apart.

    It records the rows it was fitted on by their last column.
    """

    def __init__(self, noise=1.0, disagreement=0.0, scale=1.0):
        self.noise = noise
        self.disagreement = disagreement
        self.scale = scale

    def fit(self, X, y, sample_weight=None):
        self.rows_ = np.asarray(X)[:, -1].copy()
        self.weight_ = sample_weight
        self.n_targets_ = np.asarray(y).ndim and (1 if np.ndim(y) == 1 else np.shape(y)[1])
        self.single_ = np.ndim(y) == 1
        return self

    def predict_dist(self, X):
        mean = self.scale * np.asarray(X, dtype=float)[:, : self.n_targets_]
        half = 0.5 * self.scale * self.disagreement
        means = np.stack([mean - half, mean + half])[..., None]
        scales = np.full(means.shape, self.scale * self.noise)
        return ContinuousPredictive(
            NormalMixture(np.ones((2, len(mean), 1)), means, scales), single_target=self.single_
        )

    def predict(self, X):
        return self.predict_dist(X).mean()


class StatedLogits(ClassifierMixin, BaseEstimator):
    """Predicts softmax(X) for labels in sorted order."""

    def fit(self, X, y, sample_weight=None):
        self.classes_ = np.unique(y)
        self.rows_ = np.asarray(X)[:, -1].copy()
        return self

    def predict_proba(self, X):
        return softmax(np.asarray(X, dtype=float)[:, : len(self.classes_)], axis=1)


@pytest.fixture
def stated_noise():
    return StatedNoise


@pytest.fixture
def stated_logits():
    return StatedLogits


@pytest.fixture
def noisy_rows():
    """n rows of T targets whose noise is `noise`, and whose last column is the row's number."""

    def make(n=400, noise=1.0, n_targets=0, seed=0):
        rng = np.random.default_rng(seed)
        X = np.column_stack([rng.standard_normal((n, max(n_targets, 1))), np.arange(n)])
        y = X[:, :-1] + noise * rng.standard_normal((n, max(n_targets, 1)))
        return X, y if n_targets else y[:, 0]

    return make


@pytest.fixture
def logit_rows():
    """n rows of logits of C classes, a row number, and labels drawn from softmax(W logits + b)."""

    def make(matrix, intercept, n=2000, seed=0):
        rng = np.random.default_rng(seed)
        n_classes = len(intercept)
        logits = 1.5 * rng.standard_normal((n, n_classes))
        log_proba = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        proba = softmax(log_proba @ np.asarray(matrix, dtype=float).T + intercept, axis=1)
        y = (rng.random((n, 1)) > proba.cumsum(axis=1)).sum(axis=1)
        return np.column_stack([logits, np.arange(n)]), np.minimum(y, n_classes - 1)

    return make


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
