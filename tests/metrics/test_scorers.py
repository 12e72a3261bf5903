"""Scorers inside scikit-learn's search, their sign, and the imports of the package."""

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from uncertainty import metrics
from uncertainty.metrics import pointwise


class NormalDist:
    def __init__(self, mean, std):
        self.loc, self.scale = mean, std

    def logpdf(self, y):
        return stats.norm.logpdf(y, self.loc, self.scale)

    def crps(self, y):
        return pointwise.normal_crps(y, self.loc, self.scale)


class NormalRidge(Ridge):
    """A ridge regression with a constant, user-chosen spread."""

    def __init__(self, spread=1.0):
        super().__init__()
        self.spread = spread

    def predict_dist(self, X):
        return NormalDist(self.predict(X), np.full(len(X), self.spread))

    def predict_interval(self, X, coverage):
        half = stats.norm.ppf(0.5 + coverage / 2) * self.spread
        return np.column_stack([self.predict(X) - half, self.predict(X) + half])


@pytest.fixture(scope="module")
def regression():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 3))
    return X, X @ [1.0, -2.0, 0.5] + 10.0 + rng.normal(scale=0.5, size=200)


@pytest.fixture(scope="module")
def classification():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(150, 2))
    return X, np.array(["blue", "green", "red"])[np.digitize(X[:, 0] + 0.5 * rng.normal(size=150), [-0.5, 0.5])]


@pytest.mark.parametrize(
    ("name", "loss"),
    [
        ("neg_log_likelihood_scorer", metrics.negative_log_likelihood),
        ("neg_crps_scorer", metrics.crps_score),
        ("neg_interval_score_scorer", lambda y, m: metrics.interval_score(y, m, 0.9)),
    ],
)
def test_a_search_finds_the_honest_spread(regression, name, loss):
    X, y = regression
    scorer = getattr(metrics, name)
    search = GridSearchCV(NormalRidge(), {"spread": [0.1, 0.5, 3.0]}, scoring=scorer, error_score="raise").fit(X, y)
    assert search.best_params_ == {"spread": 0.5}
    model = search.best_estimator_
    prediction = model.predict_interval(X, 0.9) if "interval" in name else model.predict_dist(X)
    assert scorer(model, X, y) == -loss(y, prediction) < 0


def test_brier_in_cross_validation(classification):
    X, y = classification
    model = LogisticRegression()
    scores = cross_val_score(model, X, y, scoring=metrics.neg_brier_scorer, error_score="raise")
    assert_allclose(scores, cross_val_score(model, X, y, scoring="neg_brier_score"))
    fitted = model.fit(X, y)
    expected = -metrics.brier_score(y, fitted.predict_proba(X))
    assert_allclose(metrics.neg_brier_scorer(fitted, X, y), expected)
    one_class = y == "red"  # the labels come from the model, not from the rows scored
    assert metrics.neg_brier_scorer(fitted, X[one_class], y[one_class]) < 0


def test_weights_reach_the_score(regression):
    X, y = regression
    model = NormalRidge(0.5).fit(X, y)
    weight = np.where(np.abs(y - model.predict(X)) > 0.5, 1.0, 0.0)
    for name in ("neg_log_likelihood_scorer", "neg_crps_scorer", "neg_interval_score_scorer"):
        scorer = getattr(metrics, name)
        assert_allclose(scorer(model, X, y, weight), scorer(model, X[weight > 0], y[weight > 0]))
        assert scorer(model, X, y, sample_weight=weight) < scorer(model, X, y)


@pytest.mark.parametrize("name", ["neg_log_likelihood_scorer", "neg_crps_scorer", "neg_interval_score_scorer"])
def test_pipelines_and_searches_are_scored_like_the_model_in_them(regression, name):
    X, y = regression
    scorer = getattr(metrics, name)
    pipe = make_pipeline(FunctionTransformer(np.negative), StandardScaler(), NormalRidge()).fit(X, y)
    expected = scorer(pipe[-1], pipe[:-1].transform(X), y)
    assert scorer(pipe, X, y) == scorer(make_pipeline(pipe), X, y) == expected
    search = GridSearchCV(pipe, {"normalridge__spread": [0.1, 0.5]}, scoring=scorer, error_score="raise").fit(X, y)
    assert search.best_params_ == {"normalridge__spread": 0.5}
    assert scorer(search, X, y) == scorer(search.best_estimator_, X, y)
    nested = cross_val_score(search, X, y, scoring=scorer, cv=2, error_score="raise")
    assert (nested > cross_val_score(pipe.set_params(normalridge__spread=3.0), X, y, scoring=scorer, cv=2)).all()


def test_the_likelihood_of_classifiers_that_give_probabilities_alone(classification):
    X, y = classification
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
    weight = np.linspace(0.0, 2.0, len(y))
    expected = -metrics.log_loss(y, model.predict_proba(X), sample_weight=weight)
    assert metrics.neg_log_likelihood_scorer(model, X, y, sample_weight=weight) == expected
    one_class = y == "red"
    assert metrics.neg_log_likelihood_scorer(model, X[one_class], y[one_class]) < 0


def test_they_pickle():
    for name in metrics.__all__:
        assert pickle.loads(pickle.dumps(getattr(metrics, name))) is getattr(metrics, name)


def test_models_without_the_method_are_refused(regression):
    X, y = regression
    for name, method in [
        ("neg_log_likelihood_scorer", "predict_dist"),
        ("neg_crps_scorer", "predict_dist"),
        ("neg_interval_score_scorer", "predict_interval"),
        ("neg_brier_scorer", "predict_proba"),
    ]:
        for model in (Ridge(), make_pipeline(StandardScaler(), Ridge())):
            with pytest.raises(TypeError, match=f"estimator must have a method {method}, got (Ridge|Pipeline)"):
                getattr(metrics, name)(model.fit(X, y), X, y)


def test_the_package_needs_numpy_and_scipy_only():
    heavy = "torch", "sklearn", "pandas", "matplotlib"
    code = f"import sys, uncertainty.metrics; print([m for m in {heavy} if m in sys.modules])"
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert done.stdout.strip() == "[]"
