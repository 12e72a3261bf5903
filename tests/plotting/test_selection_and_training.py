"""Curves of rejection, parts of uncertainty, members and training."""

import numpy as np
import pytest
from matplotlib.collections import PolyCollection
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.neural_network import MLPRegressor

from uncertainty import metrics
from uncertainty.diagnostics import learning_curves, learning_rate_range_test
from uncertainty.plotting import (
    LearningRateDisplay,
    MemberDisagreementDisplay,
    RiskCoverageDisplay,
    TrainingCurveDisplay,
    UncertaintyPartsDisplay,
)


def test_risk_coverage_and_rejection_are_the_metric(legend_texts):
    rng = np.random.default_rng(0)
    uncertainty = rng.uniform(size=200)
    loss = uncertainty * rng.uniform(size=200)
    display = RiskCoverageDisplay.from_predictions(loss, uncertainty, name="spread", loss_name="cost [EUR]")
    curve, best = metrics.risk_coverage_curve(loss, uncertainty), metrics.risk_coverage_curve(loss, loss)
    assert_array_equal(display.line_.get_data(), (curve.coverage, curve.risk))
    assert_array_equal(display.best_.get_data(), (best.coverage, best.risk))
    assert legend_texts(display) == [
        f"all rows kept: {loss.mean():.3g}",
        f"spread (area {metrics.risk_coverage_area(loss, uncertainty):.3g})",
        "best order: by the loss itself",
    ]
    assert display.ax_.get_ylabel() == "mean cost [EUR] of the rows kept"
    display.plot(kind="rejection")
    assert_array_equal(display.line_.get_data(), (1.0 - curve.coverage, curve.risk))
    with pytest.raises(ValueError, match="kind must be 'risk_coverage' or 'rejection', got 'risk'"):
        display.plot(kind="risk")


@pytest.mark.parametrize(
    ("kind", "field"),
    [("total", "total_variance"), ("aleatoric", "aleatoric_variance"), ("epistemic", "epistemic_variance")],
)
def test_risk_of_a_regressor_by_each_part(kind, field, regressor, regression):
    X, y = regression
    display = RiskCoverageDisplay.from_estimator(regressor, X, y, uncertainty=kind, loss="squared")
    loss = (y.to_numpy() - regressor.predict(X)) ** 2
    curve = metrics.risk_coverage_curve(loss, np.sqrt(regressor.predict_uncertainty(X)[field]))
    assert_allclose(display.risk, curve.risk)
    assert display.ax_.get_ylabel() == "mean squared error of pressure of the rows kept"


@pytest.mark.parametrize("kind", ["total", "aleatoric", "epistemic", "max_probability"])
def test_risk_of_a_classifier_by_each_kind(kind, binary_classifier, binary, legend_texts):
    X, y = binary
    display = RiskCoverageDisplay.from_estimator(binary_classifier, X, y, uncertainty=kind)
    assert_allclose(display.risk[-1], 1.0 - binary_classifier.score(X, y))
    assert any(text.startswith(f"DeepEnsembleClassifier, {kind} (area") for text in legend_texts(display))


def test_two_kinds_of_uncertainty_on_one_picture(regressor, regression, legend_texts):
    first = RiskCoverageDisplay.from_estimator(regressor, *regression, uncertainty="aleatoric")
    second = RiskCoverageDisplay.from_estimator(regressor, *regression, uncertainty="epistemic", ax=first.ax_)
    assert len(legend_texts(second)) == 4  # two curves, one best order and one mean of all rows
    assert second.best_ is first.best_


def test_unknown_losses_and_uncertainties(regressor, regression, binary_classifier, binary):
    with pytest.raises(ValueError, match="uncertainty must be one of 'total', 'aleatoric', 'epistemic', got 'std'"):
        RiskCoverageDisplay.from_estimator(regressor, *regression, uncertainty="std")
    with pytest.raises(ValueError, match="loss must be 'auto', 'zero_one', 'absolute' or 'squared', got 'cubic'"):
        RiskCoverageDisplay.from_estimator(regressor, *regression, loss="cubic")
    with pytest.raises(ValueError, match="loss must be 'zero_one' for labels, got 'absolute'"):
        RiskCoverageDisplay.from_estimator(binary_classifier, *binary, loss="absolute")


def test_parts_of_a_regressor(regressor, regression, legend_texts):
    X, y = regression
    parts = regressor.predict_uncertainty(X)
    expected = np.sqrt(np.column_stack([parts.aleatoric_variance, parts.epistemic_variance]))
    interval = regressor.predict_interval(X)
    outside = (y < interval[:, 0]) | (y > interval[:, 1])
    display = UncertaintyPartsDisplay.from_estimator(regressor, X, y)
    assert_allclose(display.rows_.get_offsets(), expected[~outside])
    assert_allclose(display.failed_.get_offsets(), expected[outside])
    assert f"outside the 90 % interval: {outside.sum()}" in legend_texts(display)
    assert display.ax_.get_xlabel() == "aleatoric standard deviation of pressure"
    assert UncertaintyPartsDisplay.from_estimator(regressor, X).failed_ is None


def test_parts_of_a_classifier(binary_classifier, binary, legend_texts):
    X, y = binary
    parts = binary_classifier.predict_uncertainty(X)
    display = UncertaintyPartsDisplay.from_estimator(binary_classifier, X, y)
    assert_allclose(display.aleatoric, parts.aleatoric_entropy)
    assert_allclose(display.epistemic, parts.mutual_information)
    assert f"wrong class: {(binary_classifier.predict(X) != y).sum()}" in legend_texts(display)


def test_many_parts_are_a_density(legend_texts):
    rng = np.random.default_rng(0)
    display = UncertaintyPartsDisplay.from_predictions(*rng.uniform(size=(2, 20_000)))
    assert isinstance(display.rows_, PolyCollection)
    assert display.rows_.get_array().sum() == 20_000
    assert "rows (20000)" in legend_texts(display)


def test_members_of_a_regressor(regressor, regression, legend_texts):
    X, y = regression
    members = regressor.predict_members(X)
    display = MemberDisagreementDisplay.from_estimator(regressor, X, y)
    assert len(display.members_) == 5
    for points, member in zip(display.members_, members, strict=True):
        expected = np.column_stack([members.mean(axis=0), member - members.mean(axis=0)])
        assert_allclose(points.get_offsets(), expected, atol=1e-12)
    assert legend_texts(display) == ["mean of the members", *(f"member {m}" for m in range(1, 6))]
    assert display.ax_.get_xlabel() == "predicted pressure, mean of the members"


def test_members_of_classifiers(binary_classifier, multiclass_classifier, binary, multiclass):
    members = binary_classifier.predict_members(binary[0])
    display = MemberDisagreementDisplay.from_estimator(binary_classifier, *binary)
    assert_allclose(display.members, members[:, :, 1])
    assert display.ax_.get_xlabel() == "probability of class yes, mean of the members"
    members = multiclass_classifier.predict_members(multiclass[0])
    display = MemberDisagreementDisplay.from_estimator(multiclass_classifier, *multiclass)
    assert_allclose(display.members.mean(axis=0), members.mean(axis=0).max(axis=1))
    display = MemberDisagreementDisplay.from_estimator(multiclass_classifier, *multiclass, pos_label="low")
    assert_allclose(display.members, members[:, :, 1])
    with pytest.raises(ValueError, match=r"pos_label must be one of the classes .* got 'none'"):
        MemberDisagreementDisplay.from_estimator(multiclass_classifier, *multiclass, pos_label="none")


def test_many_members_and_many_rows(legend_texts):
    members = np.random.default_rng(0).standard_normal((20, 50))
    assert legend_texts(MemberDisagreementDisplay.from_predictions(members))[1] == "20 members"
    display = MemberDisagreementDisplay.from_predictions(np.tile(members, (1, 400)))
    assert display.members_[0].get_array().sum() == 20 * 20_000


def test_one_member_cannot_disagree():
    with pytest.raises(ValueError, match=r"at least two members, got \(1, 3\)"):
        MemberDisagreementDisplay.from_predictions([[1.0, 2.0, 3.0]])


def test_training_curve_is_the_history(regressor, legend_texts):
    display = TrainingCurveDisplay.from_estimator(regressor)
    assert_array_equal(display.train_line_.get_data(), (np.arange(1, 6), regressor.loss_curve_))
    assert_array_equal(display.validation_line_.get_ydata(), regressor.validation_curve_)
    best = np.unique(regressor.best_iter_)
    assert_array_equal([line.get_xdata()[0] for line in display.best_lines_], best)
    assert legend_texts(display)[:2] == ["training loss", "validation loss"]
    assert len(legend_texts(display)) == 3


def test_training_curve_of_scikit_learn(regression):
    X, y = regression
    model = MLPRegressor(hidden_layer_sizes=(4,), max_iter=30, tol=1e9, n_iter_no_change=3, random_state=0).fit(X, y)
    display = TrainingCurveDisplay.from_estimator(model)
    assert_array_equal(display.train_line_.get_ydata(), model.loss_curve_)
    assert display.validation_line_ is None
    assert display.ax_.get_ylabel() == "loss"
    with pytest.raises(TypeError, match="estimator must be fitted and have loss_curve_, got MLPRegressor"):
        TrainingCurveDisplay.from_estimator(MLPRegressor())


def test_learning_curves_are_drawn_by_the_display(regressor, regression):
    curves = learning_curves(regressor, *regression)
    display = TrainingCurveDisplay.from_examination(curves)
    assert_array_equal(display.train_line_.get_ydata(), curves.train_loss)
    drawn, again = ({line.get_label() for line in ax.lines} for ax in (display.ax_, curves.plot()))
    assert drawn == again
    assert {"training loss, smoothed", "marginal of y", f"best epoch: {curves.best_epoch}"} <= drawn


def test_learning_rates_are_drawn_by_the_display(regressor, regression):
    found = learning_rate_range_test(regressor, *regression, n_points=15)
    display = LearningRateDisplay.from_estimator(regressor, *regression, n_points=15)
    assert_array_equal(display.train_line_.get_data(), (found.learning_rates, found.smoothed_train_loss))
    assert_array_equal(display.validation_line_.get_ydata(), found.validation_loss)
    assert_array_equal(display.suggested_line_.get_xdata(), [found.suggested_rate] * 2)
    edges = display.bounds_.get_x(), display.bounds_.get_x() + display.bounds_.get_width()
    assert_allclose(edges, found.cyclical_bounds)
    assert {line.get_label() for line in found.plot().lines} == {line.get_label() for line in display.ax_.lines}


def test_curves_of_any_training(legend_texts):
    display = TrainingCurveDisplay.from_predictions([2.0, 1.0, 0.5], [2.5, 1.5, 1.8], best_epochs=2, marginal_loss=2.2)
    assert_array_equal(display.train_line_.get_data(), ([1, 2, 3], [2.0, 1.0, 0.5]))
    assert_array_equal(display.validation_line_.get_ydata(), [2.5, 1.5, 1.8])
    assert [line.get_xdata()[0] for line in display.best_lines_] == [2]
    assert legend_texts(display) == ["training loss", "validation loss", "best epoch: 2", "marginal of y"]


def test_range_test_made_elsewhere(legend_texts):
    rates, losses = [1e-4, 1e-3, 1e-2, 1e-1], [2.0, 1.8, 1.0, np.inf]
    display = LearningRateDisplay.from_predictions(rates, losses, learning_rate_init=1e-3)
    assert_array_equal(display.train_line_.get_data(), (rates, losses))
    assert (display.validation_line_, display.suggested_line_, display.bounds_) == (None, None, None)
    assert legend_texts(display) == ["training loss", "own: 1.0e-03"]
    low, high = display.ax_.get_ylim()  # what falls apart at the last rate is left out
    assert low < 1.0 < 2.0 < high < 3.0
