"""Recalibrated classifiers: known distortions undone, the decomposition, labels of any type, and clear refusals."""

import pickle

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.ensemble import RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import log_loss
from sklearn.model_selection import GroupKFold, LeaveOneGroupOut, PredefinedSplit

from uncertainty import DeepEnsembleClassifier, ProbabilisticMLPClassifier, RecalibratedClassifier
from uncertainty.metrics import expected_calibration_error

METHODS = ("vector", "matrix", "dirichlet")
methods = pytest.mark.parametrize("method", METHODS)
FULL = np.array([[0.6, 0.3, 0.0], [0.0, 0.4, 0.0], [0.3, 0.0, 0.7]])
DIAGONAL = np.diag(np.diag(FULL))
INTERCEPT = np.array([0.5, 0.0, -0.5])


@methods
def test_a_known_distortion_is_undone(stated_logits, logit_rows, method):
    matrix = DIAGONAL if method == "vector" else FULL
    X, y = logit_rows(matrix, INTERCEPT, n=4000)
    model = RecalibratedClassifier(stated_logits(), method=method, random_state=0).fit(X, y)
    log_proba = np.log(model.estimator_.predict_proba(X))
    truth = softmax(log_proba @ matrix.T + INTERCEPT, axis=1)
    raw_error = np.abs(model.estimator_.predict_proba(X) - truth).mean()
    # With 4000 rows and at most 12 numbers the standard error of a probability is about 0.5 sqrt(12 / 4000) = 0.03.
    assert np.abs(model.predict_proba(X) - truth).mean() < 0.03 < 0.3 * raw_error
    assert model.recalibrated_nll_ < model.raw_nll_ - 0.05
    X_new, y_new = logit_rows(matrix, INTERCEPT, n=4000, seed=1)
    after = expected_calibration_error(y_new, model.predict_proba(X_new))
    assert after < 0.4 * expected_calibration_error(y_new, model.estimator_.predict_proba(X_new))


@methods
def test_probabilities_that_are_right_hardly_change(stated_logits, logit_rows, method):
    X, y = logit_rows(np.eye(3), np.zeros(3), n=4000)
    model = RecalibratedClassifier(stated_logits(), method=method, random_state=0).fit(X, y)
    assert np.abs(model.predict_proba(X) - model.estimator_.predict_proba(X)).mean() < 0.03


@pytest.mark.parametrize("labels", [["b", "a", "c"], [3, 7, 9], [-1, 0, 1], [True, False]], ids=str)
def test_labels_of_any_type(labels):
    rng = np.random.default_rng(0)
    codes = np.arange(90) % len(labels)
    X, y = rng.standard_normal((90, 2)) + 2.0 * np.eye(3)[codes][:, :2], np.array(labels)[codes]
    network = ProbabilisticMLPClassifier((8,), max_iter=10, random_state=0)
    model = RecalibratedClassifier(network, cv=3, random_state=0).fit(X, y)
    np.testing.assert_array_equal(model.classes_, np.unique(y))
    proba = model.predict_proba(X)
    np.testing.assert_allclose(proba.sum(axis=1), 1.0, rtol=1e-12)
    np.testing.assert_allclose(np.exp(model.predict_log_proba(X)), proba)
    np.testing.assert_array_equal(model.predict(X), model.classes_[proba.argmax(axis=1)])
    decision = model.decision_function(X)
    assert decision.shape == ((90,) if len(labels) == 2 else (90, 3))
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict_proba(X), proba)


@methods
def test_integer_weights_are_repetitions(stated_logits, logit_rows, method):
    X, y = logit_rows(FULL, INTERCEPT, n=200)

    class Weighted(stated_logits):
        def fit(self, X, y, sample_weight=None):
            return super().fit(X, y)

    weight = np.random.default_rng(0).integers(0, 4, 200)
    group, kept = np.arange(200) % 5, np.repeat(np.arange(200), weight)
    estimator = RecalibratedClassifier(Weighted(), method=method, cv=LeaveOneGroupOut())
    weighted = estimator.fit(X, y, sample_weight=weight, groups=group)
    expected, nll = weighted.predict_proba(X), weighted.recalibrated_nll_
    assert weighted.n_calibration_rows_ == np.count_nonzero(weight)
    repeated = estimator.fit(X[kept], y[kept], groups=group[kept])
    np.testing.assert_allclose(repeated.predict_proba(X), expected, atol=1e-6)
    np.testing.assert_allclose(repeated.recalibrated_nll_, nll, rtol=1e-9)


def test_the_decomposition_keeps_the_raw_shares():
    rng = np.random.default_rng(0)
    y = np.arange(120) % 3
    X = rng.standard_normal((120, 2)) + 1.5 * np.array([[0, 0], [1, 0], [0, 1]])[y]
    raw = DeepEnsembleClassifier(ProbabilisticMLPClassifier((8,), max_iter=10), 3, random_state=0).fit(X[:60], y[:60])
    model = RecalibratedClassifier(FrozenEstimator(raw)).fit(X[60:], y[60:])
    assert model.estimator_ is raw
    parts, before = model.predict_uncertainty(X), raw.predict_uncertainty(X)
    assert set(parts) == set(before)
    np.testing.assert_array_equal(parts.proba, model.predict_proba(X))
    np.testing.assert_allclose(parts.total_variance, parts.proba * (1 - parts.proba), rtol=1e-9)
    np.testing.assert_array_equal(parts.total_variance, parts.aleatoric_variance + parts.epistemic_variance)
    np.testing.assert_array_equal(parts.total_entropy, parts.aleatoric_entropy + parts.mutual_information)
    for part, total in (("epistemic_variance", "total_variance"), ("mutual_information", "total_entropy")):
        np.testing.assert_allclose(parts[part] / parts[total], before[part] / before[total], rtol=1e-9)


def test_classifiers_that_predict_exact_zeros(stated_logits):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((90, 2))
    y = np.arange(90) % 3
    model = RecalibratedClassifier(RandomForestClassifier(5, random_state=0), random_state=0).fit(X, y)
    assert np.isfinite(model.predict_log_proba(X)).all()
    # Five trees on pure noise are far too sure.
    assert model.recalibrated_nll_ < 1.2 < model.raw_nll_
    assert not hasattr(model, "predict_uncertainty")


def test_the_default_method_is_dirichlet_and_the_scale_of_its_prior_counts(stated_logits, logit_rows):
    X, y = logit_rows(FULL, INTERCEPT, n=100)

    def matrix(**options):
        return RecalibratedClassifier(stated_logits(), random_state=0, **options).fit(X, y).matrix_

    def largest(**options):
        return np.abs(matrix(**options)[~np.eye(3, dtype=bool)]).max()

    np.testing.assert_array_equal(matrix(), matrix(method="dirichlet"))
    assert 0.0 == largest(prior_scale=0.0) < largest() < largest(method="matrix") < largest(prior_scale=10.0)


@methods
def test_few_rows_of_many_classes_do_no_harm(stated_logits, logit_rows, method):
    """200 rows of 20 classes whose probabilities are right: up to 420 numbers, and nothing to learn."""
    X, y = logit_rows(np.eye(20), np.zeros(20), n=200)
    X_new, y_new = logit_rows(np.eye(20), np.zeros(20), n=4000, seed=1)
    raw = stated_logits().fit(X, y)
    model = RecalibratedClassifier(FrozenEstimator(raw), method=method, random_state=0).fit(X, y)
    before, after = (log_loss(y_new, m.predict_proba(X_new)) for m in (raw, model))
    # Maximum likelihood loses 0.1 ("vector") to 10 nats.
    assert after < before + 0.05


@pytest.mark.parametrize("frozen", [True, False])
def test_the_nll_afterwards_is_that_of_new_rows(stated_logits, logit_rows, frozen):
    """With a prior that is far too wide the rows that a map was learned from are no judge of it."""
    X, y = logit_rows(np.eye(8), np.zeros(8), n=300)
    X_new, y_new = logit_rows(np.eye(8), np.zeros(8), n=4000, seed=1)
    raw = stated_logits().fit(X, y)
    estimator = FrozenEstimator(raw) if frozen else raw
    model = RecalibratedClassifier(estimator, prior_scale=10.0, random_state=0).fit(X, y)
    learned_from = log_loss(y, model.predict_proba(X)) - model.raw_nll_
    new = log_loss(y_new, model.predict_proba(X_new)) - log_loss(y_new, raw.predict_proba(X_new))
    assert learned_from < -0.05 < 0.05 < new
    # The maps of four fifths of the rows are a little worse.
    np.testing.assert_allclose(model.recalibrated_nll_ - model.raw_nll_, new, atol=0.5 * new)


def test_each_fold_is_judged_by_a_map_of_the_others(stated_logits, logit_rows):
    X, y = logit_rows(FULL, INTERCEPT, n=90)
    part = np.arange(90) % 3
    model = RecalibratedClassifier(stated_logits(), cv=PredefinedSplit(part)).fit(X, y)
    log_proba = []
    for fold in range(3):
        frozen = FrozenEstimator(stated_logits().fit(X, y))
        other = RecalibratedClassifier(frozen).fit(X[part != fold], y[part != fold])
        log_proba.append(other.predict_log_proba(X[part == fold])[np.arange(30), y[part == fold]])
    np.testing.assert_allclose(model.recalibrated_nll_, -np.mean(log_proba), rtol=1e-6)


def test_weights_that_are_no_counts_are_relative(stated_logits, logit_rows):
    X, y = logit_rows(FULL, INTERCEPT, n=100)

    class Weighted(stated_logits):
        def fit(self, X, y, sample_weight=None):
            return super().fit(X, y)

    model = RecalibratedClassifier(Weighted(), random_state=0)
    matrices = [model.fit(X, y, sample_weight=weight).matrix_ for weight in (None, np.ones(100), np.full(100, 0.01))]
    np.testing.assert_array_equal(matrices[0], matrices[1])
    np.testing.assert_allclose(matrices[0], matrices[2], atol=1e-6)
    twice = model.fit(X, y, sample_weight=np.full(100, 2.0)).matrix_
    assert np.abs(twice - matrices[0]).max() > 0.01


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"method": "platt"}, ValueError, "method must be one of 'vector', 'matrix', 'dirichlet', got 'platt'"),
        ({"prior_scale": -1.0}, ValueError, "prior_scale must be at least 0 and finite, got -1.0"),
        ({"prior_scale": np.inf}, ValueError, "prior_scale must be at least 0 and finite, got inf"),
        ({"cv": 40}, ValueError, "y must have a row of every class for each of the 40 folds, got 33 of class 1"),
        ({"cv": PredefinedSplit([0] * 50 + [-1] * 50)}, None, None),
    ],
)
def test_wrong_options_are_named(stated_logits, options, error, message):
    X, y = np.random.default_rng(0).standard_normal((100, 4)), np.arange(100) % 3
    model = RecalibratedClassifier(stated_logits(), **options)
    if error is None:
        assert model.fit(X, y).n_calibration_rows_ == 50
        return
    with pytest.raises(error, match=message):
        model.fit(X, y)


def test_classes_that_are_missing_somewhere_are_refused(stated_logits):
    X, y = np.random.default_rng(0).standard_normal((60, 4)), np.arange(60) % 3
    sorted_rows = np.argsort(y, kind="stable")
    with pytest.raises(ValueError, match=r"training rows of every split, got a split without \[\d\]"):
        RecalibratedClassifier(stated_logits(), cv=GroupKFold(3)).fit(X[sorted_rows], y[sorted_rows], groups=np.sort(y))
    frozen = FrozenEstimator(stated_logits().fit(X, y))
    with pytest.raises(ValueError, match=r"among the calibration rows, got no row of \[2\]"):
        RecalibratedClassifier(frozen).fit(X[y < 2], y[y < 2])
    with pytest.raises(ValueError, match=r"y must hold the classes \[0, 1, 2\], got also \[5\]"):
        RecalibratedClassifier(frozen).fit(X, np.where(y == 2, 5, y))
    with pytest.raises(ValueError, match="one label a row"):
        RecalibratedClassifier(stated_logits()).fit(X, np.column_stack([y == 0, y == 1]).astype(int))
