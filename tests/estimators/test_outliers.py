"""Scaling of inputs and targets: what counts as an outlier, what is data, and which numbers are refused."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from uncertainty import ProbabilisticMLPClassifier, ProbabilisticMLPRegressor
from uncertainty.estimators.scaling import InputScaler, TargetScaler

SCALERS = [InputScaler, TargetScaler]


def fitted(kind, values, weight=None):
    values = np.asarray(values, dtype=float)
    return kind(enabled=True).fit(values.reshape(len(values), -1), weight)


def transformed(kind, values):
    values = np.asarray(values, dtype=float).reshape(len(values), -1)
    return fitted(kind, values).transform(values)


def n_damped(y):
    y = np.asarray(y, dtype=float).reshape(len(y), -1)
    return fitted(TargetScaler, y).is_outlier(y).sum()


def normal(n_rows, seed=0):
    return np.random.default_rng(seed).standard_normal(n_rows)


def on_off():
    """A target that is on in a fifth of the rows, and else zero but for a little noise."""
    return np.where(np.arange(500) % 5 == 0, 100.0, 0.01 * normal(500))


def log_normal():
    return np.exp(2.5 * normal(1000))


# -- targets -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [1e3, -1e6, 1e12])
def test_one_gross_outlier_of_y_is_damped_and_counted(value):
    y = np.append(normal(200), value)
    assert n_damped(y) == 1
    scaler = fitted(TargetScaler, y)
    assert scaler.scale_[0] < 10.0  # not that of the outlier
    z = scaler.transform(y[:, None])[:, 0]
    assert z[:-1].std() > 0.1
    assert 5.0 < abs(z[-1]) < 100.0
    assert_allclose(np.diff(z[:-1]), np.diff(y[:-1]) / scaler.scale_, atol=1e-12)  # the others are not bent


def test_damping_of_y_grows_as_a_logarithm():
    scaler = fitted(TargetScaler, normal(200))
    beyond = np.array([0.0, 1.0, 10.0, 1e3, 1e9])
    edge, unit = scaler.high_[0], scaler.robust_std_[0]
    z = scaler.transform((edge + unit * beyond)[:, None])[:, 0]
    assert_allclose((z - z[0]) * scaler.scale_, unit * np.log1p(beyond), rtol=1e-10)


def test_an_outlier_of_y_is_warned_of(quick, regression):
    X, y = regression
    y = y.copy()
    y[7] = 1e9
    with pytest.warns(UserWarning, match=r"1 targets lie more than 50 robust standard deviations"):
        model = quick(ProbabilisticMLPRegressor).fit(X, y)
    assert np.abs(model.predict(X)).max() < 1e4


@pytest.mark.parametrize("make", [on_off, log_normal, lambda: normal(500)], ids=["on-off", "log-normal", "normal"])
def test_data_far_from_the_median_are_no_outliers(make):
    y = make()
    assert n_damped(y) == 0
    scaler = fitted(TargetScaler, y)
    assert_allclose(scaler.transform(y[:, None])[:, 0], (y - y.mean()) / y.std(), rtol=1e-10, atol=1e-12)


def test_outliers_are_few():
    few, many = (np.append(normal(995), [1e6] * n) for n in (5, 6))  # 0.5 % of 1000 rows, and more than that
    assert n_damped(few) == 5
    assert n_damped(many) == 0


def test_each_target_has_its_own_bounds():
    Y = np.column_stack([normal(200), 1e6 * normal(200, seed=1)])
    Y[0, 0] = 1e6
    assert n_damped(Y) == 1
    scaler = fitted(TargetScaler, Y)
    assert_allclose(scaler.scale_[1], Y[:, 1].std(), rtol=1e-12)


def test_targets_have_moved_if_most_of_the_later_ones_lie_beyond_the_bounds():
    scaler = fitted(TargetScaler, np.column_stack([normal(200), normal(200, seed=1)]))
    later = np.column_stack([200.0 + normal(300), normal(300, seed=1)])
    assert_array_equal(scaler.has_moved(later, None), [True, False])
    assert_array_equal(scaler.has_moved(later[:10], None), [True, False])
    assert_array_equal(scaler.has_moved(later[:9], None), [False, False])  # so few cannot tell
    z = scaler.transform(later, scaler.has_moved(later, None))
    assert_allclose(z, (later - scaler.location_) / scaler.scale_, rtol=1e-12)
    half = later.copy()
    half[:150] = normal(150)[:, None]
    assert_array_equal(scaler.has_moved(half, None), [False, False])
    light = np.where(np.arange(300) < 200, 1.0, 0.001)  # neither many rows of little weight nor one of much
    assert_array_equal(scaler.has_moved(np.roll(half, 80, axis=0), light), [False, False])
    mistakes = np.column_stack([normal(300), normal(300)])
    mistakes[:3] = 1e6
    heavy = np.where(np.arange(300) < 3, 1e4, 1.0)
    assert_array_equal(scaler.has_moved(mistakes, heavy), [False, False])
    assert scaler.is_outlier(mistakes).sum() == 6


@pytest.mark.parametrize("way", ["warm_start", "warm_start with X_val", "partial_fit"])
def test_a_fit_that_goes_on_follows_the_targets_to_another_level(quick, regression, way):
    X, y = regression
    options = {"averaging": None, "schedule": "constant", "warm_start": True, "n_iter_no_change": 300}
    model = quick(ProbabilisticMLPRegressor, early_stopping=way == "warm_start with X_val", **options).fit(X, y)
    scaler = model.target_scaler_
    level = scaler.high_[0] + 60.0 * scaler.robust_std_[0]  # which, damped, were 4 beyond the bound
    model.set_params(learning_rate_init=0.3, max_iter=300)
    held_out = {"X_val": X, "y_val": y + level} if "X_val" in way else {}

    def go_on():
        for _ in range(300 if way == "partial_fit" else 1):
            (model.partial_fit if way == "partial_fit" else model.fit)(X, y + level, **held_out)

    with pytest.warns(UserWarning, match=r"most targets lie more than 50 .* fit a new estimator") as caught:
        go_on()
    assert caught[0].filename == __file__
    assert model.predict(X).mean() > scaler.high_[0] + 30.0 * scaler.robust_std_[0]


def test_a_few_mistakes_in_a_fit_that_goes_on_are_damped_and_warned_of(quick, regression):
    X, y = regression
    model = quick(ProbabilisticMLPRegressor, early_stopping=False).fit(X, y)
    with pytest.warns(UserWarning, match="4 targets lie more than 50") as caught:
        model.partial_fit(X, np.append(y[:56], [1e9] * 4))
    assert caught[0].filename == __file__
    assert np.abs(model.predict(X)).max() < 100.0


# -- inputs ------------------------------------------------------------------------------------------------------------


def test_one_wild_entry_of_x_does_not_squeeze_its_column():
    x = np.column_stack([normal(300), normal(300, seed=1)])
    x[5, 0] = 1e4
    z = transformed(InputScaler, x)
    assert 0.2 < np.delete(z[:, 0], 5).std() < 1.1
    assert_allclose(z[:, 1].std(), 1.0, rtol=1e-12)
    assert 10.0 < z[5, 0] < 100.0


@pytest.mark.parametrize("n_set", [1, 3, 30])
def test_a_rare_flag_stands_at_most_ten_units_out(n_set):
    flag = (np.arange(1000) < n_set).astype(float)
    z = transformed(InputScaler, flag)[:, 0]
    assert np.ptp(z) <= 10.0 * (1 + 1e-12)
    assert_allclose(np.ptp(z), min(10.0, 1.0 / flag.std()), rtol=1e-12)


@pytest.mark.parametrize("make", [on_off, log_normal], ids=["on-off", "log-normal"])
def test_heavy_tails_of_x_are_standardised_by_their_own_deviation(make):
    x = make()
    assert_allclose(transformed(InputScaler, x)[:, 0], (x - x.mean()) / x.std(), rtol=1e-10, atol=1e-12)


def test_damping_beyond_the_training_range_is_smooth_and_the_inside_is_not_touched():
    x = normal(200)
    scaler = fitted(InputScaler, x)
    low, high, scale = x.min(), x.max(), x.std()
    grid = np.linspace(low - 20 * scale, high + 20 * scale, 20_001)
    z = scaler.transform(grid[:, None])[:, 0]
    inside = (grid >= low) & (grid <= high)
    assert_allclose(z[inside], (grid[inside] - x.mean()) / scale, rtol=1e-10, atol=1e-12)
    slope = np.diff(z) / np.diff(grid) * scale
    assert slope.min() > 0.0  # still growing
    assert slope.max() < 1.0 + 1e-6
    assert np.abs(np.diff(slope)).max() < 0.01  # continuous, and so is the first derivative
    assert_allclose(z[-1] - (high - x.mean()) / scale, np.log(21.0), rtol=1e-10)


# -- both --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", SCALERS)
@pytest.mark.parametrize("outliers", [[], [1e7]], ids=["plain", "outlier"])
def test_an_integer_weight_is_a_repeated_row(kind, outliers):
    values = np.append(np.exp(normal(999)), outliers)[:, None]
    weight = np.random.default_rng(2).integers(1, 4, len(values))
    weighted, repeated = fitted(kind, values, weight.astype(float)), fitted(kind, np.repeat(values, weight, axis=0))
    for name in ("location_", "scale_", "low_", "high_"):
        assert_allclose(getattr(weighted, name), getattr(repeated, name), rtol=1e-12, err_msg=name)
    assert np.isfinite(weighted.high_).all() or not outliers


@pytest.mark.parametrize("kind", SCALERS)
def test_a_small_signal_on_a_large_offset_is_kept(kind):
    values = 1e9 + 1e-4 * normal(300)
    z = transformed(kind, values)[:, 0]
    assert_allclose(z.std(), 1.0, rtol=1e-6)
    assert np.corrcoef(z, normal(300))[0, 1] > 0.999


@pytest.mark.parametrize("kind", SCALERS)
@pytest.mark.parametrize("value", [0.1, 0.0, -1e9 / 3])
def test_a_constant_column_becomes_zeros(kind, value):
    scaler = fitted(kind, np.full(97, value))
    assert_array_equal(scaler.scale_, [1.0])
    assert_allclose(transformed(kind, np.full(97, value)), 0.0, atol=1e-15 * max(abs(value), 1.0))


@pytest.mark.parametrize("kind", SCALERS)
@pytest.mark.parametrize("n_rows", [3, 300, 5000, 100_000])
@pytest.mark.parametrize("weighted", [False, True])
def test_a_constant_column_of_many_rows_is_one(kind, n_rows, weighted):
    # Sums over the rows of several columns are rounded row by row: the mean of 5000 times 0.1 is not 0.1.
    constants = np.array([0.1, 0.7, 3.14, 98.6, -1e9 / 3, 1e-12 / 7, 0.0])
    weight = np.random.default_rng(1).random(n_rows) if weighted else None
    scaler = fitted(kind, np.tile(constants, (n_rows, 1)), weight)
    assert_array_equal(scaler.scale_, 1.0)
    assert_allclose(scaler.location_, constants, rtol=1e-15)
    step = np.array([1e-8, -0.5, 3.0])[:, None]
    expected = np.sign(step) * np.log1p(np.abs(step)) if kind is InputScaler else step
    assert_allclose(scaler.transform(constants[3:4] + np.tile(step, 7))[:, 3], expected[:, 0], rtol=1e-5)


def test_a_change_in_a_column_that_was_constant_moves_no_prediction_far(quick):
    X = np.column_stack([normal(1000), np.full(1000, 0.1)])
    model = quick(ProbabilisticMLPRegressor).fit(X, X[:, 0] + 0.1 * normal(1000, seed=1))
    same, rounded = X[:5], X[:5].astype(np.float32)
    mean, std = model.predict(same, return_std=True)
    assert_allclose(model.predict(rounded, return_std=True), (mean, std), rtol=1e-4, atol=1e-5)


def test_an_input_as_large_as_float64_has_gives_a_number(quick, regression):
    X, y = regression
    model = quick(ProbabilisticMLPRegressor).fit(0.1 * X, y)
    most = np.finfo(np.float64).max
    X = np.vstack([most * np.sign(X[:3]), 1e300 * np.sign(X[:3])])
    mean, std = model.predict(X, return_std=True)
    assert np.isfinite(mean).all()
    assert np.isfinite(std).all()


@pytest.mark.parametrize("factor", [1e160, 1e-160])
def test_numbers_without_a_representable_variance_are_refused(quick, regression, classification, factor):
    X, y = regression
    words = "must have a variance that float64 can hold, got values up to .*Rescale"
    with pytest.raises(ValueError, match=f"y {words} y"):
        quick(ProbabilisticMLPRegressor).fit(X, factor * y)
    with pytest.raises(ValueError, match=f"X {words} X"):
        quick(ProbabilisticMLPRegressor).fit(factor * X, y)
    with pytest.raises(ValueError, match=f"X {words} X"):
        quick(ProbabilisticMLPClassifier).fit(factor * classification[0], classification[1])
