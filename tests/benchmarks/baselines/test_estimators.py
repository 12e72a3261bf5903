"""Every baseline fits and answers on real tables; what each adds to its model is worked out again here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_diabetes, load_wine
from sklearn.linear_model import BayesianRidge, LinearRegression
from sklearn.model_selection import KFold
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from benchmarks.baselines import BASELINES, PEERS, missing_peers_note, peers
from benchmarks.baselines.boosted_quantiles import BoostedQuantileRegressor
from benchmarks.baselines.constant_variance import ConstantVarianceRegressor
from benchmarks.baselines.gaussian_process import SubsampledGaussianProcessRegressor
from benchmarks.baselines.sklearn_classification import TemperatureScaledClassifier
from benchmarks.baselines.sklearn_regression import ScaledBayesianRidge
from benchmarks.datasets import Task
from benchmarks.method import Method
from benchmarks.methods import METHODS
from uncertainty import metrics


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """On so few rows the threads of gradient boosting wait for each other, for most of the time on a busy machine."""
    with threadpool_limits(1):
        yield


def diabetes() -> tuple[Any, Any, Any, Any]:
    X, y = load_diabetes(return_X_y=True)
    return X[:120], y[:120], X[120:180], y[120:180]


def quietly(method: Method) -> pytest.MarkDecorator | tuple[()]:
    """Return the mark that keeps the warnings of other packages from failing a test."""
    return pytest.mark.filterwarnings("ignore") if method.group == "peer" else ()


def cases(task: Task) -> list[Any]:
    """Return the methods of a task as parameters of a test."""
    return [pytest.param(m, id=m.name, marks=quietly(m)) for m in BASELINES if m.supports(task)]


@pytest.mark.parametrize("method", cases("regression"))
def test_every_regressor_forecasts_and_repeats_itself(method: Method) -> None:
    X, y, X_test, y_test = diabetes()
    model, twin = (method.make("regression", 5).fit(X, y) for _ in range(2))
    dist = model.predict_dist(X_test)
    np.testing.assert_array_equal(twin.predict_dist(X_test).crps(y_test), dist.crps(y_test))
    np.testing.assert_allclose(model.predict(X_test), dist.mean())
    assert (dist.std() > 0).all()
    assert dist.crps(y_test).mean() < 43  # of the marginal distribution: 44
    assert np.isfinite(dist.logpdf(y_test)).all() or np.isnan(dist.logpdf(y_test)).all()
    if method.group == "baseline":
        low, high = dist.interval(0.9).T
        assert np.mean((low <= y_test) & (y_test <= high)) > 0.75  # four standard errors below 0.9
    if hasattr(model, "predict_uncertainty"):
        split = model.predict_uncertainty(X_test)
        assert (split.aleatoric_variance > 0).all()
        assert (split.epistemic_variance >= 0).all()
        np.testing.assert_allclose(split.aleatoric_variance + split.epistemic_variance, dist.std() ** 2)


@pytest.mark.parametrize("method", cases("classification"))
def test_every_classifier_gives_probabilities_and_repeats_itself(method: Method) -> None:
    X, labels = load_wine(return_X_y=True)
    y = np.array([20, 7, 11])[labels]  # not numbered from 0, not in order
    test = np.arange(len(y)) % 4 == 0
    model, twin = (method.make("classification", 5).fit(X[~test], y[~test]) for _ in range(2))
    proba = model.predict_proba(X[test])
    np.testing.assert_array_equal(twin.predict_proba(X[test]), proba)
    np.testing.assert_array_equal(model.classes_, [7, 11, 20])
    np.testing.assert_allclose(proba.sum(axis=1), 1.0, atol=1e-6)
    assert np.mean(model.classes_[proba.argmax(axis=1)] == y[test]) > 0.85
    if method.group == "baseline":
        assert metrics.log_loss(y[test], proba, labels=model.classes_) < 0.35


def test_names_are_unique_and_groups_right() -> None:
    names = [method.name for method in BASELINES]
    assert len(set(names)) == len(names)
    assert {method.group for method in BASELINES} <= {"baseline", "peer"}
    assert len([method for method in BASELINES if method.group == "baseline"]) == 11
    assert all(METHODS[method.name] is method for method in BASELINES)


def test_missing_peers_are_left_out_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "is_installed", lambda package: package == "ngboost")
    assert [method.name for method in peers.installed_peers()] == ["ngboost"]
    note = missing_peers_note()
    assert note is not None
    assert note.startswith("Left out: realmlp, realmlp_proper_score, catboost_virtual. ")
    assert note.endswith("pytabkit catboost")
    monkeypatch.setattr(peers, "is_installed", lambda package: True)
    assert missing_peers_note() is None
    assert peers.installed_peers() == tuple(method for methods in PEERS.values() for method in methods)


def test_constant_variance_comes_from_rows_left_out() -> None:
    X, y, X_test, _ = diabetes()
    model = ConstantVarianceRegressor(LinearRegression(), random_state=3).fit(X, y)
    squares = []
    for rest, fold in KFold(5, shuffle=True, random_state=3).split(X):
        squares.extend((y[fold] - LinearRegression().fit(X[rest], y[rest]).predict(X[fold])) ** 2)
    assert model.std_ == pytest.approx(np.sqrt(np.mean(squares)))
    np.testing.assert_allclose(model.predict(X_test), LinearRegression().fit(X, y).predict(X_test))


def test_bayesian_ridge_has_the_variance_of_scikit_learn() -> None:
    X, y, X_test, _ = diabetes()
    scaler = StandardScaler().fit(X)
    ridge = BayesianRidge().fit(scaler.transform(X), y)
    mean, std = ridge.predict(scaler.transform(X_test), return_std=True)
    model = ScaledBayesianRidge().fit(X, y)
    dist = model.predict_dist(X_test)
    np.testing.assert_allclose(model.predict_uncertainty(X_test).aleatoric_variance, 1 / ridge.alpha_)
    np.testing.assert_allclose(dist.mean(), mean)
    np.testing.assert_allclose(dist.std(), std)


def test_gaussian_process_draws_its_rows_and_finds_the_noise() -> None:
    generator = np.random.default_rng(0)
    X = generator.uniform(-2, 2, (300, 1))
    y = 10 * np.sin(2 * X[:, 0]) + generator.standard_normal(300)
    model = SubsampledGaussianProcessRegressor(max_rows=150, random_state=1).fit(X, y)
    assert model.process_.X_train_.shape == (150, 1)
    split = model.predict_uncertainty(np.array([[0.5], [8.0]]))
    assert split.aleatoric_variance[0] == pytest.approx(1.0, rel=0.35)  # five standard errors
    assert split.epistemic_variance[0] < 0.2
    assert split.epistemic_variance[1] > 10.0
    assert split.mean[0] == pytest.approx(10 * np.sin(1.0), abs=1.0)


def test_boosted_quantiles_have_a_model_for_each_level() -> None:
    X, y, X_test, _ = diabetes()
    model = BoostedQuantileRegressor(levels=(0.1, 0.5, 0.9), random_state=0).fit(X, y)
    assert [m.quantile for m in model.quantile_models_] == [0.1, 0.5, 0.9]
    share_below = np.mean(y[:, None] <= model.predict_quantiles(X), axis=0)
    np.testing.assert_allclose(share_below, [0.1, 0.5, 0.9], atol=0.05)
    np.testing.assert_array_equal(model.predict_dist(X_test).mean(), model.mean_model_.predict(X_test))


class OverconfidentClassifier(ClassifierMixin, BaseEstimator):
    """True logits of three classes, four times too large."""

    def fit(self, X: NDArray[Any], y: NDArray[Any]) -> OverconfidentClassifier:
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X: NDArray[Any]) -> NDArray[Any]:
        return softmax(4 * X, axis=1)

    def predict(self, X: NDArray[Any]) -> NDArray[Any]:
        return self.classes_[X.argmax(axis=1)]


def test_temperature_undoes_overconfidence_whatever_the_labels_are() -> None:
    generator = np.random.default_rng(0)
    X = generator.standard_normal((4000, 3))
    index = (generator.uniform(size=(4000, 1)) > softmax(X, axis=1).cumsum(axis=1)).sum(axis=1)
    for labels in (np.array([0, 1, 2]), np.array([1, 2, 3]), np.array(["a", "b", "c"])):
        y = labels[index]
        plain = OverconfidentClassifier().fit(X, y)
        cooled = TemperatureScaledClassifier(OverconfidentClassifier()).fit(X[:2000], y[:2000])
        before, after = (metrics.log_loss(y[2000:], m.predict_proba(X[2000:])) for m in (plain, cooled))
        assert after < before - 0.2
        assert cooled.calibrated_.calibrated_classifiers_[0].calibrators[0].beta_ == pytest.approx(0.25, rel=0.1)
        np.testing.assert_array_equal(cooled.predict(X), labels[X.argmax(axis=1)])
