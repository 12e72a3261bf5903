"""Which rows the members of a bootstrap ensemble have used."""

import numpy as np
import pytest

from uncertainty.estimators import DeepEnsembleClassifier, DeepEnsembleRegressor
from uncertainty.estimators.validation_split import in_bag_counts

ENSEMBLES = [DeepEnsembleRegressor, DeepEnsembleClassifier]


def test_counts_are_of_training_and_of_watched_rows():
    counts = in_bag_counts(5, np.array([[0, 0, 2], [1, 1, 1]]), np.array([[4], [0]]))
    np.testing.assert_array_equal(counts, [[2, 0, 1, 0, 1], [1, 3, 0, 0, 0]])


@pytest.mark.parametrize("kind", ENSEMBLES)
def test_every_member_uses_as_many_rows_as_there_are(quick, problem, kind):
    X, y = problem(kind)
    counts = quick(kind, own={"bootstrap": True}).fit(X, y).in_bag_counts_
    assert counts.shape == (3, len(X))
    np.testing.assert_array_equal(counts.sum(axis=1), len(X))
    assert (counts == 0).any(axis=1).all()
    assert not (counts[0] == counts[1]).all()


def test_a_row_that_a_member_has_not_used_could_have_had_any_target(quick, regression):
    # Standardisation, and the start at the marginal, see all rows; everything else only the bag: early stopping too.
    X, y = regression
    model = quick(DeepEnsembleRegressor, own={"bootstrap": True}, standardize=False).fit(X, y)
    unused = int(np.flatnonzero(model.in_bag_counts_[0] == 0)[0])
    watched_or_trained = int(np.flatnonzero(model.in_bag_counts_[0] > 0)[0])

    def first_member(row):
        # The other row takes the difference, so that the start, the mean and the variance of y, stays the same.
        changed = y.copy()
        partner = int(np.flatnonzero((model.in_bag_counts_[0] == 0) & (np.arange(len(y)) != unused))[0])
        changed[[row, partner]] = y[[partner, row]]
        refit = quick(DeepEnsembleRegressor, own={"bootstrap": True}, standardize=False).fit(X, changed)
        return refit.predict_members(X)[0]

    before = model.predict_members(X)[0]
    np.testing.assert_allclose(first_member(unused), before, rtol=1e-5, atol=1e-5)
    assert np.abs(first_member(watched_or_trained) - before).max() > 1e-3


def test_no_counts_without_resampling_or_after_a_pass(quick, regression):
    assert not hasattr(quick(DeepEnsembleRegressor).fit(*regression), "in_bag_counts_")
    model = quick(DeepEnsembleRegressor, own={"bootstrap": True}, early_stopping=False).fit(*regression)
    assert hasattr(model, "in_bag_counts_")
    model.partial_fit(*regression)
    assert not hasattr(model, "in_bag_counts_")
    model.fit(*regression).set_params(bootstrap=False).fit(*regression)
    assert not hasattr(model, "in_bag_counts_")


def test_a_warm_start_adds_the_bags_of_the_new_members(quick, regression):
    X, y = regression
    grown = quick(DeepEnsembleRegressor, own={"bootstrap": True, "warm_start": True}).fit(X, y)
    grown.set_params(n_estimators=5).fit(X, y)
    at_once = quick(DeepEnsembleRegressor, own={"bootstrap": True, "n_estimators": 5}).fit(X, y)
    np.testing.assert_array_equal(grown.in_bag_counts_, at_once.in_bag_counts_)
    grown.set_params(n_estimators=6).fit(X[:-1], y[:-1])  # other rows: what the first members used is unknown
    assert not hasattr(grown, "in_bag_counts_")
