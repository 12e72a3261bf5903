"""Intervals and sets of one coverage: the rows are apart, the scores are right, and the verdicts follow from them."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import BayesianRidge, LogisticRegression
from threadpoolctl import threadpool_limits

from benchmarks.__main__ import main
from benchmarks.calibration import command, execution
from benchmarks.calibration.boosted import FAMILY as BOOSTED
from benchmarks.calibration.execution import Run, evaluate, stored_records
from benchmarks.calibration.families import CLASSIFICATION, REGRESSION, installed, missing_note
from benchmarks.calibration.family import Family, Question
from benchmarks.calibration.own import conformal_intervals, conformal_sets, fitted_by, most_probable_sets
from benchmarks.calibration.rows import Rows
from benchmarks.calibration.scores import class_groups, feature_groups, group_counts, interval_scores, set_scores
from benchmarks.calibration.summary import best_lines, coverage_lines, summarize_records, worst_group_coverage
from benchmarks.runner import Problem
from uncertainty import ProbabilisticMLPClassifier, ProbabilisticMLPRegressor

# Ensembles: their variants are those of the single network.
SLOW = ("deep_ensemble", "mc_dropout", "snapshot_ensemble", "bootstrap_ensemble")


def regression_problem(n=300, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.random((n, 2))
    y = X[:, 0] + (0.1 + X[:, 1]) * rng.standard_normal(n)
    cut = n * 2 // 3
    return Problem("regression", X[:cut], y[:cut], X[cut:], y[cut:])


def classification_problem(n=300, n_classes=3):
    rng = np.random.default_rng(0)
    y = np.arange(n) % n_classes
    X = rng.standard_normal((n, 2)) + 1.5 * y[:, None]
    cut = n * 2 // 3
    return Problem("classification", X[:cut], y[:cut], X[cut:], y[cut:])


@pytest.fixture
def known_problem(monkeypatch):
    """Every data set and split is made data."""

    def load(dataset, split):
        return regression_problem(seed=split) if dataset == "boston" else classification_problem()

    monkeypatch.setattr(execution, "load_standard", load)
    monkeypatch.setattr(command, "load_standard", load)


def test_the_parts_of_the_rows_are_apart_and_whole():
    problem = regression_problem()
    rows = Rows.of(problem, seed=1)
    assert len(rows.y_calibration) == 40
    np.testing.assert_array_equal(np.sort(rows.y_train), np.sort(problem.y_train))
    assert not set(rows.y_fit) & set(rows.y_calibration)
    assert rows.y_test is problem.y_test
    assert (Rows.of(problem, seed=2).y_calibration != rows.y_calibration).any()
    assert rows.expected_coverage(0.9) == 37 / 41  # ceil(36.9)
    assert rows.expected_coverage(0.5) == 21 / 41


def test_scores_of_intervals_are_those_written_out_by_hand():
    y = np.array([0.0, 1.0, 5.0])
    intervals = np.array([[-1.0, 1.0], [0.0, 2.0], [0.0, 4.0]])
    scores = interval_scores(y, intervals, 0.9)
    assert scores["coverage"] == pytest.approx(2 / 3)
    assert scores["width"] == pytest.approx(8 / 3)
    assert scores["interval_score"] == pytest.approx((2 + 2 + 4 + 20 * 1) / 3)


def test_scores_of_sets_are_those_written_out_by_hand():
    sets = np.array([[True, False], [False, False], [True, True]])
    scores = set_scores(np.array(["b", "a", "b"]), sets, np.array(["a", "b"]))
    assert scores == {"coverage": pytest.approx(1 / 3), "set_size": 1.0, "empty": pytest.approx(1 / 3)}


def test_groups_are_thirds_of_each_feature_and_every_row_is_in_one():
    X = np.column_stack([np.arange(9.0), np.repeat([0.0, 1.0], [8, 1])])
    groups = feature_groups(X, X)
    np.testing.assert_array_equal(groups[:, :3].argmax(axis=1), np.repeat([0, 1, 2], 3))
    np.testing.assert_array_equal(groups.reshape(9, 2, 3).sum(axis=2), np.ones((9, 2)))
    np.testing.assert_array_equal(class_groups(["a", "b"], np.array(["a", "b"])), np.eye(2, dtype=bool))


def test_the_worst_group_is_found_over_all_splits_and_small_groups_do_not_count():
    covered = np.array([True] * 30 + [False] * 30)
    groups = np.column_stack([np.arange(60) < 40, np.arange(60) >= 40])
    record = {"curves": {"groups": group_counts(covered, groups)}}
    assert record["curves"]["groups"] == {"covered": [30, 0], "count": [40, 20]}
    assert np.isnan(worst_group_coverage([record]))
    assert worst_group_coverage([record, record]) == pytest.approx(0.75)
    assert worst_group_coverage([record] * 3) == 0.0


def test_most_probable_classes_reach_the_coverage_and_no_more():
    problem = classification_problem()
    rows = Rows.of(problem, seed=0)
    model = LogisticRegression().fit(rows.X_fit, rows.y_fit)
    proba = model.predict_proba(rows.X_test)
    sets = most_probable_sets(model, Question(rows, 0.9, 0))
    inside = np.where(sets, proba, 0.0).sum(axis=1)
    least = np.where(sets, proba, 1.0).min(axis=1)
    assert (inside >= 0.9).all()
    assert (inside - least < 0.9).all()
    assert (least >= np.where(sets, 0.0, proba).max(axis=1)).all()


def family_of_two(task="regression"):
    """A cheap model: conformal, and a variant that is not defined."""
    model, conformal = (
        (BayesianRidge, conformal_intervals("normalized"))
        if task == "regression"
        else (LogisticRegression, conformal_sets("lac"))
    )
    fit = fitted_by(lambda random_state: model())
    return Family("cheap", task, fit, {"conformal": conformal, "none": lambda model, question: None})


@pytest.mark.parametrize(("dataset", "task"), [("boston", "regression"), ("vehicle", "classification")])
def test_a_run_leaves_one_record_for_each_variant(tmp_path, known_problem, dataset, task):
    run = Run(dataset, 3, family_of_two(task), 0.8)
    assert stored_records(run, tmp_path) == []
    answer = evaluate(run, tmp_path)
    assert answer.failure is None
    first, second = stored_records(run, tmp_path)
    assert (first["method"], second["method"]) == ("cheap+conformal", "cheap+none")
    assert 0.6 < first["scores"]["coverage"] < 1.0
    assert first["scores"]["expected_coverage"] == pytest.approx(33 / 41)
    assert second["scores"]["coverage"] is None
    summary = summarize_records([first, second])[dataset]
    assert summary["cheap+conformal"]["coverage"].mean == first["scores"]["coverage"]
    assert np.isnan(summary["cheap+none"]["coverage"].mean)


def test_a_record_of_another_coverage_is_refused(tmp_path, known_problem):
    evaluate(Run("boston", 0, family_of_two(), 0.8), tmp_path)
    with pytest.raises(RuntimeError, match=r"parameters coverage=0\.9, got coverage=0\.8"):
        stored_records(Run("boston", 0, family_of_two(), 0.9), tmp_path)


def test_a_failure_stores_nothing_and_is_told(tmp_path, known_problem):
    def broken(model, question):
        raise ZeroDivisionError("no rows")

    run = Run("boston", 0, Family("bad", "regression", lambda rows, seed: None, {"broken": broken}), 0.9)
    answer = evaluate(run, tmp_path)
    assert "bad, split 0 failed" in answer.text()
    assert "no rows" in answer.text()
    assert stored_records(run, tmp_path) == []


def test_verdicts_follow_from_the_scores(known_problem, tmp_path):
    def constant(half_width):
        return lambda model, question: np.stack([0.5 - np.full(100, half_width), 0.5 + np.full(100, half_width)], 1)

    variants = {"wide": constant(50.0), "fair": constant(1.2)}
    family = Family("made", "regression", lambda rows, seed: None, variants)
    records = []
    for split in range(3):
        run = Run("boston", split, family, 0.9)
        evaluate(run, tmp_path)
        records += stored_records(run, tmp_path)
    summary = summarize_records(records)
    assert "NOT as expected" in coverage_lines(summary, ["made+wide"])[0]
    assert best_lines(summary, "made+fair", ["made+wide", "absent"])[-1] == "made+fair is lower on 1 of 1 data sets"
    assert "NOT lower than the best of 1 rivals" in best_lines(summary, "made+wide", ["made+fair"])[0]
    assert best_lines(summary, "made+fair", ["absent"]) == []


@threadpool_limits.wrap(limits=1)
def test_boosted_quantiles_are_conformalized_like_the_package_does():
    """By the order statistic of the score "quantile" of the calibration rows (Romano et al. 2019, eq. 8)."""
    rows = Rows.of(regression_problem(600), seed=0)
    question = Question(rows, 0.8, 0)
    raw, moved = (BOOSTED.variants[name](None, question) for name in ("raw", "cqr"))
    of_calibration = replace(question, rows=replace(rows, X_test=rows.X_calibration))
    low, high = BOOSTED.variants["raw"](None, of_calibration).T
    score = np.maximum(low - rows.y_calibration, rows.y_calibration - high)
    offset = np.sort(score)[int(np.ceil(0.8 * (len(score) + 1))) - 1]
    assert abs(offset) > 0.01
    widened = moved - raw
    inner = np.abs(widened[:, 0] + widened[:, 1]) < 1e-9  # where no crossing was mended
    assert inner.mean() > 0.9
    np.testing.assert_allclose(widened[inner, 1], offset, atol=1e-9)


@threadpool_limits.wrap(limits=1)
def test_every_family_that_can_run_here_answers():
    fast = {
        "regression": ProbabilisticMLPRegressor(max_iter=3, random_state=0),
        "classification": ProbabilisticMLPClassifier(max_iter=3, random_state=0),
    }
    rows = {
        "regression": Rows.of(regression_problem(150), seed=0),
        "classification": Rows.of(classification_problem(600), seed=0),
    }
    for family in (*REGRESSION, *CLASSIFICATION):
        if not installed(family) or family.name in SLOW:
            continue
        question = Question(rows[family.task], 0.8, 0)
        if family.name == "probabilistic_mlp":
            model = fast[family.task].fit(question.rows.X_fit, question.rows.y_fit)
        else:
            model = family.fit(question.rows, 0)
        for name, variant in family.variants.items():
            found = variant(model, question)
            if found is None:
                continue
            n_columns = 2 if family.task == "regression" else 3
            assert found.shape == (len(question.rows.X_test), n_columns), (family.name, name)
            y = question.rows.y_test
            if family.task == "regression":
                covered = (found[:, 0] <= y) & (y <= found[:, 1])
            else:
                covered = found[np.arange(len(y)), y]
            # A column taken for another, or the error level for the coverage, would give 0.2 or less.
            assert covered.mean() > 0.4, (family.name, name)


def test_a_warning_of_the_fit_is_in_the_record_of_every_variant(known_problem, tmp_path):
    def fit(rows, seed):
        warnings.warn("of the fit", UserWarning, stacklevel=2)

    def variant(name):
        def intervals(model, question):
            warnings.warn(f"of {name}", UserWarning, stacklevel=2)
            return np.tile([-1.0, 1.0], (len(question.rows.y_test), 1))

        return intervals

    family = Family("made", "regression", fit, {name: variant(name) for name in ("first", "second")})
    run = Run("boston", 0, family, 0.9)
    assert evaluate(run, tmp_path).failure is None
    found = {record["method"]: record["warnings"] for record in stored_records(run, tmp_path)}
    assert found == {
        f"made+{name}": sorted(["UserWarning: of the fit", f"UserWarning: of {name}"]) for name in ("first", "second")
    }


def test_what_is_left_out_is_named():
    absent = Family("x", "regression", lambda rows, seed: None, {}, ("no_such_package",))
    assert missing_note((absent,)) == (
        "Left out: x. To compare with them: pip install -c constraints.txt no-such-package"
    )
    assert missing_note((family_of_two(),)) is None


def test_the_command_runs_once_and_prints_tables(tmp_path, known_problem, monkeypatch, capsys):
    monkeypatch.setattr(command, "REGRESSION", (family_of_two(),))
    monkeypatch.setattr(command, "FAMILY_NAMES", ("cheap",))
    arguments = ["calibration", "--datasets", "boston", "--families", "cheap", "--splits", "2", "--n-jobs", "1"]
    arguments += ["--output", str(tmp_path)]
    assert main(arguments) == 0
    text = capsys.readouterr().out
    assert "cheap+conformal" in text
    assert "2 runs in" in text
    assert main(arguments) == 0
    text = capsys.readouterr().out
    assert "0 runs in" in text
    assert "another state of the source" not in text
    monkeypatch.setattr("benchmarks.execution.source_digest", lambda: "0123456789ab")
    assert main(arguments) == 0
    assert "Note: 4 of 4 records were made with another state of the source" in capsys.readouterr().out
    assert main([*arguments, "--coverage", "0.8"]) == 2
    assert "got coverage=0.9" in capsys.readouterr().err
