"""Every conformity score: its intervals hold exactly what scores at most the threshold."""

import numpy as np
import pytest
from scipy import stats
from sklearn.linear_model import LinearRegression

from uncertainty.calibration.conformity_scores import SCORES

COVERAGE = 0.8


@pytest.fixture(params=sorted(SCORES))
def score(request):
    return SCORES[request.param]


@pytest.fixture(params=[None, 2], ids=["one target", "two targets"])
def fitted(request, draw, ensemble):
    X, y = draw(80, n_targets=request.param, heteroscedastic=True)
    return ensemble.set_params(n_estimators=2, bootstrap=False).fit(X, y), X, y.reshape(80, -1)


def test_an_interval_holds_what_scores_at_most_its_threshold(score, fitted):
    model, X, y = fitted
    view = score.view(model, X)
    scores = score.scores(view, y, COVERAGE)
    assert scores.shape == y.shape
    thresholds = np.quantile(scores, [0.2, 0.5, 0.9])
    lower, upper = score.ends(view, thresholds[None, None], COVERAGE)
    inside = (lower <= y[..., None]) & (y[..., None] <= upper)
    np.testing.assert_array_equal(inside, scores[..., None] <= thresholds)


def test_thresholds_of_each_row_and_target(score, fitted):
    model, X, y = fitted
    view = score.view(model, X)
    thresholds = score.scores(view, y, COVERAGE)[..., None]
    lower, upper = score.ends(view, thresholds, COVERAGE)
    assert lower.shape == upper.shape == thresholds.shape
    # Each y lies on the edge of its own interval.
    edge = np.minimum(np.abs(y - lower[..., 0]), np.abs(y - upper[..., 0]))
    empty = lower == upper
    np.testing.assert_allclose(edge[~empty[..., 0]], 0.0, atol=1e-6)


def test_a_larger_threshold_gives_a_larger_interval_up_to_the_whole_line(score, fitted):
    model, X, y = fitted
    view = score.view(model, X)
    scores = np.sort(score.scores(view, y, COVERAGE), axis=0).T[None]  # the same Q thresholds for every row
    thresholds = np.concatenate([scores, np.full((*scores.shape[:2], 1), np.inf)], axis=2)
    lower, upper = score.ends(view, thresholds, COVERAGE)
    assert (lower <= upper).all()
    assert (np.diff(lower[..., :-1], axis=2) <= 0).all()
    assert (np.diff(upper[..., :-1], axis=2) >= 0).all()
    assert (lower[..., -1] == -np.inf).all()
    assert (upper[..., -1] == np.inf).all()


def test_the_view_of_a_predictive_is_that_of_its_model(score, fitted):
    model, X, y = fitted
    scores = (score.scores(view, y, COVERAGE) for view in (score.view(model, X), score.view_of(model.predict_dist(X))))
    np.testing.assert_allclose(*scores, rtol=1e-12)


def test_scores_of_a_normal_distribution(fitted, network):
    _, X, y = fitted
    model = network.fit(X, y[:, 0] if y.shape[1] == 1 else y)
    mean, std = (a.reshape(y.shape) for a in model.predict(X, return_std=True))
    of = {name: score.scores(score.view(model, X), y, COVERAGE) for name, score in SCORES.items()}
    np.testing.assert_allclose(of["absolute"], np.abs(y - mean))
    np.testing.assert_allclose(of["normalized"], np.abs(y - mean) / std)
    np.testing.assert_allclose(of["pit"] + 0.5, np.abs(stats.norm.cdf(y, mean, std) - 0.5), atol=1e-12)
    np.testing.assert_allclose(of["quantile"], np.abs(y - mean) - stats.norm.isf(0.1) * std, atol=1e-12)


def test_pit_is_exact_where_the_cdf_is_1_in_floating_point(fitted):
    model, X, y = fitted
    score, view = SCORES["pit"], model.predict_dist(X)
    mean, std = (a.reshape(y.shape) for a in model.predict(X, return_std=True))
    far = mean + 12.0 * std
    thresholds = score.scores(view, far, None)[..., None]
    assert (thresholds < 0.0).all()
    _, upper = score.ends(view, thresholds, None)
    np.testing.assert_allclose(upper[..., 0], far, rtol=1e-8)


def test_pit_of_an_impossible_observation_gives_the_whole_line(fitted):
    model, X, y = fitted
    score, view = SCORES["pit"], model.predict_dist(X)
    lower, upper = score.ends(view, score.scores(view, np.full_like(y, 1e9), None)[..., None], None)
    assert (lower == -np.inf).all()
    assert (upper == np.inf).all()


def test_a_standard_deviation_of_zero():
    score = SCORES["normalized"]
    view = np.zeros((2, 1)), np.zeros((2, 1))
    np.testing.assert_array_equal(score.scores(view, np.array([[0.0], [1.0]]), None), [[0.0], [np.inf]])
    lower, upper = score.ends(view, np.array([[[3.0, np.inf]]]), None)
    np.testing.assert_array_equal(lower, [[[0.0, -np.inf]]] * 2)
    np.testing.assert_array_equal(upper, [[[0.0, np.inf]]] * 2)


@pytest.mark.parametrize("name", ["normalized", "pit", "quantile"])
def test_a_model_that_predicts_too_little(name):
    model = LinearRegression().fit([[0.0], [1.0]], [0.0, 1.0])
    with pytest.raises(
        TypeError, match=rf"conformity_score='{name}' needs an estimator with predict.*LinearRegression"
    ):
        SCORES[name].view(model, [[0.0]])
