"""Awkward but ordinary targets: every method with every continuous head stays finite and sensible.

Sensible: means of clean rows lie within the clean targets' range plus a few of their standard deviations, and the
predicted standard deviation is positive and no more than a few times that of the targets.
"""

import numpy as np
import pytest

from uncertainty import Gaussian, MixtureDensity, heads

CONTINUOUS = [
    head()
    for head in (getattr(heads, name) for name in heads.__all__)
    if "continuous" in getattr(head, "target_kinds", ())
]
HEADS = [*CONTINUOUS, Gaussian(variance="constant"), MixtureDensity(1)]
every_head = pytest.mark.parametrize("head", HEADS, ids=str)


def fitted(quick, kind, head, X, y):
    return quick(kind, head=head, max_iter=24).fit(X, y)


def assert_sensible(model, X, y):
    mean, std = model.predict(X, return_std=True)
    data_std = y.std()
    assert np.isfinite(model.predict_interval(X, 0.99)).all()
    assert np.isfinite(model.predict_dist(X).logpdf(y)).all()
    assert np.all(mean > y.min() - 3 * data_std)
    assert np.all(mean < y.max() + 3 * data_std)
    assert np.all(std > 1e-4 * data_std)
    assert np.all(std < 4 * data_std)


@every_head
@pytest.mark.parametrize(("scale", "offset"), [(1e6, 0.0), (1e-6, 0.0), (1.0, 1e8)], ids=["1e6", "1e-6", "+1e8"])
def test_units_and_offsets_of_y(regressor_kind, quick, regression, head, scale, offset):
    X, y = regression
    assert_sensible(fitted(quick, regressor_kind, head, X, scale * y + offset), X, scale * y + offset)


@every_head
def test_ten_rows(regressor_kind, quick, regression, head):
    X, y = regression
    assert_sensible(fitted(quick, regressor_kind, head, X[:10], y[:10]), X[:10], y[:10])
    mean, std = fitted(quick, regressor_kind, head, X[:10], y[:10]).predict(X, return_std=True)
    assert np.all(np.abs(mean - y[:10].mean()) < 6 * y[:10].std())
    assert np.all(std < 10 * y[:10].std())


@every_head
def test_duplicated_rows(regressor_kind, quick, regression, head):
    X, y = regression
    X, y = np.repeat(X[:15], 4, axis=0), np.repeat(y[:15], 4)
    model = fitted(quick, regressor_kind, head, X, y)
    assert_sensible(model, X, y)
    assert len(np.unique(model.predict(X).round(9))) == 15


@every_head
@pytest.mark.parametrize("value", [0.0, 3.7, -1e8])
def test_a_constant_target(regressor_kind, quick, regression, head, value):
    # A constant has no unit to measure an error by: it stands for one unit of y.
    X, y = regression
    mean, std = fitted(quick, regressor_kind, head, X, np.full_like(y, value)).predict(X, return_std=True)
    assert np.all(np.abs(mean - value) < 0.5)
    assert np.all((std > 0) & (std < 0.5))


@every_head
def test_one_gross_outlier(regressor_kind, quick, regression, head):
    # One value 1e4 standard deviations away. A likelihood pays for it with a wider noise, but neither the means of the
    # clean rows nor their noise may follow it.
    X, y = regression
    spoilt = y.copy()
    spoilt[7] += 1e4 * y.std()
    with pytest.warns(UserWarning, match="1 targets lie more than 50 robust standard deviations from the median"):
        model = fitted(quick, regressor_kind, head, X, spoilt)
    clean = np.arange(60) != 7
    mean, std = model.predict(X[clean], return_std=True)
    assert np.isfinite(model.predict_interval(X, 0.99)).all()
    assert np.all(mean > y.min() - 5 * y.std())
    assert np.all(mean < y.max() + 5 * y.std())
    assert np.all(std > 0.01 * y.std())
    assert np.median(std) < 12 * y.std()
    assert np.all(std < 30 * y.std())


@pytest.mark.parametrize("head", CONTINUOUS, ids=str)
def test_a_wild_input_does_not_send_predictions_to_infinity(regressor_kind, quick, regression, head):
    X, y = regression
    model = fitted(quick, regressor_kind, head, X, y)
    mean, std = model.predict(np.vstack([1e9 * X[:5], -1e9 * X[:5]]), return_std=True)
    assert np.all(np.abs(mean) < 200 * y.std())
    assert np.all(std < 200 * y.std())


def test_constant_and_nearly_constant_columns(any_kind, quick, problem):
    X, y = problem(any_kind)
    rare = np.zeros(len(y))
    rare[0] = 1.0
    X = np.column_stack([X, np.full(len(y), 1e8), 0.1 + 1e-17 * np.arange(len(y)), rare])
    model = quick(any_kind).fit(X, y)
    assert np.isfinite(model.predict_members(X)).all()
    assert np.abs(model.input_scaler_.transform(X)).max() <= 60  # a rare value stays within the same range as others


@pytest.mark.parametrize("n_rows", [2, 3, 5])
def test_a_handful_of_rows(any_kind, quick, problem, n_rows):
    X, y = problem(any_kind)
    assert np.isfinite(quick(any_kind).fit(X[:n_rows], y[:n_rows]).predict_members(X)).all()


def test_classes_that_are_perfectly_separable(classifier_kind, quick):
    X = np.linspace(-1, 1, 60)[:, None]
    y = (X[:, 0] > 0).astype(int)
    model = quick(classifier_kind, max_iter=150, early_stopping=False).fit(X, y)
    assert model.score(X, y) > 0.95
    for values in model.predict_uncertainty(1e3 * X).values():
        assert np.isfinite(values).all()
    assert np.isfinite(model.predict_log_proba(1e3 * X)).all()


def test_labels_that_are_always_or_never_there(classifier_kind, quick, multi_label):
    X, y = multi_label
    y = np.column_stack([y, np.ones(90, dtype=int), np.zeros(90, dtype=int)])
    proba = quick(classifier_kind).fit(X, y).predict_proba(X)
    assert np.isfinite(proba).all()
    assert np.all(proba[:, 2] > 0.5)
    assert np.all(proba[:, 3] < 0.5)
