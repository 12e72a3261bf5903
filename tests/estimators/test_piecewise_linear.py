"""Piecewise-linear inputs: the formula, its edges, and what they are for."""

import pickle
from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from uncertainty import (
    Augmentation,
    DeepEnsembleRegressor,
    PiecewiseLinear,
    ProbabilisticMLPClassifier,
    ProbabilisticMLPRegressor,
)
from uncertainty.estimators.scaling import InputScaler


def table(n_rows=203, seed=0):
    """Four columns in different units: normal, skewed, with many ties, uniform."""
    rng = np.random.default_rng(seed)
    columns = [
        rng.standard_normal(n_rows),
        1e4 * rng.exponential(size=n_rows),
        rng.poisson(1.5, n_rows),
        rng.random(n_rows),
    ]
    return np.column_stack(columns) * [1.0, 1.0, 3.0, 1e-3] + [5.0, 0.0, 0.0, 1.0]


def fitted(x, weight=None, *, whiten=False, n_bins=8, scale=0.2):
    return InputScaler(enabled=True, whiten=whiten, embedding=PiecewiseLinear(n_bins, scale).build()).fit(x, weight)


def added(scaler, x):
    """The encoding of x, without the inputs of gaps, which come last."""
    return scaler.transform(x)[:, x.shape[1] :][:, : len(scaler.encoding_.column)]


def by_a_loop(x, new, n_bins, scale):
    """Equations 1 and 2 of section 3.2, value by value, centred and scaled."""

    def encode(value, edges):
        return [min(max((value - a) / (b - a), 0.0), 1.0) for a, b in pairwise(edges)]

    parts = []
    for j in range(x.shape[1]):
        ordered = np.sort(x[:, j])
        places = [max(-(-k * len(x) // n_bins) - 1, 0) for k in range(n_bins + 1)]  # the first with F(x) >= k / n_bins
        edges = sorted(set(ordered[places]))
        train = np.array([encode(value, edges) for value in x[:, j]])
        encoded = np.array([encode(value, edges) for value in new[:, j]])
        parts.append(scale * (encoded - train.mean(axis=0)) / train.std(axis=0))
    return np.hstack(parts)


@pytest.mark.parametrize(("n_bins", "scale"), [(8, 0.2), (2, 1.0), (5, 0.7)])
@pytest.mark.parametrize("n_rows", [203, 240])  # with and without quantiles that fall between two rows
def test_it_is_the_formula(n_bins, scale, n_rows):
    x, new = table(n_rows), table(50, seed=1)
    scaler = fitted(x, n_bins=n_bins, scale=scale)
    assert_allclose(added(scaler, new), by_a_loop(x, new, n_bins, scale), rtol=1e-9, atol=1e-9)
    assert_array_equal(scaler.transform(new)[:, :4], InputScaler(enabled=True).fit(x, None).transform(new))


@pytest.mark.parametrize("weighted", [False, True])
def test_the_training_rows_have_mean_zero_and_the_standard_deviation_asked_for(weighted):
    x = table()
    weight = np.random.default_rng(1).uniform(0.2, 2.0, len(x)) if weighted else None
    z = added(fitted(x, weight, scale=0.3), x)
    mean = np.average(z, axis=0, weights=weight)
    assert_allclose(mean, 0.0, atol=1e-10)
    assert_allclose(np.sqrt(np.average((z - mean) ** 2, axis=0, weights=weight)), 0.3, rtol=1e-9)


@pytest.mark.parametrize("n_rows", [7, 40, 63])
@pytest.mark.parametrize("seed", range(5))
def test_integer_weights_are_repetitions(n_rows, seed):
    x, weight = table(n_rows, seed), np.random.default_rng(seed).integers(1, 4, n_rows)
    one, other = fitted(x, weight / weight.mean()), fitted(np.repeat(x, weight, axis=0))
    far = 3.0 * table(20, seed=9)
    assert_allclose(one.transform(far), other.transform(far), rtol=1e-9, atol=1e-9)
    assert_allclose(one.standardised_range(), other.standardised_range(), rtol=1e-9)


def test_units_of_the_columns_change_nothing():
    x, new = table(), table(50, seed=1)
    unit, shift = np.array([1e3, 1e-5, 40.0, 1.0]), np.array([-2.0, 0.0, 7.0, 5.0])
    assert_allclose(added(fitted(x * unit + shift), new * unit + shift), added(fitted(x), new), atol=1e-9)
    assert_array_equal(added(fitted(8.0 * x), 8.0 * new), added(fitted(x), new))


def test_a_column_of_one_or_two_values_adds_nothing():
    x = table()
    constant, rounded = np.full(len(x), 7.0), 0.1 + 1e-18 * np.arange(len(x))
    two = np.arange(len(x)) % 3 == 0
    rare = np.arange(len(x)) == 5  # and every quantile but the last is 0
    z = fitted(np.column_stack([constant, two, rounded, rare])).transform(
        np.column_stack([constant, two, rounded, rare])
    )
    assert z.shape == (len(x), 4)
    assert added(fitted(np.arange(60.0)[:, None] % 3), np.zeros((1, 1))).shape == (1, 2)  # three values, two bins


def test_a_lone_row_does_not_stand_far_out():
    x = np.full((10_000, 1), 5.0)
    x[0], x[1] = 0.0, 10.0
    scaler = fitted(x)
    assert np.abs(added(scaler, x)).max() < 0.2 * 50.1
    assert_allclose(scaler.standardised_range()[1 : -scaler.n_gap_inputs], 10.0)


@pytest.mark.parametrize(("n_columns", "n_added"), [(32, 256), (50, 250), (128, 256), (129, 0)])
def test_wide_tables_have_fewer_bins(n_columns, n_added):
    x = np.random.default_rng(0).standard_normal((100, n_columns))
    scaler = fitted(x)
    assert len(scaler.encoding_.column) == n_added
    n_inputs = n_columns + n_added + scaler.n_gap_inputs
    assert scaler.transform(x).shape == (100, n_inputs)
    assert scaler.standardised_range().shape == scaler.standardised_mean().shape == (n_inputs,)


def test_it_is_constant_beyond_the_training_range():
    x = table()
    scaler = fitted(x)
    for edge, step in ((x.max(axis=0), 1e3), (x.min(axis=0), -1e3)):
        outside = np.stack([edge, edge + step * np.ptp(x, axis=0)])
        assert_array_equal(*added(scaler, outside))
        assert (np.abs(np.diff(scaler.transform(outside)[:, :4], axis=0)) > 1.0).all()


def test_an_outlier_is_at_the_edge_of_the_last_bin():
    x = table()
    x[3, 0] = 1e9
    scaler = fitted(x)
    bound = x[:, 0][x[:, 0] < 1e9].mean() + 70.0 * x[:, 0][x[:, 0] < 1e9].std()
    assert_array_equal(*(added(scaler, np.array([[v, 0.0, 0.0, 0.0]])) for v in (bound, 1e9)))


@pytest.mark.parametrize("whiten", [False, True])
def test_ranges_and_means_are_those_of_what_the_network_sees(whiten):
    x = table()
    scaler = fitted(x, whiten=whiten)
    z = scaler.transform(x)
    assert_allclose(scaler.standardised_range(), np.ptp(z, axis=0), rtol=1e-9)
    assert_allclose(scaler.standardised_mean(), z.mean(axis=0), atol=1e-9)


def test_whitening_is_beside_it():
    x, new = table(), table(50, seed=1)
    z = fitted(x, whiten=True).transform(new)
    assert_array_equal(z[:, :4], InputScaler(enabled=True, whiten=True).fit(x, None).transform(new))
    assert_array_equal(z[:, 4:], fitted(x).transform(new)[:, 4:])


# -- in an estimator ---------------------------------------------------------------------------------------------------


def width(model):
    """Number of inputs but for those of gaps."""
    return model.members_.mlp.n_inputs - model.members_.mlp.n_gap_inputs


def test_auto_is_for_standardised_inputs_of_hidden_layers(quick, regression, any_kind, problem):
    X, y = problem(any_kind)
    D = X.shape[1]
    assert width(quick(any_kind, max_iter=3).fit(X, y)) == 9 * D
    assert width(quick(any_kind, max_iter=3, standardize="whiten").fit(X, y)) == 9 * D
    assert width(quick(any_kind, max_iter=3, embedding=None).fit(X, y)) == D
    assert width(quick(any_kind, max_iter=3, standardize=False).fit(X, y)) == D
    if not any_kind.__name__.startswith("MCDropout"):
        linear = {"max_iter": 3, "hidden_layer_sizes": ()}
        assert width(quick(any_kind, **linear).fit(X, y)) == D
        assert width(quick(any_kind, embedding="piecewise_linear", **linear).fit(X, y)) == 9 * D


def test_every_estimator_fits_predicts_and_is_copied(any_kind, quick, problem, answers, assert_same):
    X, y = problem(any_kind)
    model = quick(any_kind, embedding=PiecewiseLinear(4, 0.5)).fit(X, y)
    expected = answers(model, X)
    assert width(model) == 5 * X.shape[1]
    assert_same(answers(pickle.loads(pickle.dumps(model)), X), expected)
    assert_same(answers(clone(model).fit(X, y), X), expected)


def test_a_name_is_the_spec_with_its_defaults(quick, regression):
    X, y = regression
    found = [
        quick(ProbabilisticMLPRegressor, embedding=embedding).fit(X, y).predict(X)
        for embedding in ("auto", "piecewise_linear", PiecewiseLinear())
    ]
    assert_array_equal(found[0], found[1])
    assert_array_equal(found[0], found[2])


def test_later_rows_do_not_move_the_edges(quick, regression):
    X, y = regression
    for continues in ("fit", "partial_fit"):
        model = quick(ProbabilisticMLPRegressor, warm_start=True, early_stopping=False)
        getattr(model, continues)(X, y)
        before = model.input_scaler_.transform(X)
        getattr(model, continues)(10.0 * X + 3.0, y)
        assert_array_equal(model.input_scaler_.transform(X), before)


@pytest.mark.parametrize("changed", [{"embedding": None}, {"embedding__n_bins": 4}, {"embedding__scale": 1.0}], ids=str)
def test_a_warm_start_with_another_embedding_is_refused(quick, regression, changed):
    X, y = regression
    model = quick(ProbabilisticMLPRegressor, embedding=PiecewiseLinear(), warm_start=True).fit(X, y)
    with pytest.raises(ValueError, match="embedding must stay the same when a fit continues"):
        model.set_params(**changed).fit(X, y)


def test_augmentation_and_adversarial_steps_reach_every_input(quick, regression, monkeypatch):
    X, y = regression
    augmentation = Augmentation(mixup=0.2, input_noise=0.1, cutout=0.2)
    plain, changed = (
        quick(DeepEnsembleRegressor, own={"adversarial_epsilon": epsilon}, augmentation=spec).fit(X, y)
        for epsilon, spec in ((0.0, None), (0.01, augmentation))
    )
    assert width(changed) == 27
    assert not np.array_equal(plain.predict(X), changed.predict(X))
    seen = []
    monkeypatch.setattr(
        "uncertainty.estimators.deep_ensemble._IndependentNetworks.adapt",
        lambda self, plan, input_range: seen.append(input_range) or plan,
    )
    model = quick(DeepEnsembleRegressor, max_iter=1).fit(X, y)
    assert_allclose(seen[0], np.ptp(model.input_scaler_.transform(X), axis=0), rtol=1e-9)


@pytest.mark.parametrize("embedding", ["piecewise_linear", PiecewiseLinear()], ids=str)
def test_it_needs_standardised_inputs(quick, regression, embedding):
    with pytest.raises(ValueError, match=r"embedding must be None or 'auto' with standardize=False, got .*'auto'"):
        quick(DeepEnsembleRegressor, embedding=embedding, standardize=False).fit(*regression)


@pytest.mark.parametrize(
    ("embedding", "error", "words"),
    [
        (PiecewiseLinear(n_bins=1), ValueError, "n_bins must be at least 2, got 1"),
        (PiecewiseLinear(n_bins=8.0), TypeError, "n_bins must be a whole number"),
        (PiecewiseLinear(scale=0.0), ValueError, "scale must be greater than 0"),
        (PiecewiseLinear, TypeError, r"Call it: PiecewiseLinear\(\)"),
        (8, TypeError, "embedding must be one of .* or a PiecewiseLinear object, got 8"),
    ],
    ids=str,
)
def test_arguments_are_checked(quick, regression, embedding, error, words):
    with pytest.raises(error, match=words):
        quick(ProbabilisticMLPRegressor, embedding=embedding).fit(*regression)


def test_steps_are_learned_sooner():
    rng = np.random.default_rng(0)
    X = rng.uniform(0.0, 100.0, (600, 2))
    up = (X[:, 0] % 25.0 < 12.5).astype(int)
    y = up + 0.1 * rng.standard_normal(600)
    for kind, target in ((ProbabilisticMLPRegressor, y), (ProbabilisticMLPClassifier, up)):
        scores = [
            kind((32,), embedding=embedding, max_iter=30, learning_rate_init=0.01, random_state=0)
            .fit(X[:400], target[:400])
            .score(X[400:], target[400:])
            for embedding in (None, "auto")
        ]
        assert scores[1] > scores[0] + 0.1
