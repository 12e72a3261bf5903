"""`as_frame=True` of the wrappers: the numbers of the array, by name, with the index of X."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.linear_model import BayesianRidge, LinearRegression, LogisticRegression

from uncertainty import (
    ConformalClassifier,
    ConformalRegressor,
    ProbabilisticMLPClassifier,
    ProbabilisticMLPRegressor,
    RecalibratedClassifier,
    RecalibratedRegressor,
    SelectiveClassifier,
    SelectiveRegressor,
)

RNG = np.random.default_rng(0)
TABLE = pd.DataFrame(RNG.standard_normal((120, 2)), columns=["a", "b"], index=np.arange(120) * 3)
PRICE = (TABLE["a"] + RNG.standard_normal(120)).rename("price")
LABELS = np.where(TABLE["b"] + RNG.standard_normal(120) > 0, "yes", "no")
REGRESSOR = ProbabilisticMLPRegressor((4,), max_iter=2, random_state=0)
CLASSIFIER = ProbabilisticMLPClassifier((4,), max_iter=2, random_state=0)


def assert_columns(frame, columns):
    assert list(frame.columns) == list(columns)
    for name, values in columns.items():
        np.testing.assert_array_equal(frame[name], values)
    pd.testing.assert_index_equal(frame.index, TABLE.index)


def test_conformal_intervals_of_any_regressor():
    model = ConformalRegressor(BayesianRidge(), random_state=0).fit(TABLE, PRICE)
    mean, std = model.predict(TABLE, return_std=True)
    interval = model.predict_interval(TABLE, [0.5, 0.9])
    assert_columns(model.predict(TABLE, return_std=True, as_frame=True), {"mean": mean, "std": std})
    assert_columns(model.predict(TABLE, as_frame=True), {"mean": mean})
    assert_columns(
        model.predict_interval(TABLE, [0.5, 0.9], as_frame=True),
        {
            "lower_50": interval[:, 0, 0],
            "lower_90": interval[:, 0, 1],
            "upper_50": interval[:, 1, 0],
            "upper_90": interval[:, 1, 1],
        },
    )
    rows = pl.DataFrame(TABLE)
    assert model.predict_interval(rows, as_frame=True).columns == ["lower_90", "upper_90"]


def test_conformal_intervals_of_several_targets_take_their_names():
    model = ConformalRegressor(LinearRegression(), random_state=0).fit(TABLE, TABLE.add_prefix("target_"))
    interval = model.predict_interval(TABLE)
    assert_columns(
        model.predict_interval(TABLE, as_frame=True),
        {
            "target_a_lower_90": interval[:, 0, 0],
            "target_a_upper_90": interval[:, 0, 1],
            "target_b_lower_90": interval[:, 1, 0],
            "target_b_upper_90": interval[:, 1, 1],
        },
    )


def test_prediction_sets():
    model = ConformalClassifier(CLASSIFIER, random_state=0).fit(TABLE, LABELS)
    sets, proba = model.predict_set(TABLE, [0.5, 0.9]), model.predict_proba(TABLE)
    assert_columns(
        model.predict_set(TABLE, [0.5, 0.9], as_frame=True),
        {
            f"in_set_{level}_{label}": sets[:, j, i]
            for i, level in enumerate([50, 90])
            for j, label in enumerate(["no", "yes"])
        },
    )
    frame = model.predict_set(TABLE, as_frame=True)
    assert list(frame.columns) == ["in_set_90_no", "in_set_90_yes"]
    assert [str(dtype) for dtype in frame.dtypes] == ["bool", "bool"]
    assert_columns(
        model.predict_proba(TABLE, as_frame=True), {"probability_no": proba[:, 0], "probability_yes": proba[:, 1]}
    )
    assert_columns(model.predict(TABLE, as_frame=True), {"prediction": model.predict(TABLE)})
    uncertainty = model.predict_uncertainty(TABLE, as_frame=True)
    np.testing.assert_array_equal(uncertainty["probability_yes"], proba[:, 1])
    np.testing.assert_array_equal(uncertainty["total_entropy"], model.predict_uncertainty(TABLE).total_entropy)


@pytest.mark.parametrize(("kind", "y"), [(SelectiveClassifier, LABELS), (SelectiveRegressor, PRICE)])
def test_accepted_rows(kind, y):
    wrapped = LogisticRegression() if kind is SelectiveClassifier else BayesianRidge()
    model = kind(wrapped, target_risk=0.6, random_state=0).fit(TABLE, y)
    columns = {"accepted": model.accepts(TABLE), "uncertainty": model.row_uncertainty(TABLE)}
    assert_columns(model.accepts(TABLE, as_frame=True), columns)
    assert model.accepts(TABLE, as_frame=True)["accepted"].dtype == bool


def test_recalibrated_regressor():
    model = RecalibratedRegressor(REGRESSOR, cv=2, random_state=0).fit(TABLE, PRICE)
    mean, std = model.predict(TABLE, return_std=True)
    interval, quantiles, draws = model.predict_interval(TABLE), model.predict_quantiles(TABLE), model.sample_y(TABLE, 2)
    assert_columns(model.predict(TABLE, return_std=True, as_frame=True), {"mean": mean, "std": std})
    assert_columns(model.predict_var(TABLE, as_frame=True), {"total_variance": model.predict_var(TABLE)})
    assert_columns(model.predict_uncertainty(TABLE, as_frame=True), model.predict_uncertainty(TABLE))
    assert_columns(
        model.predict_interval(TABLE, as_frame=True), {"lower_90": interval[:, 0], "upper_90": interval[:, 1]}
    )
    assert_columns(
        model.predict_quantiles(TABLE, as_frame=True),
        {f"quantile_{level}": quantiles[:, i] for i, level in enumerate([0.05, 0.5, 0.95])},
    )
    assert_columns(model.sample_y(TABLE, 2, as_frame=True), {"sample_0": draws[:, 0], "sample_1": draws[:, 1]})


def test_recalibrated_classifier():
    model = RecalibratedClassifier(CLASSIFIER, cv=2, random_state=0).fit(TABLE, LABELS)
    proba, parts = model.predict_proba(TABLE), model.predict_uncertainty(TABLE)
    assert_columns(
        model.predict_proba(TABLE, as_frame=True), {"probability_no": proba[:, 0], "probability_yes": proba[:, 1]}
    )
    assert list(model.predict_log_proba(TABLE, as_frame=True)) == ["log_probability_no", "log_probability_yes"]
    assert_columns(model.predict(TABLE, as_frame=True), {"prediction": model.predict(TABLE)})
    frame = model.predict_uncertainty(TABLE, as_frame=True)
    np.testing.assert_array_equal(frame["epistemic_variance_yes"], parts.epistemic_variance[:, 1])
    np.testing.assert_array_equal(frame["mutual_information"], parts.mutual_information)


def test_targets_that_are_no_numbers_are_refused_by_wrappers_too():
    dates = pd.Series(pd.date_range("2020", periods=120))
    for model in (ConformalRegressor(BayesianRidge()), RecalibratedRegressor(REGRESSOR)):
        with pytest.raises(ValueError, match=r"y must hold numbers, got datetime64"):
            model.fit(TABLE, dates)
        with pytest.raises(ValueError, match=r"Input y contains NaN\. Leave out these rows"):
            model.fit(TABLE, PRICE.mask(PRICE > 1))
    with pytest.raises(ValueError, match=r"Input y contains NaN\. Leave out these rows"):
        ConformalClassifier(CLASSIFIER).fit(TABLE, pl.Series([None, *LABELS[1:]]))
