"""Inputs without correlations: the formula, its edges, and what it is for."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from scipy.linalg import fractional_matrix_power

from uncertainty import SGD, Augmentation, DeepEnsembleRegressor, Gaussian, ProbabilisticMLPRegressor
from uncertainty.estimators.scaling import InputScaler


def correlated(n_rows=300, seed=0):
    """Four columns in different units, three of them correlated."""
    rng = np.random.default_rng(seed)
    z = rng.standard_normal((n_rows, 4))
    mixing = np.array([[1.0, 0.9, 0.0, 0.0], [0.0, 0.3, 0.8, 0.0], [0.0, 0.0, 0.4, 0.0], [0.0, 0.0, 0.0, 1.0]])
    return z @ mixing * [1.0, 1e4, 1e-3, 7.0] + [0.0, 5e4, 1.0, -3.0]


def fitted(x, weight=None):
    return InputScaler(enabled=True, whiten=True).fit(x, weight)


def covariance(v, weight=None):
    return np.cov(v, rowvar=False, bias=True, aweights=weight)


@pytest.mark.parametrize("weighted", [False, True])
def test_the_training_rows_have_mean_zero_and_covariance_one(weighted):
    x = correlated()
    weight = np.random.default_rng(1).uniform(0.2, 2.0, len(x)) if weighted else None
    v = fitted(x, weight).transform(x)
    assert_allclose(np.average(v, axis=0, weights=weight), 0.0, atol=1e-12)
    assert_allclose(covariance(v, weight), np.eye(4), atol=1e-10)


def test_it_is_the_symmetric_root_of_the_correlation_matrix():
    # Kessy, Lewin & Strimmer (2018): ZCA-cor. Its cross-correlation with the inputs is the positive root of P.
    x = correlated()
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    root = np.real(fractional_matrix_power(np.corrcoef(x, rowvar=False), -0.5))
    assert_allclose(fitted(x).transform(x), z @ root, atol=1e-10)


def test_columns_stay_what_they_were():
    x = correlated()
    v = fitted(x).transform(x)
    correlation = np.corrcoef(x, v, rowvar=False)[:4, 4:]
    assert_array_equal(np.argmax(np.abs(correlation), axis=0), np.arange(4))
    assert (np.diag(correlation) > 0.7).all()


def test_integer_weights_are_repetitions():
    x, weight = correlated(60), np.random.default_rng(2).integers(1, 4, 60)
    one, other = fitted(x, weight / weight.mean()), fitted(np.repeat(x, weight, axis=0))
    far = correlated(20, seed=3) * 3.0
    assert_allclose(one.transform(far), other.transform(far), rtol=1e-9, atol=1e-9)
    assert_allclose(one.standardised_range(), other.standardised_range(), rtol=1e-9)


def test_units_of_the_columns_change_nothing():
    x, unit = correlated(), np.array([1e3, 1e-5, 40.0, 1.0])
    assert_allclose(fitted(x * unit + 5.0).transform(x * unit + 5.0), fitted(x).transform(x), atol=1e-6)


def test_the_range_is_that_of_the_whitened_training_rows():
    x = correlated()
    scaler = fitted(x)
    assert_allclose(scaler.standardised_range(), np.ptp(scaler.transform(x), axis=0), rtol=1e-12)
    assert_array_equal(scaler.standardised_mean(), np.zeros(4))


def test_directions_that_hardly_vary_are_not_blown_up():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((500, 2))
    x = np.column_stack([x, x[:, 0] + 1e-4 * rng.standard_normal(500)])  # a copy with a little noise
    v = fitted(x).transform(x)
    assert np.abs(v).max() < 10.0
    smallest = np.linalg.eigvalsh(covariance(v))[0]
    assert smallest == pytest.approx((1e-4) ** 2 / 2 / (2 * 1e-4), rel=0.2)  # its variance over 1e-4 of the largest


@pytest.mark.parametrize("case", ["constant column", "copied column", "more columns than rows", "one varying row"])
def test_directions_without_variation_enter_as_zeros_and_are_damped_later(case):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((8, 20) if case == "more columns than rows" else (100, 3))
    if case == "constant column":
        x[:, 1] = 7.0
    elif case == "copied column":
        x[:, 1] = 2.0 * x[:, 0] - 1.0
    elif case == "one varying row":
        x[1:] = x[1]
    scaler = fitted(x)
    v = scaler.transform(x)
    rank = {"more columns than rows": 7, "one varying row": 1}.get(case, 2)
    assert_allclose(np.sort(np.linalg.eigvalsh(covariance(v)))[::-1][:rank], 1.0, atol=1e-8)
    assert_allclose(np.sort(np.linalg.eigvalsh(covariance(v)))[::-1][rank:], 0.0, atol=1e-12)
    new = x[:1] + rng.standard_normal((50, x.shape[1]))
    assert np.abs(scaler.transform(new)).max() < 40.0
    assert np.isfinite(scaler.transform(1e12 * new)).all()
    assert np.abs(scaler.transform(1e12 * new)).max() < 200.0


def test_distance_in_a_direction_without_variation_counts_as_its_logarithm():
    x = np.random.default_rng(0).standard_normal(100)
    scaler = fitted(np.column_stack([x, x]))
    across = scaler.transform(np.array([[0.5, -0.5]]))[0]  # within the range of either column
    distance = np.sqrt(2.0) * 0.5 / x.std()
    assert_allclose((across[0] - across[1]) / np.sqrt(2.0), np.log1p(distance), rtol=1e-9)


def test_the_map_is_continuous_and_grows_without_an_end_but_slowly():
    x = correlated()
    scaler = fitted(x)
    rng = np.random.default_rng(4)
    for direction in rng.standard_normal((5, 4)) * x.std(axis=0):
        steps = np.concatenate([np.linspace(0.0, 20.0, 4001), np.geomspace(20.0, 1e6, 200)[1:]])
        path = scaler.transform(x.mean(axis=0) + steps[:, None] * direction)
        length = np.sqrt((path**2).sum(axis=1))
        assert (np.diff(length[steps > 1e4]) > 0.0).all()
        assert np.abs(np.diff(path[:4001], axis=0)).max() < 0.2  # 0.005 of a standard deviation a step
        assert length[steps < 0.5].max() < length[-1] < 40.0


def test_a_row_that_breaks_a_correlation_within_the_range_of_each_column_is_damped():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((500, 1)) + 0.003 * rng.standard_normal((500, 2))
    scaler = fitted(x)
    inside = scaler.transform(x)
    broken = scaler.transform(np.array([[2.0, -2.0]]))
    radius = np.sqrt((inside**2).sum(axis=1)).max()
    assert radius < np.sqrt((broken**2).sum()) < radius + 10.0
    assert np.sqrt(((np.array([2.0, -2.0]) / 0.003) ** 2).sum()) > 500.0  # what it would be otherwise


def test_rows_do_not_depend_on_the_rows_beside_them_nor_on_threads():
    x = correlated(1000)
    scaler = fitted(x)
    whole = scaler.transform(x)
    assert_allclose(np.concatenate([scaler.transform(part) for part in np.array_split(x, 7)]), whole, atol=1e-13)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        assert_array_equal(fitted(x).transform(x), whole)
    finally:
        torch.set_num_threads(before)


# -- in an estimator ---------------------------------------------------------------------------------------------------


def test_every_estimator_whitens_and_scales_y_as_ever(any_kind, quick, problem):
    X, y = problem(any_kind)
    mixed = X @ (np.eye(X.shape[1]) + 0.8)
    model = quick(any_kind, standardize="whiten", embedding=None, max_iter=40).fit(mixed, y)
    v = model.input_scaler_.transform(mixed)
    assert_allclose(covariance(v), np.eye(X.shape[1]), atol=1e-9)
    assert model.score(mixed, y) > 0.35
    scaler = getattr(model, "target_scaler_", None)
    if scaler is not None:
        assert scaler.scale_ == pytest.approx(y.std())


def test_a_warm_start_keeps_the_whitening(quick, regression):
    X, y = regression
    model = quick(ProbabilisticMLPRegressor, warm_start=True).fit(X, y)
    model.set_params(standardize="whiten")
    with pytest.raises(ValueError, match="standardize must stay the same"):
        model.fit(X, y)


def test_adversarial_steps_are_shares_of_the_whitened_range(quick, regression, monkeypatch):
    seen = []

    def adapt(self, plan, input_range):
        seen.append(input_range)
        return plan

    monkeypatch.setattr("uncertainty.estimators.deep_ensemble._IndependentNetworks.adapt", adapt)
    X, y = regression
    model = quick(DeepEnsembleRegressor, standardize="whiten", embedding=None, max_iter=1).fit(X, y)
    assert_array_equal(seen[0], np.ptp(model.input_scaler_.transform(X), axis=0))
    monkeypatch.undo()
    options = {"standardize": "whiten", "augmentation": Augmentation(cutout=0.1)}
    quick(DeepEnsembleRegressor, own={"adversarial_epsilon": 0.01}, **options).fit(X, y)


@pytest.mark.filterwarnings("ignore:the warm-up of")
def test_gradient_descent_is_faster_on_whitened_inputs():
    # The steps that plain gradient descent needs grow with the condition number of the inputs' covariance.
    rng = np.random.default_rng(0)
    X = rng.standard_normal((200, 1)) + 0.1 * rng.standard_normal((200, 6))
    y = X @ np.array([1.0, -1.0, 1.0, -1.0, 1.0, -1.0]) + 0.01 * rng.standard_normal(200)

    def unexplained(standardize):
        model = ProbabilisticMLPRegressor(
            (),
            head=Gaussian(mean_warmup=60),  # squared error
            standardize=standardize,
            optimizer=SGD(momentum=0.0, nesterov=False),
            learning_rate_init=0.1,
            batch_size="full",
            early_stopping=False,
            max_iter=60,
            n_iter_no_change=60,
            alpha=0.0,
            random_state=0,
        )
        return 1.0 - model.fit(X, y).score(X, y)

    assert unexplained("whiten") < 0.05
    assert unexplained(True) > 10 * unexplained("whiten")
