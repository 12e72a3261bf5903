"""Calibration pictures: every line, bar and count is the metric's."""

import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.colors import to_hex
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import norm

from uncertainty import metrics
from uncertainty.plotting import (
    CalibrationCurveDisplay,
    ConfidenceHistogramDisplay,
    CoverageByFeatureDisplay,
    ErrorStdDisplay,
    PITHistogramDisplay,
    ReliabilityDisplay,
)


@pytest.fixture
def normal_rows():
    """300 observations of normal distributions that are stated too narrow."""
    rng = np.random.default_rng(0)
    mean, std = rng.standard_normal(300), rng.uniform(0.5, 2.0, 300)
    return mean + 1.5 * std * rng.standard_normal(300), mean, std


@pytest.mark.parametrize("regions", ["interval", "quantile"])
def test_calibration_curve(normal_rows, regions, legend_texts):
    y, mean, std = normal_rows
    dist, weight = norm(mean, std), np.linspace(0.5, 2.0, 300)
    display = CalibrationCurveDisplay.from_predictions(y, dist, regions=regions, sample_weight=weight, name="narrow")
    curve = metrics.regression_calibration_curve(y, dist, regions=regions, sample_weight=weight)
    assert_array_equal(display.line_.get_data(), (curve.nominal, curve.observed))
    vertices = display.band_.get_paths()[0].vertices
    assert_allclose(vertices[1:101, 1], curve.lower)
    assert_allclose(vertices[102:202, 1][::-1], curve.upper)
    area = metrics.miscalibration_area(y, dist, regions=regions, sample_weight=weight)
    assert legend_texts(display) == ["calibrated", f"narrow (miscalibration area {area:.3f})", "95 % confidence band"]


def test_several_calibration_curves_share_axes(normal_rows, legend_texts):
    y, mean, std = normal_rows
    first = CalibrationCurveDisplay.from_predictions(y, norm(mean, std), name="narrow")
    second = CalibrationCurveDisplay.from_predictions(y, norm(mean, 1.5 * std), name="right", ax=first.ax_)
    assert to_hex(first.line_.get_color()) != to_hex(second.line_.get_color())
    assert second.reference_ is first.reference_
    assert legend_texts(second).count("calibrated") == 1
    assert second.miscalibration < first.miscalibration


def test_keywords_reach_the_curve(normal_rows):
    y, mean, std = normal_rows
    display = CalibrationCurveDisplay.from_predictions(y, norm(mean, std))
    display.plot(name="mine", color="black", linewidth=3.0)
    assert to_hex(display.line_.get_color()) == "#000000"
    assert display.line_.get_linewidth() == 3.0
    assert display.line_.get_label().startswith("mine (")


def test_pit_histogram(normal_rows, legend_texts):
    y, mean, std = normal_rows
    display = PITHistogramDisplay.from_predictions(y, norm(mean, std), n_bins=6, confidence=0.9, name="narrow")
    table = metrics.pit_histogram(y, norm(mean, std), n_bins=6, confidence=0.9)
    assert_array_equal([bar.get_height() for bar in display.bars_], table.frequency)
    assert_array_equal([bar.get_x() for bar in display.bars_], table.edges[:-1])
    low, high = display.band_.get_y(), display.band_.get_y() + display.band_.get_height()
    assert_allclose([low, high], [table.lower, table.upper])
    assert_allclose(display.reference_.get_ydata(), 1 / 6)
    distance = metrics.pit_ks_statistic(y, norm(mean, std))
    assert f"narrow (Kolmogorov-Smirnov {distance:.3f})" in legend_texts(display)
    assert "90 % of calibrated bars" in legend_texts(display)


def test_coverage_by_bins_of_a_feature(normal_rows, legend_texts):
    y, mean, std = normal_rows
    interval = np.column_stack([mean - std, mean + std])
    display = CoverageByFeatureDisplay.from_predictions(y, interval, std, coverage=0.68, n_bins=5, feature_name="std")
    table = metrics.coverage_by_bin(y, interval, std, n_bins=5)
    data, _, (bars,) = display.points_
    assert_array_equal(data.get_data(), (table.group.mean(axis=1), table.coverage))
    limits = np.array(bars.get_segments())[:, :, 1]
    assert_allclose(limits, np.column_stack([table.lower, table.upper]))
    assert [text.get_text() for text in display.counts_] == [f"n = {n}" for n in table.count]
    assert_array_equal(display.reference_.get_ydata(), [0.68, 0.68])
    assert legend_texts(display) == ["nominal: 68 %", "coverage, with 95 % confidence interval"]


def test_coverage_by_categories(normal_rows):
    y, mean, std = normal_rows
    interval = np.column_stack([mean - std, mean + std])
    groups = np.where(std > 1.0, "loud", "quiet").astype(object)
    display = CoverageByFeatureDisplay.from_predictions(y, interval, groups)
    table = metrics.coverage_by_group(y, interval, groups.astype(str))
    assert_array_equal(display.points_[0].get_ydata(), table.coverage)
    assert [label.get_text() for label in display.ax_.get_xticklabels()] == ["loud", "quiet"]


@pytest.mark.parametrize(
    ("kind", "task"), [("positive", "binary"), ("top_label", "binary"), ("top_label", "multiclass")]
)
def test_reliability(kind, task, request, legend_texts):
    model, (X, y) = request.getfixturevalue(f"{task}_classifier"), request.getfixturevalue(task)
    display = ReliabilityDisplay.from_estimator(model, X, y, kind=kind, n_bins=5)
    proba = model.predict_proba(X)
    bins = metrics.calibration_bins(y, proba, kind=kind, n_bins=5, labels=model.classes_)
    used = bins.count > 0
    assert_array_equal(display.line_.get_data(), (bins.mean_confidence[used], bins.observed_frequency[used]))
    assert_array_equal([bar.get_height() for bar in display.bars_], bins.weight)
    assert [text.get_text() for text in display.counts_] == [str(n) for n in bins.count[used]]
    error = metrics.expected_calibration_error(y, proba, kind=kind, n_bins=5, labels=model.classes_)
    assert f"DeepEnsembleClassifier (ECE {error:.3f})" in legend_texts(display)
    event = "class yes" if kind == "positive" else "the most probable class"
    assert display.ax_.get_xlabel() == f"predicted probability of {event}"


def test_reliability_limits_are_those_of_a_share():
    y, proba = np.array([1, 1, 1, 0] * 5), np.full(20, 0.7)
    display = ReliabilityDisplay.from_predictions(y, proba, n_bins=1)
    segment = display.errors_.get_segments()[0]
    covered = np.column_stack([np.zeros(20), np.ones(20)])
    expected = metrics.coverage_confidence_interval(np.where(y == 1, 0.5, 2.0), covered)
    assert_allclose(segment[:, 1], expected)


def test_reliability_of_one_label_of_many(regression):
    from uncertainty import ProbabilisticMLPClassifier

    X, y = regression
    labels = np.column_stack([y > 100.0, y > 95.0]).astype(int)
    model = ProbabilisticMLPClassifier((), max_iter=3, random_state=0).fit(X, labels)
    display = ReliabilityDisplay.from_estimator(model, X, labels, target=1)
    bins = metrics.calibration_bins(labels[:, 1], model.predict_proba(X)[:, 1], kind="positive", n_bins=10)
    assert_array_equal(display.count, bins.count)
    with pytest.raises(ValueError, match="target must be the number of one of 2 targets"):
        ReliabilityDisplay.from_estimator(model, X, labels)


def test_confidence_histogram(multiclass_classifier, multiclass, legend_texts):
    X, y = multiclass
    display = ConfidenceHistogramDisplay.from_estimator(multiclass_classifier, X, y, n_bins=4)
    proba, predicted = multiclass_classifier.predict_proba(X), multiclass_classifier.predict(X)
    confidence = proba.max(axis=1)
    for bars, rows in ((display.right_, predicted == y), (display.wrong_, predicted != y)):
        shares = np.histogram(confidence[rows], bins=4, range=(0.0, 1.0))[0] / 80
        assert_allclose([bar.get_height() for bar in bars], shares, atol=1e-12)
    assert_allclose([bar.get_y() for bar in display.wrong_], display.right)
    assert_allclose(display.confidence_line_.get_xdata(), confidence.mean())
    assert_allclose(display.accuracy_line_.get_xdata(), (predicted == y).mean())
    assert f"accuracy {(predicted == y).mean():.3f}" in legend_texts(display)


def test_error_against_std(normal_rows, legend_texts):
    y, mean, std = normal_rows
    display = ErrorStdDisplay.from_predictions(y, mean, std, n_bins=4, target_name="load [N]")
    assert_allclose(display.errors_.get_offsets(), np.column_stack([std, np.abs(y - mean)]))
    bins = metrics.variance_calibration_bins(y, mean, std, n_bins=4)
    assert_array_equal(display.line_.get_data(), (bins.predicted_std, bins.observed_rmse))
    error = metrics.expected_normalized_calibration_error(y, mean, std, n_bins=4)
    assert f"bins: root mean squared error (ENCE {error:.3f})" in legend_texts(display)
    assert display.ax_.get_ylabel() == "|error| of load [N]"


def test_twenty_thousand_errors_are_a_density(legend_texts):
    rng = np.random.default_rng(0)
    std = rng.uniform(0.5, 2.0, 20_000)
    display = ErrorStdDisplay.from_predictions(std * rng.standard_normal(20_000), np.zeros(20_000), std)
    assert display.errors_.get_array().sum() == 20_000
    assert "rows (20000)" in legend_texts(display)
    assert_allclose(display.line_.get_ydata(), display.line_.get_xdata(), rtol=0.1)


def test_constant_predictions():
    """One bin, one hexagon, no width anywhere, and no warning."""
    y, ones = np.random.default_rng(0).standard_normal(3000), np.ones(3000)
    displays = [
        ErrorStdDisplay.from_predictions(ones, 0.0 * ones, ones),
        CalibrationCurveDisplay.from_predictions(y, norm(0.0 * ones, ones)),
        PITHistogramDisplay.from_predictions(0.0 * ones, norm(0.0 * ones, ones)),
        CoverageByFeatureDisplay.from_predictions(y, np.tile([-1.0, 1.0], (3000, 1)), ones),
        ReliabilityDisplay.from_predictions(y > 0.0, 0.5 * ones),
        ConfidenceHistogramDisplay.from_predictions(y > 0.0, 0.5 * ones),
    ]
    for display in displays:
        display.figure_.canvas.draw()
    assert displays[2].bars_[5].get_height() == 1.0
    assert displays[4].line_.get_xdata() == [0.5]


def test_nothing_is_drawn_on_the_current_figure():
    ax = pyplot.figure().subplots()
    pyplot.figure()
    display = PITHistogramDisplay.from_predictions([0.0], norm([0.0], [1.0]), ax=ax)
    assert display.figure_ is ax.figure
    assert not pyplot.gcf().axes
