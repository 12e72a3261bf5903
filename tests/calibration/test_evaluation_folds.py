"""Folds in which a recalibration is judged: the splits where they can be, or shares of every class."""

import numpy as np

from uncertainty.calibration.evaluation_folds import evaluation_folds


def test_splits_without_common_rows_are_the_folds():
    labels = np.zeros(7)
    fold = evaluation_folds([np.array([5, 1]), np.array([0]), np.array([2, 6])], labels, seed=0)
    np.testing.assert_array_equal(fold, [0, 0, 1, 2, 2])
    many = evaluation_folds([np.array([row]) for row in range(7)], labels, seed=0)
    np.testing.assert_array_equal(many, [0, 1, 2, 3, 4, 0, 1])


def test_one_split_is_dealt_out_class_by_class():
    labels = np.array(["a", "b", "b"] * 20)
    rows = np.arange(5, 55)
    fold = evaluation_folds([rows], labels, seed=0)
    for label in "ab":
        counts = np.bincount(fold[labels[rows] == label], minlength=5)
        assert np.ptp(counts) <= 1
    assert not np.array_equal(fold, evaluation_folds([rows], labels, seed=1))
    np.testing.assert_array_equal(fold, evaluation_folds([rows], labels, seed=0))


def test_a_row_of_several_splits_is_in_one_fold():
    splits = [np.array([3, 0, 4, 1]), np.array([4, 2, 0, 5])]
    fold = evaluation_folds(splits, np.zeros(6), seed=0)
    index = np.concatenate(splits)
    for row in range(6):
        assert len(np.unique(fold[index == row])) == 1
    assert len(np.unique(fold)) == 5
