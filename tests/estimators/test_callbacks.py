"""scikit-learn's callbacks: real ones, and one that writes down what it is told."""

from __future__ import annotations

import io
from functools import partial

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.callback import ProgressBar, ScoringMonitor
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import uncertainty
from uncertainty import DeepEnsembleRegressor, ProbabilisticMLPRegressor, SnapshotEnsembleRegressor
from uncertainty.metrics import neg_log_likelihood_scorer


@pytest.fixture
def quick(quick):
    """Fits of nine epochs: three cycles of three for snapshots."""
    return partial(quick, max_iter=9)


class Witness:
    """Writes down the tasks and the estimators it is shown, and stops after an epoch, or acts there."""

    def __init__(self, last=None, act=None):
        self.last = last
        self.act = act
        self.told, self.shown, self.rows = [], [], []

    def setup(self, estimator, context):
        self.told.append("setup")

    def teardown(self, estimator, context):
        self.told.append("teardown")

    def on_fit_task_begin(self, estimator, context):
        self.told.append(("begin", context.task_name, context.task_id, context.max_subtasks))

    def on_fit_task_end(self, estimator, context, *, X=None, y=None, metadata=None, fitted_estimator=None):
        self.told.append(("end", context.task_name, context.task_id, context.max_subtasks))
        self.shown.append(fitted_estimator)
        self.rows.append((X, y, metadata))
        if context.task_name != "epoch" or len(fitted_estimator.history_) != self.last:
            return None
        return True if self.act is None else self.act(fitted_estimator)


@pytest.fixture
def bars(monkeypatch):
    """What progress bars draw, on a terminal of 200 columns."""
    from rich.progress import Progress

    drawn = io.StringIO()
    original = Progress.__init__

    def wide(self, *columns, **options):
        from rich.console import Console

        original(self, *columns, console=Console(file=drawn, width=200, force_terminal=False), **options)

    monkeypatch.setattr(Progress, "__init__", wide)
    return drawn


def test_epochs_are_tasks_and_callbacks_and_lines_change_nothing(
    any_kind, quick, problem, answers, assert_same, capsys
):
    X, y = problem(any_kind)
    alone = quick(any_kind).fit(X, y)
    witness = Witness()
    monitor = ScoringMonitor(scoring="r2" if any_kind.__name__.endswith("Regressor") else "accuracy")
    watched = quick(any_kind, own={"verbose": 2}).set_callbacks(witness, monitor).fit(X, y)
    assert_same(answers(alone, X), answers(watched, X))
    assert alone.history_ == watched.history_
    epochs = [entry for entry in witness.told if entry[1] == "epoch"]
    assert len(epochs) == 2 * watched.n_iter_
    assert (witness.told[0], witness.told[-1]) == ("setup", "teardown")
    begun = [entry[1:] for entry in witness.told if entry[0] == "begin"]
    ended = [entry[1:] for entry in witness.told if entry[0] == "end"]
    assert sorted(begun) == sorted(ended)
    assert ended[-1][0].startswith("fit")
    assert_same(answers(witness.shown[-1], X), answers(watched, X))
    assert witness.rows[-1][0] is X
    assert witness.rows[-1][2] is None


def test_members_are_one_task_and_cycles_are_tasks_of_their_own(quick, regression):
    witness = Witness()
    quick(DeepEnsembleRegressor).set_callbacks(witness).fit(*regression)
    assert ("begin", "fit 3 members side by side", 0, 9) in witness.told
    witness = Witness()
    quick(SnapshotEnsembleRegressor).set_callbacks(witness).fit(*regression)
    assert witness.told[1:4] == [("begin", "fit", 0, 3), ("begin", "cycle", 0, 3), ("begin", "epoch", 0, 0)]
    assert witness.told[-3:-1] == [("end", "cycle", 2, 3), ("end", "fit", 0, 3)]


def test_an_estimator_is_shown_with_the_weights_of_its_epoch(quick, regression):
    """Those that a fit ending there would keep without early stopping; the schedule must not know of the end."""
    X, y = regression
    options = {"schedule": "constant", "early_stopping": False, "averaging": None}
    witness = Witness()
    weights = np.linspace(0.5, 1.5, len(y))
    quick(DeepEnsembleRegressor, **options).set_callbacks(witness).fit(X, y, weights)
    for n_epochs in (1, 4):
        shorter = quick(DeepEnsembleRegressor, max_iter=n_epochs, **options).fit(X, y, weights)
        shown = witness.shown[n_epochs - 1]
        np.testing.assert_array_equal(shown.predict(X), shorter.predict(X))
        assert shown.n_iter_ == n_epochs
        assert shown.history_ == shorter.history_
    assert witness.rows[0][2]["sample_weight"] is weights


def test_a_snapshot_ensemble_is_shown_with_its_snapshots_and_the_network_as_it_is(quick, regression):
    witness = Witness()
    quick(SnapshotEnsembleRegressor).set_callbacks(witness).fit(*regression)
    epochs = [entry[1] == "epoch" for entry in witness.told if entry[0] == "end"]
    sizes = [len(shown.members_) for shown, is_epoch in zip(witness.shown, epochs, strict=True) if is_epoch]
    assert sizes == [1, 1, 1, 2, 2, 2, 3, 3, 3]


def test_members_that_a_warm_start_adds_are_shown_beside_the_earlier_ones(quick, regression):
    model = quick(DeepEnsembleRegressor, own={"warm_start": True}).fit(*regression)
    witness = Witness()
    model.set_params(n_estimators=5).set_callbacks(witness).fit(*regression)
    assert {len(shown.members_) for shown in witness.shown} == {5}
    assert len(witness.shown[0].best_iter_) == 5


def test_a_wish_to_stop_is_granted_at_once(any_kind, quick, problem, bars):
    X, y = problem(any_kind)
    model = quick(any_kind).set_callbacks(ProgressBar(), Witness(last=2))
    if "Snapshot" in any_kind.__name__:
        with pytest.warns(ConvergenceWarning, match=r"only 0 of 3 snapshots .* Let it come to its end"):
            model.fit(X, y)
    else:
        model.fit(X, y)
    assert model.n_iter_ == 2
    assert np.isfinite(model.predict_members(X)).all()
    assert " 100%" in bars.getvalue().splitlines()[0]


def test_progress_ends_well_when_early_stopping_ends_the_fit(quick, regression, bars):
    model = quick(DeepEnsembleRegressor, n_iter_no_change=1, max_iter=200, learning_rate_init=0.3)
    model.set_callbacks(ProgressBar()).fit(*regression)
    assert model.n_iter_ < 200
    (line,) = bars.getvalue().splitlines()
    assert "DeepEnsembleRegressor - fit 3 members side by side" in line
    assert " 100%" in line


def test_scores_on_rows_of_ones_own_choice(quick, regression):
    X, y = regression

    def held_out(estimator, X_train, y_train):
        assert X_train is X
        return {"nll": -neg_log_likelihood_scorer(estimator, X[:9], y[:9])}

    monitor = ScoringMonitor(scoring=held_out)
    model = quick(ProbabilisticMLPRegressor).set_callbacks(monitor).fit(X, y)
    rows = monitor.get_logs().data
    assert [row["task_name"] for row in rows] == ["fit"] + ["epoch"] * 9
    assert rows[0]["nll"] == -neg_log_likelihood_scorer(model, X[:9], y[:9])
    assert len({row["nll"] for row in rows[1:]}) == 9


def test_callbacks_within_a_search_and_a_pipeline(quick, regression, bars):
    monitor = ScoringMonitor(scoring="r2")
    network = quick(ProbabilisticMLPRegressor, max_iter=2, n_iter_no_change=None).set_callbacks(monitor)
    search = GridSearchCV(network, {"alpha": [0.0, 1e-3]}, cv=2).set_callbacks(ProgressBar())
    search.fit(*regression)
    assert "GridSearchCV - candidate-split-evaluation | ProbabilisticMLPRegressor - fit #0" in bars.getvalue()
    assert len(monitor.get_logs().data) == 5 * 3

    witness = Witness()
    pipeline = make_pipeline(StandardScaler(), quick(ProbabilisticMLPRegressor, max_iter=2, n_iter_no_change=None))
    pipeline.set_callbacks(ProgressBar())
    pipeline[-1].set_callbacks(witness)
    pipeline.fit(*regression)
    assert "Pipeline - fit-final-estimator | ProbabilisticMLPRegressor - fit #1" in bars.getvalue()
    assert [entry[1] for entry in witness.told if entry[0] == "end"] == ["epoch", "epoch", "fit"]


def test_clones_in_a_cross_validation_call_them_too(quick, regression):
    witness = Witness()
    cross_validate(quick(ProbabilisticMLPRegressor, max_iter=2).set_callbacks(witness), *regression, cv=3)
    assert witness.told.count("setup") == witness.told.count("teardown") == 3


def test_nothing_of_a_fit_stays_behind(quick, regression):
    model = quick(ProbabilisticMLPRegressor)
    names = set(vars(clone(model).fit(*regression)))
    assert set(vars(model.set_callbacks(Witness()).fit(*regression))) == names | {"_skl_callbacks"}
    assert set(vars(model.set_callbacks())) == names


def test_a_callback_may_save_the_estimator_of_its_epoch(quick, regression, tmp_path):
    X, y = regression
    witness = Witness(last=3, act=lambda shown: shown.save(tmp_path / "third.uq"))
    quick(DeepEnsembleRegressor).set_callbacks(witness).fit(X, y)
    again = uncertainty.load(tmp_path / "third.uq")
    np.testing.assert_array_equal(again.predict(X), witness.shown[2].predict(X))
    assert again.n_iter_ == 3


def test_callbacks_of_a_base_network_are_not_passed_over_in_silence(wrapper_kind, quick, problem):
    model = quick(wrapper_kind)
    witness = Witness()
    model.estimator.set_callbacks(witness)
    with pytest.warns(UserWarning, match="callbacks of the base network are not called"):
        model.fit(*problem(wrapper_kind))
    assert witness.told == []


def test_an_error_in_a_fit_tears_down(quick, regression):
    witness = Witness(last=2, act=lambda shown: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        quick(ProbabilisticMLPRegressor).set_callbacks(witness).fit(*regression)
    assert witness.told[-1] == "teardown"
