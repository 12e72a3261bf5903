"""A frame with awkward names, gaps, words and dates, and small models fitted on such rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

import uncertainty
from uncertainty import (
    DeepEnsembleClassifier,
    DeepEnsembleRegressor,
    ProbabilisticMLPClassifier,
    ProbabilisticMLPRegressor,
)

HOSTILE = "<script>alert('x')</script>"
NUMBERS = ["age", "income", HOSTILE]


def make_frame(n_rows: int, seed: int) -> tuple[pd.DataFrame, pd.Series]:
    generator = np.random.default_rng(seed)
    age = generator.uniform(18, 80, n_rows).round()
    income = generator.lognormal(10, 0.6, n_rows).round(2)
    income[generator.random(n_rows) < 0.1] = np.nan
    words = ["north", "south", "</script><b>islands</b>"]
    region = generator.choice(words, n_rows, p=[0.5, 0.4, 0.1])
    day = pd.Timestamp("2024-01-01") + pd.to_timedelta(generator.integers(0, 300, n_rows), unit="D")
    X = pd.DataFrame(
        {"age": age, "income": income, HOSTILE: generator.normal(size=n_rows), "region": region, "day": day}
    )
    y = 20 + 0.5 * age + 8 * (region == "south") + generator.normal(size=n_rows) * (1 + 0.1 * age)
    return X, pd.Series(y, name="cost & </script> [k€]")


def in_pipeline(model: Any) -> Any:
    columns = [("n", SimpleImputer(), NUMBERS), ("c", OneHotEncoder(sparse_output=False), ["region"])]
    return make_pipeline(ColumnTransformer(columns), model)


def classes_of(y: pd.Series) -> np.ndarray:
    return np.array(["<low>", "mid", "high"])[np.digitize(y, [40, 50])]


@pytest.fixture(scope="package")
def test_rows() -> tuple[pd.DataFrame, pd.Series]:
    return make_frame(240, seed=1)


@pytest.fixture(scope="package")
def regressor() -> Any:
    network = ProbabilisticMLPRegressor((8,), max_iter=8)
    return in_pipeline(DeepEnsembleRegressor(network, n_estimators=3, random_state=0)).fit(*make_frame(300, seed=0))


@pytest.fixture(scope="package")
def classifier() -> Any:
    X, y = make_frame(300, seed=0)
    network = ProbabilisticMLPClassifier((8,), max_iter=8)
    model = in_pipeline(DeepEnsembleClassifier(network, n_estimators=3, random_state=0))
    return model.fit(X, classes_of(y))


@pytest.fixture(scope="package")
def regression_page(regressor: Any, test_rows: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "regression.html"
    uncertainty.write_report(regressor, *test_rows, path)
    return path


@pytest.fixture(scope="package")
def classification_page(classifier: Any, test_rows: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "classification.html"
    X, y = test_rows
    uncertainty.write_report(classifier, X, classes_of(y), path, target_name="band")
    return path
