"""Which rows calibrate, and which model predicts them."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GroupKFold, KFold, PredefinedSplit, ShuffleSplit

from uncertainty import RecalibratedRegressor
from uncertainty.calibration.cross_fitting import cross_fit
from uncertainty.calibration.fit_rows import FitRows
from uncertainty.calibration.row_chunks import row_chunks

WRAPPER = RecalibratedRegressor()


class Recorder(BaseEstimator):
    """Remembers the rows it was fitted on."""

    def fit(self, X, y, sample_weight=None):
        self.rows_ = set(X[:, 0].astype(int))
        self.weight_ = sample_weight
        return self


def seen_and_new(model, X):
    return model.rows_, X[:, 0].astype(int)


def rows_of(n=23, **parts):
    return FitRows(np.arange(n, dtype=float)[:, None], np.zeros(n), **parts)


@pytest.mark.parametrize("cv", [5, KFold(4), GroupKFold(3)], ids=["integer", "splitter", "groups"])
def test_every_row_calibrates_once_for_a_model_that_has_not_seen_it(cv):
    rows = rows_of(groups=np.arange(23) % 7 if isinstance(cv, GroupKFold) else None)
    final, indices, predictions = cross_fit(WRAPPER, Recorder(), rows, cv, 0, seen_and_new)
    assert sorted(np.concatenate(indices)) == list(range(23))
    for index, (seen, new) in zip(indices, predictions, strict=True):
        np.testing.assert_array_equal(new, index)
        assert seen == set(range(23)) - set(new)
    assert final.rows_ == set(range(23))


def test_an_integer_shuffles_by_the_random_state():
    first, again, other = (cross_fit(WRAPPER, Recorder(), rows_of(), 3, seed, seen_and_new)[1] for seed in (0, 0, 1))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(first, other, strict=True))
    assert np.any(np.diff(first[0]) > 1)


@pytest.mark.parametrize(
    ("cv", "n_rows"),
    [(ShuffleSplit(1, test_size=6, random_state=0), 6), (PredefinedSplit([-1] * 20 + [0] * 3), 3)],
    ids=["held out at random", "held out by name"],
)
def test_splitters_need_not_use_all_rows(cv, n_rows):
    final, indices, _ = cross_fit(WRAPPER, Recorder(), rows_of(), cv, 0, seen_and_new)
    assert [len(index) for index in indices] == [n_rows]
    assert len(final.rows_) == 23


def test_a_frozen_model_is_not_refitted_and_all_rows_calibrate():
    fitted = Recorder().fit(np.array([[100.0]]), [0.0])
    final, indices, predictions = cross_fit(WRAPPER, FrozenEstimator(fitted), rows_of(), 5, 0, seen_and_new)
    assert final is fitted
    assert fitted.rows_ == {100}
    np.testing.assert_array_equal(np.concatenate(indices), np.arange(23))
    np.testing.assert_array_equal(predictions[0][1], np.arange(23))


@pytest.mark.parametrize("frozen", [False, True])
def test_rows_of_weight_zero_neither_fit_nor_calibrate(frozen):
    weight = np.where(np.arange(23) % 4 == 0, 0.0, 2.0)
    estimator = FrozenEstimator(Recorder().fit(np.zeros((1, 1)), [0.0])) if frozen else Recorder()
    _, indices, predictions = cross_fit(WRAPPER, estimator, rows_of(weight=weight), KFold(3), 0, seen_and_new)
    assert set(np.concatenate(indices)) == set(np.flatnonzero(weight))
    assert frozen or all(seen <= set(np.flatnonzero(weight)) for seen, _ in predictions)


def test_folds_are_those_of_the_rows_that_count():
    """A weight of zero is the same as no row, in the folds that a number makes too."""
    kept = np.flatnonzero(np.arange(23) % 4)
    weight = np.where(np.arange(23) % 4, 2.0, 0.0)
    _, indices, _ = cross_fit(WRAPPER, Recorder(), rows_of(weight=weight), 3, 0, seen_and_new)
    _, expected, _ = cross_fit(WRAPPER, Recorder(), rows_of(n=len(kept)), 3, 0, seen_and_new)
    for index, among_kept in zip(indices, expected, strict=True):
        np.testing.assert_array_equal(index, kept[among_kept])


def test_a_splitter_counts_all_rows():
    weight = np.where(np.arange(23) == 0, 0.0, 1.0)
    cv = PredefinedSplit([-1] * 20 + [0] * 3)
    _, (index,), [(seen, _)] = cross_fit(WRAPPER, Recorder(), rows_of(weight=weight), cv, 0, seen_and_new)
    np.testing.assert_array_equal(index, [20, 21, 22])
    assert seen == set(range(1, 20))


def test_a_model_without_a_random_state_gets_one():
    class Drawn(Recorder):
        def __init__(self, random_state=None):
            self.random_state = random_state

    final, _, states = cross_fit(WRAPPER, Drawn(), rows_of(), 3, 7, lambda model, X: model.random_state)
    assert states == [final.random_state] * 3
    assert isinstance(final.random_state, int)
    assert cross_fit(WRAPPER, Drawn(5), rows_of(), 3, 7, lambda model, X: model.random_state)[2] == [5] * 3


def test_weights_reach_the_fits():
    weight = np.arange(1.0, 24.0)
    final, *_ = cross_fit(WRAPPER, Recorder(), rows_of(weight=weight), 3, 0, lambda model, X: model.weight_)
    np.testing.assert_array_equal(final.weight_, weight)


def test_weights_that_the_estimator_cannot_take_are_refused():
    class Unweighted(BaseEstimator):
        def fit(self, X, y):
            return self

    with pytest.raises(ValueError, match="sample_weight must be None with Unweighted"):
        cross_fit(WRAPPER, Unweighted(), rows_of(weight=np.arange(23.0)), 3, 0, seen_and_new)


def test_calibrating_on_rows_of_the_fit_is_refused():
    with pytest.raises(ValueError, match="cv must hold out rows of positive weight"):
        cross_fit(WRAPPER, Recorder(), rows_of(), PredefinedSplit([-1] * 23), 0, seen_and_new)
    with pytest.raises(ValueError, match="cv must not calibrate on rows that it fits on"):
        cross_fit(WRAPPER, Recorder(), rows_of(), [(np.arange(20), np.arange(19, 23))], 0, seen_and_new)


def test_chunks_are_the_rows_in_order():
    X = np.arange(10)[:, None]
    numbers, chunks = zip(*row_chunks(X, 4), strict=True)
    assert [len(chunk) for chunk in chunks] == [4, 4, 2]
    np.testing.assert_array_equal(np.concatenate(chunks), X)
    np.testing.assert_array_equal(np.concatenate(numbers), np.arange(10))
    assert next(row_chunks(X, 10))[1] is X
