"""Units of y and X, row weights, and the independence of a row's answer from everything around it."""

import numpy as np
import pytest

from uncertainty import DeepEnsembleRegressor, MixtureDensity

HEADS = ["gaussian", MixtureDensity(2)]


@pytest.mark.parametrize("head", HEADS, ids=str)
@pytest.mark.parametrize("scale", [2.0**20, 2.0**-20])
def test_a_power_of_two_unit_of_y_scales_every_answer_exactly(regressor_kind, quick, regression, head, scale):
    X, y = regression
    one = quick(regressor_kind, head=head).fit(X, y)
    other = quick(regressor_kind, head=head).fit(X, scale * y)
    np.testing.assert_array_equal(other.predict(X), scale * one.predict(X))
    np.testing.assert_array_equal(other.predict(X, return_std=True)[1], scale * one.predict(X, return_std=True)[1])
    for part in ("aleatoric_variance", "epistemic_variance", "total_variance"):
        np.testing.assert_array_equal(other.predict_uncertainty(X)[part], scale**2 * one.predict_uncertainty(X)[part])
    np.testing.assert_array_equal(other.predict_interval(X), scale * one.predict_interval(X))
    np.testing.assert_array_equal(other.sample_y(X, 3), scale * one.sample_y(X, 3))
    density = one.predict_dist(X).logpdf(y) - np.log(scale)
    np.testing.assert_allclose(other.predict_dist(X).logpdf(scale * y), density, rtol=1e-12, atol=1e-12)


def test_a_power_of_two_unit_of_x_changes_nothing(any_kind, quick, problem, answers, assert_same):
    X, y = problem(any_kind)
    unit = 2.0 ** np.arange(-10, 10 * X.shape[1], 10)[: X.shape[1]]
    assert_same(answers(quick(any_kind).fit(X * unit, y), X * unit), answers(quick(any_kind).fit(X, y), X))


def test_any_unit_and_offset_of_y_scale_the_answers_to_rounding(regressor_kind, quick, regression):
    # Standardised targets then differ in the last bit; a few float64 epochs amplify that but little.
    X, y = regression
    options = {"dtype": "float64", "max_iter": 3}
    mean, std = quick(regressor_kind, **options).fit(X, y).predict(X, return_std=True)
    for scale, offset in ((1e6, 0.0), (1e-6, 0.0), (3.7, -50.0)):
        other = quick(regressor_kind, **options).fit(X, scale * y + offset)
        other_mean, other_std = other.predict(X, return_std=True)
        np.testing.assert_allclose(other_mean, scale * mean + offset, rtol=1e-8, atol=1e-8 * scale)
        np.testing.assert_allclose(other_std, scale * std, rtol=1e-8)


def test_targets_of_different_units_each_get_their_own(regressor_kind, quick, three_targets):
    X, Y = three_targets
    model = quick(regressor_kind, max_iter=30).fit(X, Y)
    mean, std = model.predict(X, return_std=True)
    data_std = Y.std(axis=0)
    assert np.all(np.median(std, axis=0) < 3 * data_std)
    assert np.all(np.median(std, axis=0) > 1e-3 * data_std)
    assert np.all(np.abs(mean.mean(0) - Y.mean(0)) < data_std)


def test_equal_weights_are_no_weights(any_kind, quick, problem, answers, assert_same):
    X, y = problem(any_kind)
    expected = answers(quick(any_kind).fit(X, y), X)
    for weight in (1.0, 3.7, 1e-8):
        assert_same(answers(quick(any_kind).fit(X, y, np.full(len(y), weight)), X), expected)


def test_a_common_factor_of_all_weights_changes_nothing(any_kind, quick, problem, answers, assert_same):
    X, y = problem(any_kind)
    weight = np.random.default_rng(0).uniform(0.2, 3.0, len(y))
    expected = answers(quick(any_kind).fit(X, y, weight), X)
    for factor in (2.0**30, 2.0**-30):
        assert_same(answers(quick(any_kind).fit(X, y, factor * weight), X), expected)
    # Other factors round the scaled weights differently, by one part in 2^53.
    exact = {"dtype": "float64", "max_iter": 3}
    one = answers(quick(any_kind, **exact).fit(X, y, weight), X)
    assert_same(answers(quick(any_kind, **exact).fit(X, y, 1e6 * weight), X), one, rtol=1e-8)


def test_weights_are_used(any_kind, quick, problem):
    X, y = problem(any_kind)
    weight = np.random.default_rng(0).uniform(0.2, 3.0, len(y))
    assert not np.allclose(
        quick(any_kind).fit(X, y, weight).predict_members(X), quick(any_kind).fit(X, y).predict_members(X)
    )


@pytest.mark.parametrize("full_batch", [True, False])
def test_a_row_of_weight_zero_is_no_row(any_kind, quick, problem, answers, assert_same, full_batch):
    X, y = problem(any_kind)
    options = {"batch_size": "full", "early_stopping": False} if full_batch else {}
    weight = np.random.default_rng(0).integers(0, 3, len(y)).astype(float)
    kept = weight > 0
    weird = np.where(kept[:, None], X, 1e6)  # what a removed row holds must not matter
    expected = answers(quick(any_kind, **options).fit(X[kept], y[kept], weight[kept]), X)
    assert_same(answers(quick(any_kind, **options).fit(weird, y, weight), X), expected)


def test_an_integer_weight_is_a_repeated_row(any_kind, quick, problem):
    if "MCDropout" in any_kind.__name__:
        pytest.skip("training dropout draws a mask for each row")
    X, y = problem(any_kind)
    weight = np.random.default_rng(0).integers(1, 4, len(y))
    options = {"batch_size": "full", "early_stopping": False, "dtype": "float64"}
    weighted = quick(any_kind, **options).fit(X, y, weight).predict_members(X)
    repeated = quick(any_kind, **options).fit(np.repeat(X, weight, axis=0), np.repeat(y, weight)).predict_members(X)
    np.testing.assert_allclose(weighted, repeated, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("normalization", [None, "batch"])
def test_a_row_s_answer_does_not_depend_on_the_rows_beside_it(
    any_kind, quick, problem, answers, assert_same, normalization
):
    X, y = problem(any_kind)
    model = quick(any_kind, normalization=normalization).fit(X, y)
    together = answers(model, X[:6])
    member_axis = {"predict_members": 1}

    def take(found, rows):
        return {name: np.take(values, rows, axis=member_axis.get(name, 0)) for name, values in found.items()}

    order = np.array([4, 0, 5, 2, 1, 3])
    assert_same(answers(model, X[:6][order]), take(together, order), rtol=1e-12)
    for i in (0, 5):
        assert_same(answers(model, X[[i]]), take(together, [i]), rtol=1e-12)
    extreme = np.vstack([X[:6], np.full((1, X.shape[1]), 1e9)])
    assert_same(take(answers(model, extreme), np.arange(6)), together, rtol=1e-12)


def test_the_size_of_the_chunks_changes_nothing(any_kind, quick, problem, answers, assert_same, monkeypatch):
    X, y = problem(any_kind)
    model = quick(any_kind).fit(X, y)
    expected = answers(model, X)
    n_chunks = []
    whole = type(model)._restore
    monkeypatch.setattr(type(model), "_restore", lambda self, d: n_chunks.append(1) or whole(self, d))
    monkeypatch.setattr("uncertainty.estimators.members.CHUNK_BYTES", 5000)
    assert_same(answers(model, X), expected, rtol=1e-12)
    assert len(n_chunks) > 10  # it did predict in chunks


def test_samples_do_not_depend_on_the_chunks(quick, regression, monkeypatch):
    X, y = regression
    model = quick(DeepEnsembleRegressor).fit(X, y)
    expected = model.sample_y(X, 4, random_state=1)
    monkeypatch.setattr("uncertainty.estimators.members.CHUNK_BYTES", 5000)
    np.testing.assert_allclose(model.sample_y(X, 4, random_state=1), expected, rtol=1e-10)


def test_prediction_never_changes_the_running_statistics(any_kind, quick, problem, answers):
    X, y = problem(any_kind)
    model = quick(any_kind, normalization="batch").fit(X, y)
    before = model.members_.values.copy(), model.members_.statistics.copy()
    answers(model, X + 100.0)
    np.testing.assert_array_equal(model.members_.values, before[0])
    np.testing.assert_array_equal(model.members_.statistics, before[1])


def test_no_test_row_enters_the_standardisation(regressor_kind, quick, regression):
    X, y = regression
    if regressor_kind.__name__.startswith("Snapshot"):
        pytest.skip("watches no validation rows, and refuses them")
    model = quick(regressor_kind, early_stopping=True)
    with_val = model.fit(X[:40], y[:40], X_val=X[40:] + 100, y_val=y[40:] + 1e4)
    np.testing.assert_allclose(with_val.input_scaler_.location_, X[:40].mean(0))
    assert with_val.target_scaler_.location_[0] < 10
