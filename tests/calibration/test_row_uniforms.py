"""Random numbers that belong to rows."""

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix
from scipy.stats import kstest

from uncertainty.calibration.row_uniforms import row_uniforms

X = np.random.default_rng(0).standard_normal((2000, 3)).round(2)


def test_they_are_uniform_and_differ_between_seeds():
    one, other = row_uniforms(X, 0), row_uniforms(X, 1)
    assert kstest(one, "uniform").pvalue > 0.01
    assert abs(np.corrcoef(one, other)[0, 1]) < 4 / np.sqrt(len(X))
    assert one.min() >= 0.0
    assert one.max() < 1.0


def test_a_row_has_its_number_in_any_batch_order_and_container():
    expected = row_uniforms(X, 3)
    np.testing.assert_array_equal(row_uniforms(X[100:103], 3), expected[100:103])
    np.testing.assert_array_equal(row_uniforms(X[::-1], 3), expected[::-1])
    for same in (X.tolist(), pd.DataFrame(X), np.asfortranarray(X)):
        np.testing.assert_array_equal(row_uniforms(same, 3), expected)
    np.testing.assert_array_equal(row_uniforms(-0.0 * X, 3), row_uniforms(0.0 * X, 3))


@pytest.mark.parametrize(
    "rows", [csr_matrix([[0, 1], [1, 0], [0, 1]]), [["a", 1], ["b", 1], ["a", 1]], ["a", "b", "a"]]
)
def test_equal_rows_of_any_kind_share_their_number(rows):
    first, second, third = row_uniforms(rows, 0)
    assert first == third != second


def test_no_rows():
    assert row_uniforms(np.empty((0, 3)), 0).shape == (0,)
