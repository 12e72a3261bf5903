"""From frames with text, dates and gaps to predictions: by name, whatever the order, the library and the types."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.model_selection import cross_val_score

import uncertainty
from uncertainty import ConformalRegressor, ProbabilisticMLPClassifier, ProbabilisticMLPRegressor, tabular_pipeline
from uncertainty.tables import DateParts, TableColumns


def network(**parameters):
    return ProbabilisticMLPRegressor(**{"hidden_layer_sizes": (8,), "max_iter": 3, "random_state": 0} | parameters)


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(0)
    n = 120
    numbers = rng.normal(size=(n, 2))
    table = pd.DataFrame({"size": numbers[:, 0], "count": np.arange(n) % 7, "place": rng.choice(["u", "v", "w"], n)})
    table["code"] = pd.Categorical(rng.choice(["1", "2", "3"], n))
    table["flag"] = rng.random(n) < 0.5
    table["day"] = pd.Timestamp("2023-03-01") + pd.to_timedelta(rng.integers(0, 900, n), unit="D")
    table["id"] = [f"row {i}" for i in range(n)]
    table.loc[3:12, "size"] = np.nan
    table.loc[5:20, "place"] = None
    table.loc[8:9, "day"] = pd.NaT
    table.loc[30, "place"] = "seldom"
    return table


@pytest.fixture(scope="module")
def y(frame):
    rng = np.random.default_rng(1)
    noise = 0.1 * rng.normal(size=len(frame))
    return pd.Series(frame["count"] + 2.0 * (frame["place"] == "u") + frame["flag"] + noise, name="price")


@pytest.fixture(scope="module")
def model(frame, y):
    return tabular_pipeline(network()).fit(frame, y)


def test_kinds_and_the_name_of_the_target(model):
    kinds = ["number", "number", "category", "category", "boolean", "date", "category"]
    assert list(model[0].kinds_.values()) == kinds
    assert list(model[0].kinds_) == ["size", "count", "place", "code", "flag", "day", "id"]
    assert model[0].target_name_ == "price"
    assert list(model.feature_names_in_) == list(model[0].kinds_)


def test_the_numbers_that_reach_the_network(model, frame):
    encoded = pd.DataFrame(model[:-1].transform(frame), columns=model[:-1].get_feature_names_out())
    np.testing.assert_array_equal(encoded["numbers__size"], frame["size"].fillna(frame["size"].median()))
    np.testing.assert_array_equal(encoded["numbers__missingindicator_size"], frame["size"].isna())
    np.testing.assert_array_equal(encoded["categories__place_None"], frame["place"].isna())
    np.testing.assert_array_equal(encoded["categories__flag_True"], frame["flag"])
    np.testing.assert_array_equal(encoded["categories__place_infrequent_sklearn"], frame["place"] == "seldom")
    assert [name for name in encoded if name.startswith("categories__id")] == ["categories__id_infrequent_sklearn"]
    days = (frame["day"] - frame["day"].min()).dt.days
    np.testing.assert_array_equal(encoded["dates__day_days"], days.fillna(days.median()))
    np.testing.assert_array_equal(encoded["dates__day_weekday"][10:], frame["day"].dt.weekday[10:])
    assert "dates__day_hour" not in encoded
    assert len(encoded.columns) == 2 + 1 + (4 + 1) + 3 + 2 + 1 + (3 + 3)


def test_order_further_columns_and_one_row_change_nothing(model, frame):
    expected = model.predict(frame)
    shuffled = frame.assign(more="x")[[*reversed(frame.columns), "more"]]
    np.testing.assert_array_equal(model.predict(shuffled), expected)
    np.testing.assert_allclose(model.predict(frame[40:41]), expected[40:41], rtol=1e-12)


def test_polars_and_other_types_of_the_same_values(model, frame):
    expected = model.predict(frame)
    np.testing.assert_array_equal(model.predict(pl.from_pandas(frame)), expected)
    np.testing.assert_array_equal(model.predict(frame.astype(object)), expected)
    texts = frame.copy()
    for name in ("size", "count", "code"):
        texts[name] = [None if pd.isna(value) else str(value) for value in frame[name]]
    texts["flag"] = frame["flag"].map({True: "true", False: "FALSE"})
    texts["day"] = frame["day"].dt.strftime("%Y-%m-%d")
    np.testing.assert_array_equal(model.predict(texts), expected)
    floats = frame.assign(code=frame["code"].astype(float), day=frame["day"].dt.tz_localize("UTC"))
    np.testing.assert_array_equal(model.predict(floats), expected)
    for dtype in (int, float):  # a gap makes floats of truth values
        np.testing.assert_array_equal(model.predict(frame.assign(flag=frame["flag"].astype(dtype))), expected)
    plain = frame.convert_dtypes()  # those of pandas that know of gaps
    np.testing.assert_array_equal(model.predict(plain), expected)


def test_a_fit_on_polars_is_that_on_pandas(model, frame, y):
    other = tabular_pipeline(network()).fit(pl.from_pandas(frame), y)
    assert other[0].kinds_ == model[0].kinds_
    np.testing.assert_array_equal(other.predict(frame), model.predict(frame))


def test_unknown_categories_count_as_rare_ones_or_as_none(model, frame):
    rows = frame[30:32].assign(flag="perhaps")
    encode = lambda table: pd.DataFrame(model[:-1].transform(table), columns=model[:-1].get_feature_names_out())  # noqa: E731
    new = encode(rows.assign(place="never seen"))
    assert new["categories__place_infrequent_sklearn"].tolist() == [1.0, 1.0]
    assert new[["categories__flag_True", "categories__flag_False"]].to_numpy().sum() == 0.0


def test_no_more_than_forty_categories():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"place": [f"place {i}" for i in rng.integers(0, 60, 1200)]})
    encoded = tabular_pipeline(network(max_iter=1)).fit(table, np.arange(1200.0))[:-1].transform(table)
    assert encoded.shape[1] == 40
    np.testing.assert_array_equal(encoded.sum(axis=1), 1.0)


def test_saved_and_loaded(model, frame, y, tmp_path):
    for number, fitted in enumerate([model, tabular_pipeline(ConformalRegressor(network(), random_state=0))]):
        fitted.fit(frame, y)
        uncertainty.save(fitted, tmp_path / f"{number}.uq")
        loaded = uncertainty.load(tmp_path / f"{number}.uq")
        np.testing.assert_array_equal(loaded.predict(frame[::-1]), fitted.predict(frame[::-1]))
        assert loaded[0].target_name_ == "price"
    uncertainty.save(tabular_pipeline(network()), tmp_path / "unfitted.uq")
    again = uncertainty.load(tmp_path / "unfitted.uq").fit(frame, y)
    np.testing.assert_array_equal(again.predict(frame), model.predict(frame))


def test_weights_and_cross_validation(frame, y):
    labels = np.where(y > y.median(), "dear", "cheap")
    classifier = tabular_pipeline(ProbabilisticMLPClassifier((8,), max_iter=10, random_state=0))
    assert cross_val_score(classifier, frame, labels, cv=3).mean() > 0.7
    weight = np.r_[np.zeros(60), np.ones(60)]
    weighted = tabular_pipeline(network()).fit(frame, y, estimator__sample_weight=weight)
    assert np.abs(weighted.predict(frame) - tabular_pipeline(network()).fit(frame, y).predict(frame)).max() > 1e-3


def test_pandas_output_of_every_step(model, frame, y):
    named = tabular_pipeline(network()).set_output(transform="pandas").fit(frame, y)
    assert list(named[:-1].transform(frame).columns) == list(model[:-1].get_feature_names_out())


def test_missing_columns_are_named_with_what_resembles_them(model, frame):
    renamed = frame.rename(columns={"place": "Place"}).drop(columns="flag")
    with pytest.raises(ValueError, match=r"lacks 'place' \(there is 'Place'\), 'flag'\. Add or rename"):
        model.predict(renamed)


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("size", "12 m", "column 'size' must be a number in every row, got '12 m' in row 2"),
        ("size", np.inf, "column 'size' must be finite in every row, got inf in row 2"),
        ("day", "31/01/2020", "column 'day' must be a date such as 2020-01-31 in every row, got '31/01/2020' in row 2"),
        ("day", 3, "column 'day' must be a date"),
    ],
)
def test_values_of_another_kind_are_named_with_their_row(model, frame, column, value, message):
    wrong = frame[40:50].astype({column: object})
    wrong.iloc[2, wrong.columns.get_loc(column)] = value
    with pytest.raises(ValueError, match=message):
        model.predict(wrong)


def test_columns_of_nothing_and_of_dates_alone():
    table = pd.DataFrame({"empty": [None] * 20, "day": [pd.Timestamp("2024-01-01 06:00")] * 20})
    table.loc[:9, "day"] = pd.Timestamp("2024-01-01 18:00")
    fitted = tabular_pipeline(network()).fit(table, np.arange(20.0))
    encoded = fitted[:-1].transform(table)
    assert np.isfinite(encoded.to_numpy()).all()
    assert list(fitted[:-1].get_feature_names_out()[-2:]) == ["dates__day_days", "dates__day_hour"]
    np.testing.assert_array_equal(encoded.iloc[:, -1], np.repeat([18.0, 6.0], 10))


@pytest.mark.parametrize(
    "written",
    [
        "2024-05-01",
        "2024-05-01 12:30",
        "2024-05-01T12:30:00Z",
        "31.1.2024",
        "1/31/2024 8:30",
        "2024/05/01",
        "31-01-2024",
    ],
)
def test_text_that_reads_as_dates_is_pointed_out(written):
    frame = pd.DataFrame({"size": [1.0, 2.0], "sold": [written, None]})
    with pytest.warns(UserWarning, match=f"dates are taken as categories, got 'sold' with values such as '{written}'"):
        columns = TableColumns().fit(frame)
    assert columns.kinds_["sold"] == "category"


@pytest.mark.parametrize(
    "values",
    [
        ["2024-05-01", "soon"],
        ["20240501"] * 2,
        ["1.5.2"] * 2,
        ["99.99.9999"] * 2,
        ["7732-18-5"] * 2,
        ["2024-05-01 batch A"] * 2,
        [None, None],
    ],
)
def test_other_text_and_chosen_categories_are_not(values):
    frame = pd.DataFrame({"size": [1.0, 2.0], "sold": values, "day": pd.Categorical(["2024-05-01", "2024-05-02"])})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        TableColumns().fit(frame)


def test_date_parts_by_hand():
    days = pd.to_datetime(["1969-12-28 12:00", "2024-12-31 23:59:59", "2023-07-02 12:00", None], format="ISO8601")
    table = pd.DataFrame({"a": days, "b": pd.NaT})
    parts = DateParts().fit(table)
    assert parts.get_feature_names_out().tolist() == ["a_days", "a_year_fraction", "a_weekday", "a_hour", "b_days"]
    values = parts.transform(table)
    np.testing.assert_allclose(values[:3, 0], [(d - days[0]) / pd.Timedelta(days=1) for d in days[:3]])
    np.testing.assert_allclose(values[:3, 1], [361 / 365, 365 / 366, 182 / 365])
    np.testing.assert_array_equal(values[:3, 2], [d.weekday() for d in days[:3]])
    np.testing.assert_allclose(values[:3, 3], [12.0, 24.0, 12.0], atol=1e-3)
    assert np.isnan(values[3]).all()
    assert np.isnan(values[:, 4]).all()


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        (np.ones((5, 2)), TypeError, "X must be a data frame of pandas or polars"),
        (pd.DataFrame(np.ones((5, 2))), TypeError, "columns named by strings, got 0"),
        (pd.DataFrame(np.ones((5, 2)), columns=["a", "a"]), ValueError, "got 'a' twice"),
        (pd.DataFrame({"a": pd.to_timedelta([1, 2], unit="D")}), TypeError, "column 'a' must hold numbers"),
        (pd.DataFrame({"a": [1j, 2j]}), TypeError, "column 'a' must hold numbers"),
        (pd.DataFrame(index=range(3)), ValueError, "at least one column"),
    ],
)
def test_what_is_no_table_is_refused(X, error, message):
    with pytest.raises(error, match=message):
        TableColumns().fit(X)


def test_what_is_no_estimator_is_refused():
    with pytest.raises(TypeError, match="estimator must be a regressor"):
        tabular_pipeline("mlp")
