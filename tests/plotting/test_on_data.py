"""Every Display on real and made data of each suite of the benchmarks: no warning, and what is drawn is the model's."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.frozen import FrozenEstimator

from benchmarks.suites import SUITES
from uncertainty import (
    ConformalClassifier,
    DeepEnsembleClassifier,
    DeepEnsembleRegressor,
    ProbabilisticMLPClassifier,
    ProbabilisticMLPRegressor,
    plotting,
)

pytestmark = [pytest.mark.data, pytest.mark.filterwarnings("error")]

MAX_ROWS, N_MEMBERS = 400, 3
NETWORK = {"hidden_layer_sizes": (8,), "max_iter": 10, "learning_rate_init": 1e-2}
CASES = sorted({(suite.name, task) for suite in SUITES.values() for task in suite.tasks.values()})


@pytest.fixture(scope="module", params=CASES, ids="-".join)
def problem(request):
    """One data set of the suite and task: (model, X, y), the rows being new to the model."""
    name, task = request.param
    suite = SUITES[name]
    dataset = min(key for key, value in suite.tasks.items() if value == task)
    given = suite.load(dataset, 0)
    model = fitted(task, given.X_train[:MAX_ROWS], given.y_train[:MAX_ROWS])
    return model, given.X_test[:MAX_ROWS], given.y_test[:MAX_ROWS]


def fitted(task, X, y):
    if task == "regression":
        return DeepEnsembleRegressor(ProbabilisticMLPRegressor(**NETWORK), N_MEMBERS, random_state=0).fit(X, y)
    return DeepEnsembleClassifier(ProbabilisticMLPClassifier(**NETWORK), N_MEMBERS, random_state=0).fit(X, y)


def is_regression(model):
    return isinstance(model, DeepEnsembleRegressor)


def varied_columns(X):
    """The two columns that vary most."""
    return X[:, np.sort(np.argsort(X.var(axis=0))[-2:])]


def n_drawn(rows):
    """How many rows a scatter or hexagons show."""
    return len(rows.get_offsets()) if rows.get_array() is None else rows.get_array().sum()


def calibration_curve(display, model, X, y):
    inside = [np.mean(held(model.predict_interval(X, coverage=level), y)) for level in (0.5, 0.9)]
    assert_allclose(np.interp([0.5, 0.9], *display.line_.get_data()), inside, atol=0.02)


def held(interval, y):
    return (interval[:, 0] <= y) & (y <= interval[:, 1])


def confidence_histogram(display, model, X, y):
    heights = [sum(bar.get_height() for bar in bars) for bars in (display.right_, display.wrong_)]
    assert_allclose(heights, [model.score(X, y), 1.0 - model.score(X, y)], atol=1e-12)


def coverage_by_feature(display, model, X, y):
    counts = [int(text.get_text().removeprefix("n = ")) for text in display.counts_]
    assert sum(counts) == len(y)
    if is_regression(model):
        overall = np.average(display.points_[0].get_ydata(), weights=counts)
        assert_allclose(overall, held(model.predict_interval(X), y).mean())


def error_std(display, model, X, y):
    mean, std = model.predict(X, return_std=True)
    assert_allclose(display.errors_.get_offsets(), np.column_stack([std, np.abs(y - mean)]), rtol=1e-6)


def learning_rate(display, model, X, y):
    rates = display.train_line_.get_xdata()
    assert len(rates) == 12
    assert (np.diff(np.log(rates)) > 0.0).all()
    assert display.suggested_line_.get_xdata()[0] == display.suggested_rate
    assert display.ax_.get_ylim()[0] < np.nanmin(display.train_line_.get_ydata())


def member_disagreement(display, model, X, y):
    offsets = np.concatenate([rows.get_offsets() for rows in display.members_])
    assert len(offsets) == N_MEMBERS * len(y)
    spread = offsets[:, 1].reshape(N_MEMBERS, len(y))
    assert_allclose(spread.sum(axis=0), 0.0, atol=1e-6 * np.abs(spread).max())
    if is_regression(model):
        assert_allclose((spread**2).mean(axis=0), model.predict_uncertainty(X).epistemic_variance, rtol=1e-6)


def pit_histogram(display, model, X, y):
    share = np.histogram(model.predict_dist(X).cdf(y), bins=10, range=(0.0, 1.0))[0] / len(y)
    assert_allclose([bar.get_height() for bar in display.bars_], share, atol=1e-12)


def prediction_interval(display, model, X, y):
    interval = model.predict_interval(X)
    shown = display.ax_.get_legend().get_title().get_text()
    assert shown == f"90 % interval, holds {100 * held(interval, y).mean():.1f} % of {len(y)} rows"
    assert_allclose(np.sort(display.line_.get_ydata()), np.sort(model.predict(X)))


def predictive_density(display, model, X, y):
    areas = np.trapezoid(display.density, display.points, axis=1)
    assert_allclose(areas, 1.0, atol=0.03)
    assert len(display.density_) == len(display.row_names)


def reliability(display, model, X, y):
    assert sum(int(text.get_text()) for text in display.counts_) == len(y)
    used = display.count > 0
    right = (display.line_.get_ydata() * display.count[used]).sum()
    if len(model.classes_) > 2:
        assert_allclose(right, (model.predict(X) == y).sum())
    else:
        assert_allclose(right, (y == model.classes_[1]).sum())


def risk_coverage(display, model, X, y):
    error = np.abs(y - model.predict(X)) if is_regression(model) else model.predict(X) != y
    assert_allclose(display.line_.get_ydata()[-1], error.mean())
    assert (display.best_.get_ydata() <= np.interp(display.best_.get_xdata(), *display.line_.get_data()) + 1e-9).all()


def training_curve(display, model, X, y):
    assert_array_equal(display.train_line_.get_ydata(), model.loss_curve_)
    assert_array_equal(display.validation_line_.get_ydata(), model.validation_curve_)


def uncertainty_parts(display, model, X, y):
    assert n_drawn(display.rows_) + len(display.failed_.get_offsets()) == len(y)
    failed = ~held(model.predict_interval(X), y) if is_regression(model) else model.predict(X) != y
    assert len(display.failed_.get_offsets()) == failed.sum()


def uncertainty_surface(display, model, X, y):
    corner = [[display.xx0[0, 0], display.xx1[0, 0]]]
    parts = model.predict_uncertainty(corner)
    value = np.sqrt(parts.total_variance[0]) if is_regression(model) else parts.total_entropy[0]
    assert_allclose(display.surface_.get_array().ravel()[0], value, rtol=1e-6)


OF_REGRESSORS = {
    "CalibrationCurveDisplay": calibration_curve,
    "ErrorStdDisplay": error_std,
    "PITHistogramDisplay": pit_histogram,
    "PredictionIntervalDisplay": prediction_interval,
    "PredictiveDensityDisplay": predictive_density,
}
OF_CLASSIFIERS = {"ConfidenceHistogramDisplay": confidence_histogram, "ReliabilityDisplay": reliability}
OF_BOTH = {
    "CoverageByFeatureDisplay": coverage_by_feature,
    "LearningRateDisplay": learning_rate,
    "MemberDisagreementDisplay": member_disagreement,
    "RiskCoverageDisplay": risk_coverage,
    "TrainingCurveDisplay": training_curve,
    "UncertaintyPartsDisplay": uncertainty_parts,
    "UncertaintySurfaceDisplay": uncertainty_surface,
}
CHECKS = OF_REGRESSORS | OF_CLASSIFIERS | OF_BOTH
OPTIONS = {
    "CoverageByFeatureDisplay": {"feature": 0},
    "LearningRateDisplay": {"n_points": 12},
    "UncertaintySurfaceDisplay": {"grid_resolution": 20},
}


def test_every_display_has_a_check():
    assert set(CHECKS) == set(plotting.__all__)


@pytest.mark.parametrize("name", plotting.__all__)
def test_a_display_shows_what_the_model_says(name, problem):
    model, X, y = problem
    if name in (OF_CLASSIFIERS if is_regression(model) else OF_REGRESSORS):
        with pytest.raises(TypeError, match="estimator must be a"):
            getattr(plotting, name).from_estimator(model, X, y)
        return
    if name == "UncertaintySurfaceDisplay":
        X = varied_columns(np.column_stack([X, X]) if X.shape[1] == 1 else X)
        model = fitted("regression" if is_regression(model) else "classification", X, y)
    drawn = model
    if name == "CoverageByFeatureDisplay" and not is_regression(model):
        drawn = ConformalClassifier(FrozenEstimator(model), random_state=0).fit(X, y)
    display = getattr(plotting, name).from_estimator(drawn, X, y, **OPTIONS.get(name, {}))
    display.figure_.canvas.draw()
    assert display.ax_.get_xlabel()
    assert display.ax_.get_ylabel()
    CHECKS[name](display, model, X, y)
