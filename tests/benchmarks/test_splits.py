"""The rows of every kind of split."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.model_selection import StratifiedShuffleSplit
from sklearn.preprocessing import StandardScaler

from benchmarks.datasets import SUITE_DATASETS, load_dataset
from benchmarks.splits import gap_splits, make_splits, shift_split, stratified_splits, uci_splits
from benchmarks.suites.tables import UCI_FEATURES


def test_uci_splits_are_those_of_the_published_tables() -> None:
    state = np.random.RandomState(1)  # the recipe that comes with the data, written out once more
    expected = []
    for _ in range(20):
        order = state.choice(range(308), 308, replace=False)
        expected.append((order[: round(0.9 * 308)], order[round(0.9 * 308) :]))
    splits = uci_splits(308)
    assert len(splits) == 20
    for (train, test), (expected_train, expected_test) in zip(splits, expected, strict=True):
        np.testing.assert_array_equal(train, expected_train)
        np.testing.assert_array_equal(test, expected_test)
    # Written down once, so that a change of both generators cannot pass unseen.
    np.testing.assert_array_equal(splits[0][1][:5], [121, 115, 286, 216, 264])


def test_stratified_splits_are_those_of_an_independent_splitter() -> None:
    _, y = load_dataset("wine")
    for split, (train, test) in enumerate(stratified_splits(y)):
        splitter = StratifiedShuffleSplit(n_splits=1, test_size=0.2, random_state=split)
        expected_train, expected_test = next(splitter.split(np.zeros((len(y), 1)), y))
        np.testing.assert_array_equal(train, expected_train)
        np.testing.assert_array_equal(test, expected_test)


@pytest.mark.parametrize("task", ["regression", "classification"])
def test_splits_share_out_the_rows_and_do_not_depend_on_their_number(task: str) -> None:
    y = np.arange(200) % 2
    few, many = make_splits(task, y, 2), make_splits(task, y, 10)
    for (train, test), (same_train, same_test) in zip(few, many, strict=False):
        np.testing.assert_array_equal(train, same_train)
        np.testing.assert_array_equal(test, same_test)
        np.testing.assert_array_equal(np.sort(np.concatenate([train, test])), np.arange(200))
    assert not np.array_equal(few[0][1], few[1][1])


@pytest.mark.parametrize("n_splits", [0, 21])
def test_number_of_splits_is_checked(n_splits: int) -> None:
    with pytest.raises(ValueError, match="between 1 and 20"):
        uci_splits(100, n_splits)


def test_the_shift_tests_on_the_high_third_of_the_first_component() -> None:
    X, _ = load_dataset("diabetes")
    X = np.column_stack([X * np.arange(1, 11), np.full(len(X), 3.0)])  # scales must not matter, nor a constant column
    train, test = shift_split(X)
    assert (len(train), len(test)) == (295, 147)
    np.testing.assert_array_equal(np.sort(np.concatenate([train, test])), np.arange(442))
    pca = PCA(1).fit(StandardScaler().fit_transform(X))
    score = pca.transform(StandardScaler().fit_transform(X))[:, 0]
    score *= np.sign(pca.components_[0, np.argmax(np.abs(pca.components_[0]))])
    assert score[train].max() < score[test].min()


@pytest.mark.data
@pytest.mark.parametrize("name", SUITE_DATASETS["uci"])
def test_gap_splits_hold_out_the_middle_third_of_each_feature(name: str) -> None:
    X, y = load_dataset(name)
    splits = gap_splits(name, len(y))
    assert len(splits) == X.shape[1] == UCI_FEATURES[name]
    for feature, (train, test) in enumerate(splits):
        np.testing.assert_array_equal(np.sort(np.concatenate([train, test])), np.arange(len(y)))
        assert abs(len(test) - len(y) / 3) <= 1
        # Equal values on the border may fall to either side.
        low, high = X[test, feature].min(), X[test, feature].max()
        assert not ((X[train, feature] > low) & (X[train, feature] < high)).any()
        assert abs((X[:, feature] < low).sum() - len(y) / 3) <= (X[:, feature] == low).sum() + 1
