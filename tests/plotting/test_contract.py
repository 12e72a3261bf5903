"""What every Display owes its caller; a new one is found through `__all__`."""

import dataclasses
import inspect
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars
import pytest
from matplotlib import pyplot
from matplotlib.axes import Axes
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from uncertainty import ConformalClassifier, ConformalRegressor, plotting

ROOT = Path(__file__).resolve().parents[2]
OF_REGRESSORS = {
    "CalibrationCurveDisplay",
    "ErrorStdDisplay",
    "PITHistogramDisplay",
    "PredictionIntervalDisplay",
    "PredictiveDensityDisplay",
}
OF_CLASSIFIERS = {"ConfidenceHistogramDisplay", "ReliabilityDisplay"}
OF_BOTH = set(plotting.__all__) - OF_REGRESSORS - OF_CLASSIFIERS
# What a Display cannot do without.
OPTIONS = {"CoverageByFeatureDisplay": {"feature": "age"}, "LearningRateDisplay": {"n_points": 12}}
# What a Display needs that a single network of any kind does not have.
NEED_SETS = {"CoverageByFeatureDisplay"}


def draw(name, estimator, data, **options):
    return getattr(plotting, name).from_estimator(estimator, *data, **OPTIONS.get(name, {}), **options)


def check_finished(display, ax):
    assert display.ax_ is ax
    assert display.figure_ is ax.figure
    assert ax.get_xlabel()
    assert ax.get_ylabel()
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert texts
    assert all(texts)
    ax.figure.canvas.draw()  # no warning here either


def artists(display):
    return {f.name: getattr(display, f.name) for f in dataclasses.fields(display) if f.name.endswith("_")}


def check_display(name, estimator, data):
    ax = pyplot.figure(layout="constrained").subplots()
    n_figures = len(pyplot.get_fignums())
    display = draw(name, estimator, data, ax=ax)
    assert len(pyplot.get_fignums()) == n_figures
    check_finished(display, ax)
    first, values = artists(display), numbers(display)
    assert first
    assert display.plot() is display
    assert isinstance(display.ax_, Axes)
    assert display.ax_ is not ax
    check_finished(display, display.ax_)
    for key, artist in artists(display).items():
        assert (artist is None) == (first[key] is None), key
        if isinstance(artist, list):
            assert len(artist) == len(first[key])
    assert_same(numbers(display), values)


def numbers(display):
    fields = [f for f in dataclasses.fields(display) if not f.name.endswith("_")]
    return {f.name: getattr(display, f.name) for f in fields}


def assert_same(actual, desired):
    for key, value in desired.items():
        assert value is None or isinstance(value, (np.ndarray, float, int, str, bool, tuple, list)), key
        np.testing.assert_array_equal(actual[key], value)


@pytest.mark.parametrize("name", sorted(OF_REGRESSORS | OF_BOTH))
def test_regression(name, regressor, regression):
    check_display(name, regressor, regression)


@pytest.mark.parametrize("task", ["binary", "multiclass"])
@pytest.mark.parametrize("name", sorted((OF_CLASSIFIERS | OF_BOTH) - NEED_SETS))
def test_classification(name, task, request):
    check_display(name, request.getfixturevalue(f"{task}_classifier"), request.getfixturevalue(task))


@pytest.mark.parametrize("name", sorted(OF_REGRESSORS))
def test_displays_of_regressors_refuse_classifiers(name, binary_classifier, binary):
    with pytest.raises(TypeError, match=r"estimator must be a regressor, got DeepEnsembleClassifier. Use .*Display"):
        draw(name, binary_classifier, binary)


@pytest.mark.parametrize("name", sorted(OF_CLASSIFIERS))
def test_displays_of_classifiers_refuse_regressors(name, regressor, regression):
    with pytest.raises(TypeError, match=r"estimator must be a classifier, got DeepEnsembleRegressor. Use .*Display"):
        draw(name, regressor, regression)


@pytest.mark.parametrize("name", sorted(OF_REGRESSORS | {"CoverageByFeatureDisplay", "RiskCoverageDisplay"}))
def test_regressors_of_scikit_learn_with_return_std(name, gaussian_process, regression):
    X, y = regression
    options = {"feature": 0} if name == "CoverageByFeatureDisplay" else {}
    check_finished(
        display := getattr(plotting, name).from_estimator(gaussian_process, X.to_numpy(), y, **options), display.ax_
    )


@pytest.mark.parametrize("name", sorted(OF_REGRESSORS | {"CoverageByFeatureDisplay"}))
def test_conformal_wrappers_and_pipelines(name, regressor, regression):
    X, y = regression
    model = make_pipeline(StandardScaler().set_output(transform="pandas"), ConformalRegressor(regressor)).fit(X, y)
    check_finished(display := draw(name, model, (X, y)), display.ax_)


@pytest.mark.parametrize("name", sorted(OF_REGRESSORS | {"RiskCoverageDisplay", "CoverageByFeatureDisplay"}))
def test_regressors_that_do_not_say_how_unsure_they_are(name, regression):
    with pytest.raises(TypeError, match=r"estimator must have .*return_std=True\), .*LinearRegression"):
        draw(name, LinearRegression().fit(*regression), regression)


@pytest.mark.parametrize("name", ["UncertaintyPartsDisplay", "MemberDisagreementDisplay"])
def test_models_without_members(name, binary):
    with pytest.raises(TypeError, match=r"estimator must have predict_(uncertainty|members), got LogisticRegression"):
        draw(name, LogisticRegression().fit(*binary), binary)


@pytest.mark.parametrize("name", sorted(OF_CLASSIFIERS | {"CoverageByFeatureDisplay"}))
def test_classifiers_without_probabilities(name, binary):
    with pytest.raises(TypeError, match=r"estimator must have predict_(proba|set), got RidgeClassifier"):
        draw(name, RidgeClassifier().fit(*binary), binary)


def test_coverage_of_prediction_sets(multiclass):
    X, y = multiclass
    model = ConformalClassifier(LogisticRegression(), random_state=0).fit(X, y)
    check_display("CoverageByFeatureDisplay", model, (X, y))


@pytest.mark.parametrize("name", sorted(OF_REGRESSORS | OF_BOTH - {"LearningRateDisplay", "TrainingCurveDisplay"}))
def test_several_targets_are_drawn_one_at_a_time(name, two_targets):
    X, Y, model = two_targets
    with pytest.raises(ValueError, match="target must be the number of one of 2 targets, 0 to 1, got None"):
        draw(name, model, (X, Y))
    check_finished(display := draw(name, model, (X, Y), target=1), display.ax_)
    with pytest.raises(ValueError, match="target must be the number of one of 2 targets, 0 to 1, got 2"):
        draw(name, model, (X, Y), target=2)


def test_one_target_as_the_other_alone(two_targets):
    X, Y, model = two_targets
    mean, std = model.predict(X, return_std=True)
    of_both = plotting.ErrorStdDisplay.from_estimator(model, X, Y, target=1)
    alone = plotting.ErrorStdDisplay.from_predictions(Y["pulse"], mean[:, 1], std[:, 1])
    np.testing.assert_array_equal(of_both.error, alone.error)
    assert of_both.ax_.get_ylabel() == alone.ax_.get_ylabel() == "|error| of pulse"


@pytest.mark.parametrize("name", sorted(set(plotting.__all__) - {"LearningRateDisplay"}))
def test_a_single_row(name, regressor, regression, binary_classifier, binary):
    model, (X, y) = (binary_classifier, binary) if name in OF_CLASSIFIERS else (regressor, regression)
    check_finished(display := draw(name, model, (X[:1], y[:1])), display.ax_)


@pytest.mark.parametrize("name", plotting.__all__)
def test_polars_frames_are_drawn_as_pandas_ones(name, regressor, regression, binary_classifier, binary):
    model, (X, y) = (binary_classifier, binary) if name in OF_CLASSIFIERS else (regressor, regression)
    as_polars = polars.DataFrame({column: X[column].to_numpy() for column in X})
    target = polars.Series(getattr(y, "name", "answer"), np.asarray(y))
    drawn, expected = draw(name, model, (as_polars, target)), draw(name, model, (X, y))
    assert_same(numbers(drawn), numbers(expected))
    assert (drawn.ax_.get_xlabel(), drawn.ax_.get_ylabel()) == (expected.ax_.get_xlabel(), expected.ax_.get_ylabel())


@pytest.mark.parametrize("name", plotting.__all__)
def test_numbers_from_elsewhere_can_be_drawn(name):
    parameters = inspect.signature(getattr(plotting, name).from_predictions).parameters
    assert "ax" in parameters


def test_importing_imports_no_matplotlib():
    code = "import sys, uncertainty, uncertainty.plotting; assert 'matplotlib' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


@pytest.mark.parametrize("name", plotting.__all__)
def test_without_matplotlib_the_error_says_how_to_get_it(name, monkeypatch, regressor, regression):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=f"^{name} needs matplotlib.* pip install 'uncertainty\\[plot\\]'$"):
        draw(name, regressor, regression)


@pytest.mark.parametrize("name", plotting.__all__)
def test_documented(name):
    text = getattr(plotting, name).__doc__
    assert all(f"\n    {heading}\n    ---" in text for heading in ("Parameters", "Attributes", "Examples"))
    attributes = text.split("Attributes")[1]
    artists = [f.name for f in dataclasses.fields(getattr(plotting, name)) if f.name.endswith("_")]
    assert all(f"{artist}" in attributes for artist in [*artists, "ax_", "figure_"])
