"""Recalibrated regressors: what they learn, what they leave alone, and what they say about it."""

import pickle

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GroupKFold, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from uncertainty import DeepEnsembleRegressor, ProbabilisticMLPRegressor, RecalibratedRegressor
from uncertainty.metrics import crps_score, negative_log_likelihood

METHODS = ("variance", "temperature", "isotonic")
methods = pytest.mark.parametrize("method", METHODS)


@pytest.fixture(scope="module")
def ensemble():
    """A fitted ensemble, its rows and new ones, with two targets."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((300, 2))
    Y = np.column_stack([X[:, 0] + 0.5 * rng.standard_normal(300), 1e3 * (X[:, 1] + rng.standard_t(3, 300))])
    network = ProbabilisticMLPRegressor((8,), max_iter=10)
    return DeepEnsembleRegressor(network, 3, random_state=0).fit(X[:150], Y[:150]), X[150:], Y[150:]


@methods
def test_predict_stays_bit_for_bit_and_the_variance_is_the_sum_of_its_parts(ensemble, method):
    raw, X, Y = ensemble
    model = RecalibratedRegressor(FrozenEstimator(raw), method=method).fit(X, Y)
    np.testing.assert_array_equal(model.predict(X), raw.predict(X))
    parts = model.predict_uncertainty(X)
    np.testing.assert_array_equal(parts.mean, raw.predict(X))
    np.testing.assert_array_equal(parts.total_variance, parts.aleatoric_variance + parts.epistemic_variance)
    np.testing.assert_allclose(model.predict_var(X), parts.total_variance, rtol=1e-12)
    np.testing.assert_allclose(model.predict(X, return_std=True)[1] ** 2, parts.total_variance, rtol=1e-12)
    before = raw.predict_uncertainty(X)
    ratio = parts.epistemic_variance / before.epistemic_variance
    if method == "temperature":
        np.testing.assert_allclose(ratio, 1.0, rtol=1e-9)
    else:
        np.testing.assert_allclose(ratio, parts.total_variance / before.total_variance, rtol=1e-9)


@methods
def test_every_prediction_is_that_of_the_recalibrated_distribution(ensemble, method):
    raw, X, Y = ensemble
    model = RecalibratedRegressor(FrozenEstimator(raw), method=method).fit(X, Y)
    dist = model.predict_dist(X)
    np.testing.assert_array_equal(model.predict_interval(X, [0.5, 0.9]), dist.interval([0.5, 0.9]))
    np.testing.assert_array_equal(model.predict_interval(X, 0.9, side="upper"), dist.interval(0.9, side="upper"))
    np.testing.assert_array_equal(model.predict_quantiles(X, [0.1, 0.6]), dist.ppf([0.1, 0.6]))
    assert model.predict_quantiles(X).shape == (150, 2, 3)
    assert model.sample_y(X, 4).shape == (150, 2, 4)
    np.testing.assert_array_equal(model.sample_y(X, 4, random_state=1), model.sample_y(X, 4, random_state=1))
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict_interval(X), model.predict_interval(X))


def test_chunks_change_nothing(ensemble, monkeypatch):
    raw, X, Y = ensemble
    model = RecalibratedRegressor(FrozenEstimator(raw), method="isotonic").fit(X, Y)
    expected = model.predict_interval(X), model.predict_uncertainty(X).epistemic_variance
    monkeypatch.setattr("uncertainty.calibration.recalibrated_regressor.ROWS_AT_A_TIME", 37)
    np.testing.assert_allclose(model.predict_interval(X), expected[0], rtol=1e-12)
    np.testing.assert_allclose(model.predict_uncertainty(X).epistemic_variance, expected[1], rtol=1e-12)


@pytest.mark.parametrize("stated", [0.1, 1.0, 20.0])
def test_the_factor_by_likelihood_is_the_size_of_the_errors(stated_noise, noisy_rows, stated):
    X, y = noisy_rows(noise=1.0)
    model = RecalibratedRegressor(stated_noise(stated), random_state=0).fit(X, y)
    expected = np.sqrt(np.mean((y - X[:, 0]) ** 2)) / stated
    np.testing.assert_allclose(model.factor_, expected, rtol=1e-5)
    assert model.n_calibration_rows_ == 400


@pytest.mark.parametrize("method", ["variance", "temperature"])
@pytest.mark.parametrize("objective", ["nll", "crps"])
def test_the_factor_is_the_minimum_over_a_fine_grid(stated_noise, noisy_rows, method, objective):
    X, y = noisy_rows(n=200, noise=2.0)
    estimator = stated_noise(1.0, disagreement=1.5)
    model = RecalibratedRegressor(estimator, method=method, objective=objective, random_state=0).fit(X, y)
    metric = negative_log_likelihood if objective == "nll" else crps_score
    grid = model.factor_ * np.geomspace(0.5, 2.0, 201)
    scores = []
    for factor in grid:
        model.factor_ = float(factor)
        scores.append(metric(y, model.predict_dist(X)))
    assert abs(int(np.argmin(scores)) - 100) <= 1  # the stated noise is the same in every split


@methods
def test_reported_scores_are_those_of_rows_new_to_their_model(method):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((120, 1))
    y = X[:, 0] + rng.standard_normal(120)
    network = ProbabilisticMLPRegressor((8,), max_iter=10, random_state=0)
    cv = KFold(3)
    model = RecalibratedRegressor(network, method=method, cv=cv).fit(X, y)
    dists = [(network.fit(X[train], y[train]).predict_dist(X[test]), y[test]) for train, test in cv.split(X)]
    nll = np.mean([negative_log_likelihood(observed, dist) for dist, observed in dists])
    crps = np.mean([crps_score(observed, dist) for dist, observed in dists])
    np.testing.assert_allclose([model.raw_nll_, model.raw_crps_], [nll, crps], rtol=1e-12)
    changed = [(model._recalibrate(dist), observed) for dist, observed in dists]
    nll = np.mean([negative_log_likelihood(observed, dist) for dist, observed in changed])
    np.testing.assert_allclose(model.recalibrated_nll_, nll, rtol=1e-12)
    if method != "isotonic":
        assert model.recalibrated_nll_ <= model.raw_nll_
    np.testing.assert_array_equal(model.predict(X), network.fit(X, y).predict(X))


@methods
@pytest.mark.parametrize("objective", ["nll", "crps"])
def test_another_unit_of_y_moves_everything_accordingly(stated_noise, noisy_rows, method, objective):
    X, y = noisy_rows(n=150, noise=1.6)
    scale = 1e-3
    one = RecalibratedRegressor(stated_noise(1.0, 1.0), method=method, objective=objective, random_state=0).fit(X, y)
    other = RecalibratedRegressor(
        stated_noise(1.0, 1.0, scale), method=method, objective=objective, random_state=0
    ).fit(X, scale * y)
    np.testing.assert_allclose(other.predict_interval(X), scale * one.predict_interval(X), rtol=1e-5, atol=1e-9)
    np.testing.assert_allclose(other.predict_var(X), scale**2 * one.predict_var(X), rtol=1e-5)
    np.testing.assert_allclose(other.recalibrated_nll_, one.recalibrated_nll_ + np.log(scale), rtol=1e-6)
    np.testing.assert_allclose(other.recalibrated_crps_, scale * one.recalibrated_crps_, rtol=1e-5)


@methods
def test_integer_weights_are_repetitions(stated_noise, noisy_rows, method):
    X, y = noisy_rows(n=90, noise=2.0)
    weight = np.random.default_rng(0).integers(0, 4, 90)
    group = np.arange(90) % 5
    kept = np.repeat(np.arange(90), weight)
    estimator = RecalibratedRegressor(stated_noise(1.0, 1.0), method=method, cv=GroupKFold(3))
    weighted = estimator.fit(X, y, sample_weight=weight, groups=group)
    expected = weighted.predict_interval(X), weighted.raw_nll_, weighted.recalibrated_crps_
    assert weighted.n_calibration_rows_ == np.count_nonzero(weight)
    repeated = estimator.fit(X[kept], y[kept], groups=group[kept])
    np.testing.assert_allclose(repeated.predict_interval(X), expected[0], rtol=1e-5)
    np.testing.assert_allclose([repeated.raw_nll_, repeated.recalibrated_crps_], expected[1:], rtol=1e-5)


def test_each_target_is_recalibrated_on_its_own(stated_noise, noisy_rows):
    X, Y = noisy_rows(n_targets=2)
    Y[:, 1] = X[:, 1] + 5.0 * (Y[:, 1] - X[:, 1])
    model = RecalibratedRegressor(stated_noise(1.0), random_state=0).fit(X, Y)
    np.testing.assert_allclose(model.factor_, np.sqrt(np.mean((Y - X[:, :2]) ** 2, axis=0)), rtol=1e-5)
    isotonic = RecalibratedRegressor(stated_noise(1.0), method="isotonic", random_state=0).fit(X, Y)
    assert len(isotonic.cdf_maps_) == 2
    width = np.diff(isotonic.predict_interval(X, 0.8), axis=2)[:, :, 0].mean(axis=0)
    np.testing.assert_allclose(width, 2 * 1.2816 * np.array([1.0, 5.0]), rtol=0.2)


def test_isotonic_mends_a_wrong_shape(stated_noise):
    # Exponential noise, stated as normal of the right mean and variance: no factor can help.
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.standard_normal(3000), np.arange(3000)])
    y = X[:, 0] + rng.exponential(size=3000) - 1.0
    new, y_new = X[1500:], y[1500:]
    error = {}
    for method in METHODS:
        model = RecalibratedRegressor(stated_noise(1.0), method=method, random_state=0).fit(X[:1500], y[:1500])
        transforms = model.predict_dist(new).cdf(y_new)
        error[method] = stats.kstest(transforms, "uniform").statistic
        if method == "isotonic":
            # For 1500 rows to learn and 1500 to test: twice the 1e-3 point of one Kolmogorov statistic.
            assert error[method] < 2 * 1.95 / np.sqrt(1500)
            assert crps_score(y_new, model.predict_dist(new)) < crps_score(y_new, model.estimator_.predict_dist(new))
    assert error["isotonic"] < 0.5 * error["variance"]


def test_scaling_and_then_the_shape_may_be_combined(stated_noise, noisy_rows):
    X, y = noisy_rows(noise=30.0)
    inner = RecalibratedRegressor(stated_noise(1.0), random_state=0)
    model = RecalibratedRegressor(inner, method="isotonic", random_state=0).fit(X, y)
    inside = model.predict_interval(X, 0.9)
    assert 0.87 < np.mean((inside[:, 0] <= y) & (y <= inside[:, 1])) < 0.93
    with pytest.raises(TypeError, match="must predict mixtures of normals, got a predict_dist of RecalibratedPred"):
        RecalibratedRegressor(model).fit(X, y)


def test_a_second_fit_forgets_the_first(stated_noise, noisy_rows):
    X, y = noisy_rows()
    model = RecalibratedRegressor(stated_noise(1.0), random_state=0).fit(X, y)
    model.set_params(method="isotonic").fit(X, y)
    assert not hasattr(model, "factor_")
    model.set_params(method="temperature").fit(X, y)
    assert not hasattr(model, "cdf_maps_")


def test_the_default_estimator_follows_the_random_state():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((40, 1))
    y = X[:, 0] + rng.standard_normal(40)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("uncertainty.estimators.options.EPOCHS_OF_A_FIT", (5, 5))
        one, two = (RecalibratedRegressor(cv=2, random_state=0).fit(X, y) for _ in range(2))
    assert isinstance(one.estimator_, ProbabilisticMLPRegressor)
    np.testing.assert_array_equal(one.predict_interval(X), two.predict_interval(X))


def test_data_frames_pipelines_and_columns_of_y():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.standard_normal((60, 2)), columns=["a", "b"])
    y = X["a"] + rng.standard_normal(60)
    network = ProbabilisticMLPRegressor((8,), max_iter=5, random_state=0)
    model = RecalibratedRegressor(network, cv=2, random_state=0).fit(X, y)
    assert list(model.feature_names_in_) == list(model.estimator_.feature_names_in_) == ["a", "b"]
    assert model.n_features_in_ == 2
    assert model.predict_interval(X).shape == (60, 2)
    assert make_pipeline(StandardScaler(), model).fit(X, y).predict(X).shape == (60,)
    with pytest.warns(UserWarning, match="column-vector"):
        assert isinstance(model.fit(X, y.to_numpy()[:, None]).factor_, float)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"method": "platt"}, ValueError, "method must be one of 'variance', 'temperature', 'isotonic', got 'platt'"),
        ({"objective": "mse"}, ValueError, "objective must be 'nll' or 'crps', got 'mse'"),
        ({"estimator": LinearRegression()}, TypeError, "estimator must have a method predict_dist, got LinearReg"),
        ({"cv": 1}, ValueError, "cv must be at least 2"),
    ],
)
def test_wrong_options_are_named(stated_noise, noisy_rows, options, error, message):
    X, y = noisy_rows(20)
    with pytest.raises(error, match=message):
        RecalibratedRegressor(**{"estimator": stated_noise(), **options}).fit(X, y)
