"""Small tables, small networks, and a model file to damage."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import uncertainty
from uncertainty import MCDropoutRegressor, ProbabilisticMLPClassifier, ProbabilisticMLPRegressor

Array = NDArray[np.float64]


@pytest.fixture(scope="session")
def table() -> tuple[Array, Array]:
    """60 rows, three columns, one target with noise."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3))
    return X, 3.0 + X[:, 0] - np.abs(X[:, 1]) + 0.3 * rng.normal(size=60)


@pytest.fixture(scope="session")
def labels(table: tuple[Array, Array]) -> NDArray[Any]:
    """Three classes, as text."""
    return np.array(["low", "middle", "higher"])[np.digitize(table[1], [2.0, 3.0])]


@pytest.fixture(scope="session")
def regressor() -> Callable[..., ProbabilisticMLPRegressor]:
    def make(**parameters: Any) -> ProbabilisticMLPRegressor:
        return ProbabilisticMLPRegressor(
            **{"hidden_layer_sizes": (4, 4, 4), "max_iter": 2, "random_state": 0} | parameters
        )

    return make


@pytest.fixture(scope="session")
def classifier() -> Callable[..., ProbabilisticMLPClassifier]:
    def make(**parameters: Any) -> ProbabilisticMLPClassifier:
        return ProbabilisticMLPClassifier(
            **{"hidden_layer_sizes": (4, 4), "max_iter": 2, "random_state": 0} | parameters
        )

    return make


@pytest.fixture(scope="session")
def masked(table, regressor) -> MCDropoutRegressor:
    """A fitted model with masks, running statistics, residual blocks and whitening: most of what there is."""
    network = regressor(dropout=0.3, normalization="batch", residual="residual", standardize="whiten")
    return MCDropoutRegressor(network, n_mc_samples=5, random_state=0).fit(*table)


@pytest.fixture(scope="session")
def model_file(masked, tmp_path_factory) -> Path:
    """A sound file of that model."""
    path = tmp_path_factory.mktemp("models") / "masked.uq"
    uncertainty.save(masked, path)
    return path
