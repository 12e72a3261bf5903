"""Our estimators inside scikit-learn's: each test compares a number with what it has to be."""

import numpy as np
import pytest
from scipy.special import logit
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import BaggingRegressor, StackingRegressor, VotingRegressor
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.frozen import FrozenEstimator
from sklearn.impute import IterativeImputer
from sklearn.inspection import PartialDependenceDisplay, partial_dependence, permutation_importance
from sklearn.linear_model import LinearRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    RandomizedSearchCV,
    cross_val_predict,
    cross_val_score,
    learning_curve,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from uncertainty import Gaussian
from uncertainty.metrics import neg_crps_scorer

# -- ensembles -------------------------------------------------------------------------------------------------------


def test_stacking_trusts_the_network_where_a_line_cannot_follow(made, network):
    X, _ = made
    y = np.sin(4.0 * X["wave"])
    stack = StackingRegressor([("network", network), ("line", LinearRegression())], LinearRegression(), cv=3).fit(X, y)
    np.testing.assert_allclose(stack.transform(X)[:, 0], clone(network).fit(X, y).predict(X))
    of_network, of_line = stack.final_estimator_.coef_
    assert of_network > 0.7 > 0.3 > abs(of_line)
    assert stack.score(X, y) > LinearRegression().fit(X, y).score(X, y) + 0.2


def test_voting_is_the_average_of_its_models(made, network):
    X, y = made
    vote = VotingRegressor([("network", network), ("line", LinearRegression())], weights=[3, 1]).fit(X, y)
    expected = 0.75 * clone(network).fit(X, y).predict(X) + 0.25 * LinearRegression().fit(X, y).predict(X)
    np.testing.assert_allclose(vote.predict(X), expected)


def test_bagging_fits_each_network_to_its_own_rows_and_columns(made, network):
    X, y = (values.to_numpy() for values in made)
    bag = BaggingRegressor(network, n_estimators=2, max_features=2, random_state=0).fit(X, y)
    alone = []
    for model, rows, columns in zip(bag.estimators_, bag.estimators_samples_, bag.estimators_features_, strict=True):
        counts = np.bincount(rows, minlength=len(y)).astype(float)
        again = clone(network).set_params(random_state=model.random_state).fit(X[:, columns], y, counts)
        alone.append(again.predict(X[:, columns]))
    np.testing.assert_allclose(bag.predict(X), np.mean(alone, axis=0))
    assert np.abs(alone[0] - alone[1]).max() > 0.01


# -- calibration, imputation, targets --------------------------------------------------------------------------------


def test_temperature_scaling_divides_our_log_odds_by_one_number(made, classifier):
    X, y = made
    labels = np.where(y > 0, "up", "down")
    model = clone(classifier).fit(X[:200], labels[:200])
    calibrated = CalibratedClassifierCV(FrozenEstimator(model), method="temperature").fit(X[200:], labels[200:])
    proba = calibrated.predict_proba(X)
    temperature = model.decision_function(X) / logit(proba[:, 1])
    np.testing.assert_allclose(temperature, temperature[0], rtol=1e-6)
    raw, mended = (log_loss(labels[200:], p[200:]) for p in (model.predict_proba(X), proba))
    assert mended < raw


def test_imputed_values_scatter_as_much_as_the_data(network):
    rng = np.random.default_rng(0)
    first = rng.standard_normal(500)
    second = first + 0.5 * rng.standard_normal(500)
    rows = np.column_stack([first, np.where(np.arange(500) < 250, np.nan, second)])
    drawn, plain = (
        IterativeImputer(network, sample_posterior=sample, max_iter=1, tol=1e9, random_state=0).fit_transform(rows)
        for sample in (True, False)
    )
    assert np.std((drawn - rows)[250:]) == 0.0
    assert 0.4 < np.std(drawn[:250, 1] - first[:250]) < 0.65
    assert np.std(plain[:250, 1] - first[:250]) < 0.25


def test_a_transformed_target_keeps_quantiles_and_refuses_a_std(made, network):
    X, y = made
    model = TransformedTargetRegressor(network, func=np.log, inverse_func=np.exp).fit(X[:300], np.exp(y[:300]))
    np.testing.assert_allclose(model.predict(X), np.exp(model.regressor_.predict(X)))
    lower, upper = np.exp(model.regressor_.predict_interval(X[300:], 0.8)).T
    assert 0.7 < np.mean((lower <= np.exp(y[300:])) & (np.exp(y[300:]) <= upper)) < 0.9
    with pytest.raises(AttributeError):  # exp of a standard deviation would be a number without a meaning
        model.predict(X, return_std=True)


# -- searches and folds ----------------------------------------------------------------------------------------------

HEADS = [Gaussian(variance="constant"), Gaussian(variance="learned")]


@pytest.mark.parametrize("search", [GridSearchCV, RandomizedSearchCV])
def test_a_search_by_crps_finds_the_noise_that_r2_cannot_see(made, network, search):
    model = make_pipeline(StandardScaler(), network)
    options = {"n_iter": 2, "random_state": 0} if search is RandomizedSearchCV else {}
    found = search(
        model, {"probabilisticmlpregressor__head": HEADS}, scoring=neg_crps_scorer, cv=2, refit=False, **options
    ).fit(*made)
    assert found.best_params_["probabilisticmlpregressor__head"].variance == "learned"
    best = model.set_params(probabilisticmlpregressor__head=HEADS[1])
    np.testing.assert_allclose(found.best_score_, cross_val_score(best, *made, cv=2, scoring=neg_crps_scorer).mean())


def test_rows_are_predicted_by_models_that_have_not_seen_them(made, network):
    X, y = made
    folds = list(KFold(2).split(X))
    expected = np.empty(len(y))
    for fit, held_out in folds:
        expected[held_out] = clone(network).fit(X.iloc[fit], y.iloc[fit]).predict(X.iloc[held_out])
    np.testing.assert_array_equal(cross_val_predict(network, X, y, cv=folds), expected)


def test_probabilities_of_held_out_rows_are_in_the_order_of_the_classes(made, classifier):
    X, y = made
    labels = np.where(y > 0, "up", "down")
    proba = cross_val_predict(classifier, X, labels, cv=2, method="predict_proba")
    np.testing.assert_allclose(proba.sum(axis=1), 1.0)
    assert np.mean((proba[:, 1] > 0.5) == (labels == "up")) > 0.75


def test_a_learning_curve_rises_with_the_rows(made, network):
    sizes, _, scores = learning_curve(
        network, *made, train_sizes=[20, 200], cv=2, scoring=neg_crps_scorer, shuffle=True, random_state=0
    )
    assert sizes.tolist() == [20, 200]
    assert np.diff(scores.mean(axis=1)) > 0.02


# -- inspection ------------------------------------------------------------------------------------------------------


def test_permuting_a_column_costs_what_it_tells(made, fitted):
    X, y = made[0][300:], made[1][300:]
    by_crps = permutation_importance(fitted, X, y, scoring=neg_crps_scorer, n_repeats=10, random_state=0)
    by_r2 = permutation_importance(fitted, X, y, n_repeats=10, random_state=0)
    wave, noise, nothing = by_crps.importances_mean
    assert wave > 5 * noise > 10 * abs(nothing)  # a score of the distribution sees what the noise depends on
    assert by_r2.importances_mean[0] > 0.3 > 0.05 > by_r2.importances_mean[1]


def test_partial_dependence_is_the_average_over_the_other_columns(made, fitted):
    X = made[0][:50]
    result = partial_dependence(fitted, X, ["wave"], grid_resolution=5)
    (grid,) = result["grid_values"]
    expected = [fitted.predict(X.assign(wave=value)).mean() for value in grid]
    np.testing.assert_allclose(result["average"][0], expected)
    np.testing.assert_allclose(expected, 2.0 * grid, atol=0.4)
    display = PartialDependenceDisplay.from_estimator(fitted, X, ["wave"], grid_resolution=5)
    np.testing.assert_allclose(display.lines_[0, 0].get_ydata(), expected)
