"""The table's compact JSON gives back the numbers, and no text of it can leave its element."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from tests.report.conftest import HOSTILE, classes_of
from uncertainty.report.classification_rows import classification_rows
from uncertainty.report.columns import CategoryColumn, read_columns
from uncertainty.report.coverage import interval_coverage
from uncertainty.report.levels import HEADLINE, LEVELS
from uncertainty.report.regression_rows import regression_rows
from uncertainty.report.row_data import (
    MAX_ROWS,
    MAX_TEXT,
    N_MOST_UNCERTAIN,
    as_json,
    classification_columns,
    covered_bits,
    feature_columns,
    regression_columns,
    table_rows,
)


def test_intervals_come_back_to_three_digits(regressor: Any, test_rows: Any) -> None:
    X, y = test_rows
    rows = regression_rows(regressor, X, y.to_numpy(), LEVELS)
    columns, ends = regression_columns(rows, np.arange(len(y)), "y")
    named = {column["name"]: column for column in columns}
    step, prediction = named["prediction"]["step"], np.array(named["prediction"]["values"])
    assert np.abs(prediction * step - rows.mean).max() <= step / 2 + 1e-9
    for level in (0, HEADLINE):
        lower = (prediction + ends["lower"][level]) * step
        upper = (prediction + ends["upper"][level]) * step
        assert np.abs(np.stack([lower, upper], axis=1) - rows.interval[:, :, level]).max() <= step / 2 + 1e-9
    assert step <= np.median(rows.width(HEADLINE)) / 100
    bits = np.array(covered_bits(interval_coverage(rows), np.arange(len(y))))
    assert (bits >> HEADLINE & 1).mean() == pytest.approx(interval_coverage(rows).observed[HEADLINE])


def test_sets_come_back(classifier: Any, test_rows: Any) -> None:
    X, y = test_rows
    rows = classification_rows(classifier, X, classes_of(y), LEVELS)
    _, data = classification_columns(rows, np.arange(len(y)), "y")
    for level in (0, HEADLINE):
        numbers = data["sets"][level]
        assert [data["set_sizes"][k] for k in numbers] == rows.sets[:, :, level].sum(axis=1).tolist()
        for row in (0, 7):
            members = np.flatnonzero(rows.sets[row, :, level])
            order = members[np.argsort(-rows.proba[row, members])]
            assert data["set_texts"][numbers[row]] == ", ".join(rows.classes[k] for k in order)


def test_infinite_ends_are_null() -> None:
    from uncertainty.report.regression_rows import RegressionRows

    interval = np.array([[[-np.inf] * 11, [np.inf] * 11], [[0.0] * 11, [1.0] * 11]])
    rows = RegressionRows(np.array([0.5, 0.5]), np.array([0.5, 0.5]), LEVELS, interval, None, None)
    _, ends = regression_columns(rows, np.arange(2), "y")
    assert ends["lower"][0][0] is None
    assert ends["upper"][0][1] is not None
    json.loads(as_json(ends))


def test_no_text_can_end_the_element() -> None:
    hostile = {"name": "</script><!-- & \u2028 \U0001f600", "values": [1, None]}
    text = as_json(hostile)
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text) == hostile
    with pytest.raises(ValueError, match="JSON"):
        as_json([float("nan")])


def test_long_tables_keep_the_most_uncertain_rows() -> None:
    assert len(table_rows(np.arange(MAX_ROWS)).rows) == MAX_ROWS
    order = np.random.default_rng(0).permutation(MAX_ROWS + 500)
    kept = table_rows(order)
    assert len(np.unique(kept.rows)) == MAX_ROWS
    assert kept.n_all == MAX_ROWS + 500
    assert set(order[:N_MOST_UNCERTAIN]) <= set(kept.rows)


def test_columns_that_do_not_fit_are_named(test_rows: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    X, _ = test_rows
    columns = read_columns(X.assign(long=[f"{'x' * 60}{i}" for i in range(len(X))]))
    shown, left_out = feature_columns(columns, (HOSTILE, "region", "long"), np.arange(len(X)))
    assert [column["name"] for column in shown] == [HOSTILE, "region", "long"]
    assert left_out == ("age", "income", "day")
    assert max(map(len, shown[2]["texts"])) == MAX_TEXT
    monkeypatch.setattr("uncertainty.report.row_data.MAX_TEXTS", 1000)
    shown, left_out = feature_columns(columns, (HOSTILE, "region", "long"), np.arange(len(X)))
    assert left_out == ("age", "income", "day", "long")


def test_gaps_and_dates_of_the_table(test_rows: Any) -> None:
    X, _ = test_rows
    columns = read_columns(X)
    shown, _ = feature_columns(columns, ("income", "day", "region"), np.array([0, 5, 9]))
    income, region, day = shown
    assert [value is None for value in income["values"]] == X["income"].iloc[[0, 5, 9]].isna().tolist()
    assert [region["texts"][k] for k in region["values"]] == X["region"].iloc[[0, 5, 9]].tolist()
    stamps = np.array(day["values"]) * day["step"]
    assert stamps.astype("datetime64[ms]").tolist() == X["day"].iloc[[0, 5, 9]].to_numpy("datetime64[ms]").tolist()
    gap = CategoryColumn("c", np.array([-1, 0]), ("a",))
    assert feature_columns((gap,), ("c",), np.arange(2))[0][0]["values"] == [None, 1]
