"""Small trials, and results whose numbers are made up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

from benchmarks.components.family import Option
from benchmarks.components.fits import Trial
from benchmarks.components.rounds import Result


@pytest.fixture(autouse=True)
def no_garbage_collection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Among all that the tests have in memory a collection takes longer than what is timed."""
    monkeypatch.setattr("benchmarks.speed.timing.gc.collect", lambda: 0)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """On a busy machine a second thread makes the small products of these tests slower, not faster."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def regression() -> Trial:
    """A line with noise: 60 rows to train on and 20 to test."""
    generator = np.random.default_rng(1)
    X = generator.standard_normal((80, 2))
    y = 50.0 + 10.0 * X[:, 0] + generator.standard_normal(80)
    return Trial("regression", (X[:60], y[:60]), (X[60:], y[60:]), seed=4)


@pytest.fixture
def classification() -> Trial:
    """Three classes in a row, of which the labels are no numbers from 0 on."""
    generator = np.random.default_rng(2)
    X = generator.standard_normal((80, 2))
    y = np.array([3, 5, 9])[np.searchsorted([-0.5, 0.5], X[:, 0] + 0.1 * generator.standard_normal(80))]
    return Trial("classification", (X[:60], y[:60]), (X[60:], y[60:]), seed=4)


def make_result(name: str, nll: list[float], many: list[float] | None, one: list[float], **values: Any) -> Result:
    """A result with these NLLs and seconds; all other scores are 1."""
    result = Result(name, Option(), values.get("rate"))
    for seed, value in enumerate(nll):
        row = dict.fromkeys(("loss", "train_nll", "rmse", "accuracy", "ensemble_nll"), 1.0)
        seconds = {"seconds_many": None if many is None else many[seed], "seconds_one": one[seed]}
        result.add(row | {"seed": seed, "nll": value, "warnings": []} | seconds | values)
    return result
