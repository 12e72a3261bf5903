"""Sets of classes: what they cover, that they nest, and what becomes of classes without calibration rows."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from uncertainty import ConformalClassifier, ProbabilisticMLPClassifier
from uncertainty.calibration import conformal_classifier
from uncertainty.calibration.conformal_classifier import SCORES

every_score = pytest.mark.parametrize("score", SCORES)


def covered(sets, y):
    """Whether each row's own class is in its set, (n,) or (n, L)."""
    return sets[np.arange(len(y)), y]


def mean_coverage(make, n_calibration, level, n_repeats, classes_of, n_test=400):
    rng = np.random.default_rng(1)
    shares = []
    for seed in range(n_repeats):
        X, y = classes_of(rng, n_calibration + n_test)
        model = make(seed).fit(X[:n_calibration], y[:n_calibration])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # classes of few rows are in every set
            shares.append(covered(model.predict_set(X[n_calibration:], level), y[n_calibration:]).mean())
    return np.mean(shares), np.std(shares) / np.sqrt(n_repeats)


def assert_covers(frozen_softmax, classes_of, score, n_calibration, level, n_repeats):
    def make(seed):
        return ConformalClassifier(frozen_softmax(), conformity_score=score, random_state=seed)

    mean, error = mean_coverage(make, n_calibration, level, n_repeats, classes_of)
    assert level - 4 * error < mean < level + 1 / (n_calibration + 1) + 4 * error


@every_score
def test_coverage_is_the_level_and_no_more(score, frozen_softmax, classes_of):
    assert_covers(frozen_softmax, classes_of, score, 49, 0.8, 150)


@pytest.mark.slow
@pytest.mark.parametrize("level", [0.8, 0.9, 0.95])
@pytest.mark.parametrize("n_calibration", [20, 100, 500])
@every_score
def test_coverage_at_all_sizes_and_levels(score, n_calibration, level, frozen_softmax, classes_of):
    assert_covers(frozen_softmax, classes_of, score, n_calibration, level, 400)


def test_without_randomness_the_guarantee_is_the_same(frozen_softmax, classes_of):
    def make(seed):
        return ConformalClassifier(frozen_softmax(), conformity_score="aps", randomized=False)

    mean, error = mean_coverage(make, 49, 0.8, 150, classes_of)
    assert 0.8 - 4 * error < mean < 0.8 + 1 / 50 + 4 * error


def test_randomness_makes_coverage_even_over_x(frozen_softmax, classes_of):
    """A model that is right covers the level at every x (Romano et al. 2020, section 1.1): on sure and unsure rows."""
    X, y = classes_of(np.random.default_rng(0), 42_000, temperature=1.0)
    sure = X.max(axis=1) > 2.5
    shares = {}
    for randomized in (True, False):
        model = ConformalClassifier(frozen_softmax(), conformity_score="aps", randomized=randomized, random_state=0)
        model.fit(X[:2000], y[:2000])
        hit = covered(model.predict_set(X[2000:], 0.8), y[2000:])
        shares[randomized] = hit[sure[2000:]].mean() - hit[~sure[2000:]].mean()
    assert abs(shares[True]) < 0.015
    assert abs(shares[False]) > 0.05


def test_class_conditional_coverage_holds_within_each_class(frozen_softmax):
    rng = np.random.default_rng(0)
    inside = np.zeros((60, 3))
    for repeat in range(60):
        y = rng.choice(3, p=[0.6, 0.3, 0.1], size=1400)
        X = rng.standard_normal((1400, 3)) + np.array([1.5, 1.0, 0.2])[y, None] * np.eye(3)[y]
        model = ConformalClassifier(frozen_softmax(3), class_conditional=True).fit(X[:400], y[:400])
        hit = covered(model.predict_set(X[400:], 0.9), y[400:])
        inside[repeat] = [hit[y[400:] == c].mean() for c in range(3)]
    error = inside.std(axis=0) / np.sqrt(60)
    assert (inside.mean(axis=0) > 0.9 - 3 * error).all()
    assert (inside.mean(axis=0) < 0.9 + 1 / np.array([220, 100, 27]) + 3 * error).all()


@pytest.mark.parametrize("class_conditional", [False, True])
@pytest.mark.parametrize("allow_empty", [False, True])
@every_score
def test_levels_nest_and_agree_with_one_at_a_time(score, class_conditional, allow_empty, frozen_softmax, classes_of):
    X, y = classes_of(np.random.default_rng(2), 500)
    model = ConformalClassifier(
        frozen_softmax(),
        conformity_score=score,
        class_conditional=class_conditional,
        allow_empty=allow_empty,
        random_state=0,
    ).fit(X[:300], y[:300])
    levels = [0.5, 0.7, 0.9]
    sets = model.predict_set(X[300:], levels)
    assert sets.shape == (200, 4, 3)
    assert sets.dtype == bool
    assert (sets[..., :-1] <= sets[..., 1:]).all()
    for i, level in enumerate(levels):
        np.testing.assert_array_equal(sets[..., i], model.predict_set(X[300:], level))
    np.testing.assert_array_equal(sets[50:60], model.predict_set(X[350:360], levels))
    if not allow_empty:
        assert sets.any(axis=1).all()


def test_an_empty_set_is_given_the_most_probable_class(frozen_softmax, classes_of):
    X, y = classes_of(np.random.default_rng(2), 600)
    models = [
        ConformalClassifier(frozen_softmax(sharpness=4.0), allow_empty=allow).fit(X[:300], y[:300])
        for allow in (True, False)
    ]
    with_empty, without = (model.predict_set(X[300:], 0.4) for model in models)
    empty = ~with_empty.any(axis=1)
    assert empty.any()
    np.testing.assert_array_equal(without[~empty], with_empty[~empty])
    np.testing.assert_array_equal(without[empty].argmax(axis=1), models[0].predict(X[300:][empty]))
    assert (without[empty].sum(axis=1) == 1).all()


def test_the_threshold_by_hand(frozen_softmax):
    X = np.log([[0.9, 0.1], [0.6, 0.4], [0.3, 0.7], [0.8, 0.2]])
    model = ConformalClassifier(frozen_softmax(2)).fit(X, [0, 0, 0, 0])
    np.testing.assert_allclose(np.sort(model.calibration_scores_), [0.1, 0.2, 0.4, 0.7])
    # The third smallest of four at a level of 0.6: classes of a probability of 0.6 or more.
    np.testing.assert_array_equal(
        model.predict_set(np.log([[0.61, 0.39], [0.59, 0.41]]), 0.6), [[True, False], [False, False]]
    )


class TestClassesWithoutRows:
    def test_absent_from_calibration_it_is_in_every_set_of_its_own_threshold(self, frozen_softmax, classes_of):
        X, y = classes_of(np.random.default_rng(3), 400)
        kept = y != 2
        model = ConformalClassifier(frozen_softmax(), class_conditional=True).fit(X[kept], y[kept])
        with pytest.warns(UserWarning, match=r"The classes 2 are in every set at a coverage of 0.8, .* got 0\."):
            sets = model.predict_set(X, 0.8)
        assert sets[:, 2].all()
        assert not sets[:, [0, 1, 3]].all(axis=0).any()

    def test_absent_from_calibration_it_shares_the_common_threshold(self, frozen_softmax, classes_of):
        X, y = classes_of(np.random.default_rng(3), 400)
        kept = y != 2
        sets = ConformalClassifier(frozen_softmax()).fit(X[kept], y[kept]).predict_set(X, 0.8)
        assert 0 < sets[:, 2].mean() < 1

    def test_unknown_to_the_model_its_rows_count_as_not_covered(self, frozen_softmax, classes_of):
        X, y = classes_of(np.random.default_rng(3), 2000)
        model = ConformalClassifier(frozen_softmax(classes=[0, 1, 2, 7]))
        with pytest.warns(UserWarning, match="never seen: 3"):
            model.fit(X[:1000], y[:1000])
        assert np.isinf(model.calibration_scores_).mean() == (y[:1000] == 3).mean()
        known = y[1000:] != 3
        sets = model.predict_set(X[1000:], 0.7)
        # What the unknown class loses the others make up for.
        assert abs((covered(sets, y[1000:]) & known).mean() - 0.7) < 4 * np.sqrt(0.21 / 1000 * 2)

    def test_a_rare_class_keeps_its_share_of_calibration_rows(self):
        rng = np.random.default_rng(0)
        y = np.repeat([0, 1], [380, 20])
        X = rng.standard_normal((400, 2)) + y[:, None]
        model = ConformalClassifier(LogisticRegression(), class_conditional=True, random_state=0).fit(X, y)
        assert (model.calibration_labels_ == 1).sum() == 4


def test_too_few_rows_for_the_level_give_full_sets_and_say_so(frozen_softmax, classes_of):
    X, y = classes_of(np.random.default_rng(4), 8)
    model = ConformalClassifier(frozen_softmax()).fit(X, y)
    with pytest.warns(UserWarning, match=r"coverage of 0.9, which needs at least 9 calibration rows, got 8"):
        sets = model.predict_set(X, [0.5, 0.9])
    assert sets[..., 1].all()
    assert not sets[..., 0].all()


def test_mapie_has_the_same_sets(frozen_softmax, classes_of, monkeypatch):
    mapie = pytest.importorskip("mapie.classification")
    X, y = classes_of(np.random.default_rng(5), 700)
    levels = [0.6, 0.8, 0.95]
    # MAPIE draws anew, from the same state, for the calibration rows and for the test rows.
    monkeypatch.setattr(
        conformal_classifier, "row_uniforms", lambda X, seed: np.random.RandomState(0).uniform(size=len(X))
    )
    for score, arguments in (("lac", {}), ("aps", {"conformity_score_params": {"include_last_label": "randomized"}})):
        theirs = mapie.SplitConformalClassifier(
            frozen_softmax().estimator, confidence_level=levels, conformity_score=score, prefit=True, random_state=0
        ).conformalize(X[:400], y[:400])
        ours = ConformalClassifier(frozen_softmax(), conformity_score=score).fit(X[:400], y[:400])
        _, expected = theirs.predict_set(X[400:], **arguments)
        np.testing.assert_array_equal(ours.predict_set(X[400:], levels), expected, err_msg=score)


class TestAsAnEstimator:
    def test_predictions_are_the_wrapped_models(self, classes_of):
        X, y = classes_of(np.random.default_rng(0), 300)
        model = ConformalClassifier(LogisticRegression(), random_state=0).fit(X, y)
        assert len(model.calibration_scores_) == 60
        for name in ("predict", "predict_proba", "predict_log_proba", "decision_function"):
            np.testing.assert_array_equal(getattr(model, name)(X), getattr(model.estimator_, name)(X))
        assert not hasattr(model, "predict_uncertainty")
        assert model.score(X, y) == model.estimator_.score(X, y)

    def test_what_ours_know_stays_within_reach(self, classes_of):
        X, y = classes_of(np.random.default_rng(0), 100)
        model = ConformalClassifier(ProbabilisticMLPClassifier((4,), max_iter=3), random_state=0).fit(X, y)
        np.testing.assert_allclose(model.predict_uncertainty(X).proba, model.predict_proba(X))
        assert len(model.predict_dist(X)) == 100

    def test_the_seed_decides_everything(self, classes_of):
        X, y = classes_of(np.random.default_rng(0), 120)
        base = ProbabilisticMLPClassifier((4,), max_iter=3)
        one, same, other = (
            ConformalClassifier(base, conformity_score="aps", random_state=seed).fit(X, y).predict_set(X, 0.7)
            for seed in (0, 0, 1)
        )
        np.testing.assert_array_equal(one, same)
        assert (one != other).any()
        assert base.random_state is None

    def test_frames_strings_pipelines_searches_and_pickles(self, classes_of):
        X, codes = classes_of(np.random.default_rng(0), 300)
        frame, y = pd.DataFrame(X, columns=list("abcd")), pd.Series(np.array(["p", "q", "r", "s"])[codes])
        base = make_pipeline(StandardScaler(), LogisticRegression())
        search = GridSearchCV(
            ConformalClassifier(base, random_state=0), {"estimator__logisticregression__C": [0.01, 1.0]}, cv=3
        ).fit(frame, y)
        model = search.best_estimator_
        assert list(model.classes_) == ["p", "q", "r", "s"]
        assert list(model.feature_names_in_) == list("abcd")
        again = pickle.loads(pickle.dumps(model))
        np.testing.assert_array_equal(again.predict_set(frame, 0.8), model.predict_set(frame, 0.8))
        assert clone(model).get_params()["conformity_score"] == "lac"

    def test_weights_reach_the_model_and_zero_is_absence(self, classes_of):
        X, y = classes_of(np.random.default_rng(0), 200)
        weight = np.where(np.arange(200) < 150, 1.0 + (y == 0), 0.0)
        model = ConformalClassifier(LogisticRegression(), random_state=0).fit(X, y, sample_weight=weight)
        fewer = ConformalClassifier(LogisticRegression(), random_state=0).fit(X[:150], y[:150], weight[:150])
        plain = ConformalClassifier(LogisticRegression(), random_state=0).fit(X[:150], y[:150])
        np.testing.assert_array_equal(model.calibration_scores_, fewer.calibration_scores_)
        assert model.predict_proba(X)[:, 0].mean() > plain.predict_proba(X)[:, 0].mean()


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"conformity_score": "top"}, ValueError, "conformity_score must be one of 'lac', 'aps', 'raps'"),
        ({"lambda_reg": -1.0}, ValueError, "lambda_reg must be at least 0"),
        ({"k_reg": 1.5}, TypeError, "k_reg must be a whole number"),
        ({"calibration_size": 1.0}, ValueError, "calibration_size must be"),
        ({"estimator": RidgeClassifier()}, TypeError, "must have predict_proba, got RidgeClassifier"),
    ],
)
def test_bad_arguments(parameters, error, message, classes_of):
    X, y = classes_of(np.random.default_rng(0), 30)
    with pytest.raises(error, match=message):
        ConformalClassifier(**{"estimator": LogisticRegression(), **parameters}).fit(X, y)


def test_a_percentage_is_refused(frozen_softmax, classes_of):
    X, y = classes_of(np.random.default_rng(0), 30)
    with pytest.raises(ValueError, match=r"For 90 percent pass 0.9"):
        ConformalClassifier(frozen_softmax()).fit(X, y).predict_set(X, 90)
