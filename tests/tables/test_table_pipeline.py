"""The predictions that a pipeline passes on are those of its last step, under the index of the table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression

import uncertainty
from uncertainty import (
    ConformalClassifier,
    DeepEnsembleRegressor,
    ProbabilisticMLPClassifier,
    ProbabilisticMLPRegressor,
    tabular_pipeline,
)
from uncertainty.tables import TablePipeline

PASSED_ON = [name for name in vars(TablePipeline) if name.startswith(("predict", "sample", "accepts"))]


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    place = rng.choice(["town", "coast"], 60)
    return pd.DataFrame({"size": rng.normal(size=60), "place": place}, index=[f"house {i}" for i in range(60)])


@pytest.fixture(scope="module")
def regressor(table):
    network = ProbabilisticMLPRegressor((8,), max_iter=3)
    return tabular_pipeline(DeepEnsembleRegressor(network, n_estimators=2, random_state=0)).fit(table, table["size"])


def test_every_prediction_is_that_of_the_last_step(regressor, table):
    rows = regressor[:-1].transform(table)
    for name in ("predict_interval", "predict_quantiles", "predict_var", "predict_members", "sample_y"):
        np.testing.assert_array_equal(getattr(regressor, name)(table), getattr(regressor[-1], name)(rows))
    np.testing.assert_array_equal(
        regressor.predict_interval(table, [0.5, 0.9], kind="mean"),
        regressor[-1].predict_interval(rows, [0.5, 0.9], kind="mean"),
    )
    assert regressor.predict_dist(table).mean() == pytest.approx(regressor.predict(table))
    assert sorted(regressor.predict_uncertainty(table)) == sorted(regressor[-1].predict_uncertainty(rows))


def test_frames_keep_the_index_of_the_table_also_after_loading(regressor, table, tmp_path):
    some = table.iloc[7:12]
    frame = regressor.predict_interval(some, as_frame=True)
    assert list(frame.index) == list(some.index)
    uncertainty.save(regressor, tmp_path / "model.uq")
    pd.testing.assert_frame_equal(uncertainty.load(tmp_path / "model.uq").predict_interval(some, as_frame=True), frame)


def test_a_pipeline_has_what_its_last_step_has(table, regressor):
    labels = np.where(table["size"] > 0, "large", "small")
    network = ProbabilisticMLPClassifier((8,), max_iter=3, random_state=0)
    sets = tabular_pipeline(ConformalClassifier(network, random_state=0)).fit(table, labels)
    np.testing.assert_array_equal(sets.predict_set(table, 0.8), sets[-1].predict_set(sets[:-1].transform(table), 0.8))
    have = {
        name: {passed for passed in PASSED_ON if hasattr(model, passed)}
        for name, model in {"ours": regressor, "sets": sets, "other": tabular_pipeline(LinearRegression())}.items()
    }
    assert have["other"] == set()
    assert "predict_set" in have["sets"]
    assert "predict_interval" not in have["sets"]
    assert have["ours"] == set(PASSED_ON) - {"predict_set", "accepts"}
    with pytest.raises(AttributeError, match=r"TablePipeline.*has no attribute 'predict_set'"):
        regressor.predict_set(table)


def test_an_unfitted_one_says_so(regressor, table):
    with pytest.raises(NotFittedError):
        clone(regressor).predict_interval(table)
