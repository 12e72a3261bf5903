"""Estimators inside the tools of scikit-learn, and the kinds of input it accepts."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import BaggingRegressor
from sklearn.exceptions import DataConversionWarning
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.multioutput import MultiOutputClassifier, MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures

from uncertainty import MixtureDensity, metrics


def test_works_in_a_pipeline(any_kind, quick, problem):
    X, y = problem(any_kind)
    model = make_pipeline(PolynomialFeatures(2), quick(any_kind)).fit(X, y)
    assert model.predict(X).shape == y.shape
    assert model[-1].n_features_in_ == PolynomialFeatures(2).fit(X).n_output_features_


def test_grid_search_reaches_the_network(any_kind, quick, problem):
    X, y = problem(any_kind)
    model = quick(any_kind, max_iter=3)
    prefix = "estimator__" if hasattr(model, "estimator") else ""
    search = GridSearchCV(model, {f"{prefix}hidden_layer_sizes": [(2,), (4, 3)]}, cv=2).fit(X, y)
    best = search.best_params_[f"{prefix}hidden_layer_sizes"]
    assert search.best_estimator_.members_.mlp.hidden_layer_sizes == best
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_grid_search_reaches_the_options_of_the_head(regressor_kind, quick, regression):
    model = quick(regressor_kind, max_iter=3, head=MixtureDensity())
    name = ("estimator__" if hasattr(model, "estimator") else "") + "head__n_components"
    search = GridSearchCV(model, {name: [1, 2]}, cv=2, scoring=metrics.neg_crps_scorer).fit(*regression)
    n_components = search.best_params_[name]
    assert search.best_estimator_.predict_dist(regression[0]).members.weights.shape[2] == n_components


@pytest.mark.parametrize("scorer", ["neg_log_likelihood_scorer", "neg_crps_scorer", "neg_interval_score_scorer"])
def test_proper_scores_of_regressors_are_scorers(regressor_kind, quick, regression, scorer):
    scores = cross_val_score(quick(regressor_kind, max_iter=3), *regression, cv=2, scoring=getattr(metrics, scorer))
    assert np.isfinite(scores).all()


@pytest.mark.parametrize("scorer", ["neg_log_likelihood_scorer", "neg_brier_scorer"])
def test_proper_scores_of_classifiers_are_scorers(classifier_kind, quick, classification, scorer):
    scores = cross_val_score(
        quick(classifier_kind, max_iter=3), *classification, cv=2, scoring=getattr(metrics, scorer)
    )
    assert np.isfinite(scores).all()


def test_scorers_agree_with_the_predictive(quick, regression, two_classes):
    from uncertainty import DeepEnsembleClassifier, DeepEnsembleRegressor

    X, y = regression
    model = quick(DeepEnsembleRegressor).fit(X, y)
    np.testing.assert_allclose(metrics.neg_log_likelihood_scorer(model, X, y), model.predict_dist(X).logpdf(y).mean())
    np.testing.assert_allclose(metrics.neg_crps_scorer(model, X, y), -model.predict_dist(X).crps(y).mean())
    X, y = two_classes
    model = quick(DeepEnsembleClassifier).fit(X, y)
    np.testing.assert_allclose(metrics.neg_log_likelihood_scorer(model, X, y), model.predict_dist(X).logpmf(y).mean())
    expected = -2 * ((model.predict_proba(X)[:, 1] - y) ** 2).mean()
    np.testing.assert_allclose(metrics.neg_brier_scorer(model, X, y), expected)


def test_the_default_score_is_r2_or_accuracy(any_kind, quick, problem):
    X, y = problem(any_kind)
    model = quick(any_kind).fit(X, y)
    predicted = model.predict(X)
    expected = (
        (predicted == y).mean()
        if hasattr(model, "classes_")
        else 1 - ((predicted - y) ** 2).sum() / ((y - y.mean()) ** 2).sum()
    )
    np.testing.assert_allclose(model.score(X, y), expected)


def test_cross_validation_in_two_processes_gives_the_same_scores(quick, regression):
    from uncertainty import DeepEnsembleRegressor

    model = quick(DeepEnsembleRegressor, max_iter=3)
    two = cross_val_score(model, *regression, cv=2, n_jobs=2)
    np.testing.assert_array_equal(two, cross_val_score(model, *regression, cv=2))


def test_clones_are_unfitted_and_fit_alike(any_kind, quick, problem, answers, assert_same):
    X, y = problem(any_kind)
    model = quick(any_kind).fit(X, y)
    copy = clone(model)
    assert not hasattr(copy, "members_")
    assert_same(answers(copy.fit(X, y), X), answers(model, X))


def test_fit_leaves_the_parameters_alone(any_kind, quick, problem):
    model = quick(any_kind)
    before = {name: repr(value) for name, value in model.get_params().items()}
    model.fit(*problem(any_kind))
    assert {name: repr(value) for name, value in model.get_params().items()} == before


@pytest.mark.parametrize("normalization", [None, "batch"])
def test_pickles_predict_the_same(any_kind, quick, problem, answers, assert_same, normalization):
    X, y = problem(any_kind)
    model = quick(any_kind, normalization=normalization).fit(X, y)
    assert_same(answers(pickle.loads(pickle.dumps(model)), X), answers(model, X))


def test_data_frames_keep_their_names_and_change_nothing(any_kind, quick, problem, answers, assert_same):
    X, y = problem(any_kind)
    frame = pd.DataFrame(X, columns=[f"column {i}" for i in range(X.shape[1])])
    model = quick(any_kind).fit(frame, pd.Series(y))
    assert list(model.feature_names_in_) == list(frame.columns)
    assert_same(answers(model, frame), answers(quick(any_kind).fit(X, y), X))
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame.rename(columns={"column 0": "other"}))


def test_lists_integers_and_float32_are_accepted(any_kind, quick, problem):
    X, y = problem(any_kind)
    whole = np.round(4 * X)
    expected = quick(any_kind).fit(whole, y).predict(whole)
    for inputs in (whole.astype(int), whole.astype(np.float32), whole.tolist()):
        np.testing.assert_array_equal(quick(any_kind).fit(inputs, y.tolist()).predict(inputs), expected)


LABELS = {
    "strings": np.array(["ash", "birch", "cedar"]),
    "objects": np.array(["ash", "birch", "cedar"], dtype=object),
    "negative": np.array([-7, -2, 0]),
    "with gaps": np.array([5, 7, 1000]),
    "floats": np.array([1.0, 2.0, 4.0]),
}


@pytest.mark.parametrize("labels", LABELS)
def test_the_kind_of_labels_changes_no_probability(classifier_kind, quick, classification, labels):
    X, y = classification
    expected = quick(classifier_kind).fit(X, y)
    model = quick(classifier_kind).fit(X, LABELS[labels][y])
    np.testing.assert_array_equal(model.predict_proba(X), expected.predict_proba(X))
    np.testing.assert_array_equal(model.predict(X), LABELS[labels][expected.predict(X)])
    np.testing.assert_array_equal(model.classes_, LABELS[labels])


@pytest.mark.parametrize("labels", [[False, True], ["no", "yes"], [5, 7], [-1, 1]], ids=str)
def test_the_kind_of_two_labels_changes_no_probability(classifier_kind, quick, two_classes, labels):
    X, y = two_classes
    expected = quick(classifier_kind).fit(X, y).predict_proba(X)
    model = quick(classifier_kind).fit(X, np.array(labels)[y])
    np.testing.assert_array_equal(model.predict_proba(X), expected)
    assert set(model.predict(X)) <= set(labels)


def test_a_relabelling_in_another_order_permutes_the_columns(classifier_kind, quick, classification):
    # Class codes follow the sorted labels; the networks differ, so only the accuracy can be compared.
    X, y = classification
    model = quick(classifier_kind, max_iter=60).fit(X, np.array(["c", "a", "b"])[y])
    assert model.score(X, np.array(["c", "a", "b"])[y]) > 0.7


def test_a_column_as_target_warns_and_is_a_vector(any_kind, quick, problem):
    X, y = problem(any_kind)
    with pytest.warns(DataConversionWarning, match="column-vector y was passed"):
        model = quick(any_kind).fit(X, y[:, None])
    np.testing.assert_array_equal(model.predict(X), quick(any_kind).fit(X, y).predict(X))


def test_bagging_and_multi_output_wrap_a_regressor(regressor_kind, quick, regression, three_targets):
    bagging = BaggingRegressor(quick(regressor_kind, max_iter=3), n_estimators=2, random_state=0).fit(*regression)
    assert np.isfinite(bagging.predict(regression[0])).all()
    X, Y = three_targets
    separate = MultiOutputRegressor(quick(regressor_kind, max_iter=3)).fit(X, Y)
    np.testing.assert_array_equal(
        separate.predict(X)[:, 0], quick(regressor_kind, max_iter=3).fit(X, Y[:, 0]).predict(X)
    )


def test_multi_output_wraps_a_classifier(classifier_kind, quick, classification):
    X, y = classification
    model = MultiOutputClassifier(quick(classifier_kind, max_iter=3)).fit(X, np.column_stack([y, y == 1]))
    assert model.predict(X).shape == (90, 2)


@pytest.mark.parametrize("method", ["temperature", "sigmoid", "isotonic"])
def test_calibration_wraps_a_classifier(classifier_kind, quick, classification, two_classes, method):
    for X, y in (classification, two_classes):
        model = CalibratedClassifierCV(quick(classifier_kind, max_iter=3), method=method, cv=2).fit(X, y)
        np.testing.assert_allclose(model.predict_proba(X).sum(1), 1.0)


def test_temperature_keeps_the_most_probable_class(quick, classification):
    from sklearn.frozen import FrozenEstimator

    from uncertainty import DeepEnsembleClassifier

    X, y = classification
    model = quick(DeepEnsembleClassifier).fit(X, y)
    calibrated = CalibratedClassifierCV(FrozenEstimator(model), method="temperature").fit(X, y)
    np.testing.assert_array_equal(calibrated.predict(X), model.predict(X))
