"""Columns of frames and arrays as the report reads them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal
from scipy.sparse import csr_array

from uncertainty.report.columns import CategoryColumn, NumberColumn, read_columns, row_labels
from uncertainty.report.feature_groups import groups_of
from uncertainty.report.numbers import column_number, percent, short
from uncertainty.report.targets import check_observations

VALUES = {
    "number": [1.5, None, 3.0],
    "whole": [1, 2, 3],
    "word": ["b", None, "a"],
    "flag": [True, False, True],
}


def check(columns: tuple[NumberColumn | CategoryColumn, ...]) -> None:
    number, whole, word, flag, day = columns
    assert isinstance(number, NumberColumn)
    assert isinstance(whole, NumberColumn)
    assert isinstance(word, CategoryColumn)
    assert isinstance(flag, CategoryColumn)
    assert isinstance(day, NumberColumn)
    assert_array_equal(number.values, [1.5, np.nan, 3.0])
    assert_array_equal(whole.values, [1.0, 2.0, 3.0])
    assert word.categories == ("a", "b")
    assert_array_equal(word.codes, [1, -1, 0])
    assert flag.categories == ("False", "True")
    assert day.is_date
    assert column_number(float(day.values[0]), day) == "2024-02-29"
    assert_array_equal(day.missing(), [False, True, False])


def test_pandas_and_polars_give_the_same_columns() -> None:
    days = ["2024-02-29", None, "2024-03-01"]
    check(read_columns(pd.DataFrame(VALUES | {"day": pd.to_datetime(days)})))
    check(read_columns(pl.DataFrame(VALUES | {"day": days}).with_columns(pl.col("day").str.to_date())))
    nullable = pd.DataFrame(VALUES | {"day": pd.to_datetime(days)}).convert_dtypes().astype({"word": "category"})
    check(read_columns(nullable))


def test_arrays_have_numbered_columns() -> None:
    first, second = read_columns(np.array([[1.0, "a"], [2.0, "b"]], dtype=object))
    assert (first.name, second.name) == ("column 0", "column 1")
    assert isinstance(first, NumberColumn)
    assert isinstance(second, CategoryColumn)
    assert len(read_columns([[1, 2], [3, 4]])) == 2


def test_sparse_and_flat_tables_are_refused() -> None:
    with pytest.raises(TypeError, match=r"X must be a frame or a dense array.*toarray"):
        read_columns(csr_array(np.eye(2)))
    with pytest.raises(ValueError, match="X must have two dimensions"):
        read_columns([1.0, 2.0])


def test_rows_are_called_by_an_index_that_says_something() -> None:
    frame = pd.DataFrame({"a": [1, 2]})
    assert row_labels(frame) is None
    assert row_labels(frame.set_index(pd.Index(["x", "y"]))) == ("x", "y")
    assert row_labels([[1], [2]]) is None


def test_rare_categories_are_counted_together() -> None:
    codes = np.repeat(np.arange(9), [9, 8, 7, 6, 5, 4, 3, 2, 1])
    labels, group = groups_of(CategoryColumn("c", codes, tuple("abcdefghi")))
    assert labels == ("a", "b", "c", "d", "e", "4 others")
    assert_array_equal(np.bincount(group), [9, 8, 7, 6, 5, 10])


def test_numbers_are_short_and_never_round_a_share_to_certainty() -> None:
    assert short(-1234.5678) == "−1,230"
    assert short(float("inf")) == "infinite"
    assert percent(0.9999) == ">99 %"
    assert percent(0.004) == "<1 %"
    assert percent(0.99999, 1) == ">99.9 %"


@pytest.mark.parametrize(
    ("y", "numeric", "message"),
    [
        ([1.0, np.nan], True, "y must hold finite numbers, got nan in 1 of 2 rows, the first of them row 1"),
        (["a", None], False, "y must hold a class in every row, got none in 1 of 2 rows"),
        (pd.Series(["a", None]), False, "y must hold a class in every row"),
        (["a", "b"], True, "y must hold numbers for a regressor"),
        ([1.0], True, "y must have one value for each of the 2 rows of X, got 1"),
        ([[1.0, 2.0]] * 2, True, "y must have one target"),
        ([], True, "y must have at least one row"),
    ],
)
def test_observations_that_say_nothing_are_refused(y: object, numeric: bool, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_observations(y, 2, numeric=numeric)
