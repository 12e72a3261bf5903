"""Small problems, and a comparison of what onnxruntime computes from a file with what the estimator says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray
from sklearn.base import is_classifier

from uncertainty import ProbabilisticMLPClassifier, ProbabilisticMLPRegressor, export_onnx

Array = NDArray[Any]

N_TRAIN = 60
# Far tighter than the 1e-5 that is promised, so that a term of a formula that is left out shows.
RTOL, ATOL = 1e-8, 1e-14


def run(path: Path, X: Array, n_threads: int = 1) -> dict[str, Array]:
    """What onnxruntime computes, by name."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = n_threads
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, {session.get_inputs()[0].name: X}), strict=True))


def shaken(model: Any) -> Any:
    """The fitted model with large random weights and statistics, with which every part of the networks matters."""
    rng = np.random.default_rng(1)
    members = model.members_
    values = 0.7 * rng.standard_normal(members.values.shape)
    model.members_ = replace(members, values=values, statistics=rng.uniform(0.5, 2.0, members.statistics.shape))
    return model


@pytest.fixture
def check(tmp_path: Path) -> Callable[..., dict[str, Array]]:
    """Export a model, compare all that it says of X with all that the file says, and return the latter."""

    def compare(model: Any, X: Array, **options: Any) -> dict[str, Array]:
        export_onnx(model, tmp_path / "model.onnx", **options)
        found = run(tmp_path / "model.onnx", X)
        for name, expected in model.predict_uncertainty(X).items():
            values = found["probabilities" if name == "proba" else name]
            assert values.dtype == np.float64
            np.testing.assert_allclose(values, expected, RTOL, ATOL * np.abs(expected).max(), err_msg=name)
        if is_classifier(model):
            np.testing.assert_array_equal(found["label"], model.predict(X))
        else:
            np.testing.assert_allclose(found["std"], model.predict(X, return_std=True)[1], RTOL)
        return found

    return compare


@pytest.fixture(scope="session")
def table() -> tuple[Array, Array]:
    """60 rows of a normal column, one with a gap, one of two values, a copy and a constant; a target with noise."""
    rng = np.random.default_rng(0)
    normal = rng.standard_normal(N_TRAIN)
    gap = np.where(rng.random(N_TRAIN) < 0.5, rng.uniform(-3.0, -1.0, N_TRAIN), rng.uniform(5.0, 9.0, N_TRAIN))
    X = np.column_stack([normal, gap, rng.integers(0, 2, N_TRAIN), 1e3 * normal - 7.0, np.full(N_TRAIN, 0.1)])
    return X, 100.0 + normal - np.abs(gap) + 0.3 * rng.standard_normal(N_TRAIN)


@pytest.fixture(scope="session")
def new_rows() -> Array:
    """Rows like those of training, in the gap, and far outside of their range on all sides."""
    rng = np.random.default_rng(2)
    near = np.column_stack(
        [rng.standard_normal(30), rng.uniform(-4.0, 10.0, 30), np.ones(30), 1e3 * rng.standard_normal(30), np.zeros(30)]
    )
    return np.concatenate([near, 1e3 * near, 1e12 * near[:3], -1e100 * near[:3]])


@pytest.fixture(scope="session")
def targets(table: tuple[Array, Array]) -> dict[str, Array]:
    """Targets of every kind."""
    y = table[1]
    return {
        "continuous": y,
        "several": np.column_stack([y, 1e6 * y + 3.0, 1e-3 * table[0][:, 0]]),
        "binary": (y > 97.0).astype(int),
        "multiclass": np.array(["low", "middle", "high"])[np.digitize(y, [93.0, 98.0])],
        "multilabel": np.column_stack([y > 97.0, y < 95.0, table[0][:, 0] > 0.0]).astype(int),
    }


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
def shake() -> Callable[[Any], Any]:
    return shaken


@pytest.fixture(scope="session")
def run_file() -> Callable[..., dict[str, Array]]:
    return run
