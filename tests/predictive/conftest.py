"""Random predictive distributions of any shape."""

import numpy as np
import pytest

from uncertainty.heads.class_probabilities import ClassProbabilities
from uncertainty.heads.normal_mixture import NormalMixture
from uncertainty.predictive import ContinuousPredictive, DiscretePredictive


@pytest.fixture
def continuous():
    """Make a predictive of M members, N rows, T targets (0: one-dimensional y) and K components."""

    def make(n_members=3, n_rows=4, n_targets=0, n_components=2, *, seed=0, spread=2.0):
        rng = np.random.default_rng(seed)
        shape = (n_members, n_rows, max(n_targets, 1), n_components)
        weights = rng.dirichlet(np.ones(n_components), size=shape[:2])
        means = spread * rng.standard_normal(shape)
        scales = np.exp(0.5 * rng.standard_normal(shape))
        return ContinuousPredictive(NormalMixture(weights, means, scales), single_target=n_targets == 0)

    return make


@pytest.fixture
def mixture():
    """Make a one-row predictive from lists: one member with these components."""

    def make(means, scales, weights=None):
        n_components = len(means)
        weights = np.full(n_components, 1 / n_components) if weights is None else weights
        arrays = [
            np.asarray(a, dtype=float).reshape(shape)
            for a, shape in ((weights, (1, 1, -1)), (means, (1, 1, 1, -1)), (scales, (1, 1, 1, -1)))
        ]
        return ContinuousPredictive(NormalMixture(*arrays), single_target=True)

    return make


@pytest.fixture
def discrete():
    """Make a predictive of M members, N rows and C classes, or of T labels when `n_labels` is given."""

    def make(n_members=3, n_rows=5, n_classes=3, *, n_labels=0, seed=0, classes=None):
        rng = np.random.default_rng(seed)
        if n_labels:
            proba = rng.dirichlet((1, 1), size=(n_members, n_rows, n_labels))
            return DiscretePredictive(ClassProbabilities(np.log(proba)), None)
        proba = rng.dirichlet(np.ones(n_classes), size=(n_members, n_rows, 1))
        classes = np.arange(n_classes) if classes is None else np.asarray(classes)
        return DiscretePredictive(ClassProbabilities(np.log(proba)), classes)

    return make
