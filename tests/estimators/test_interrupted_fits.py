"""Ctrl-C in a fit: an estimator that works and a warning, or, inside another fit, the interrupt again."""

from __future__ import annotations

import re
import signal
from functools import partial

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted

from uncertainty import ConformalRegressor, DeepEnsembleRegressor, ProbabilisticMLPRegressor, SnapshotEnsembleRegressor
from uncertainty.estimators import interruption
from uncertainty.training.part import Part

pytestmark = pytest.mark.usefixtures("heard_ctrl_c")


@pytest.fixture
def quick(quick):
    """Fits of nine epochs: three cycles of three for snapshots."""
    return partial(quick, max_iter=9)


class Press:
    """A callback: Ctrl-C at the end of an epoch, counted over all fits."""

    def __init__(self, epoch):
        self.left = epoch

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context):
        if context.task_name == "epoch":
            self.left -= 1
            if self.left == 0:
                signal.raise_signal(signal.SIGINT)


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """No fit was interrupted before, and time stands still unless the test moves it."""

    class Clock:
        now = 0.0

        def __call__(self):
            return self.now

    made = Clock()
    monkeypatch.setattr(interruption, "_last_settled", -np.inf)
    monkeypatch.setattr(interruption, "monotonic", made)
    return made


INTERRUPTED = r"training was interrupted after 4 of 9 epochs"


def test_the_estimator_is_fitted_to_the_epochs_before(any_kind, quick, problem, answers):
    X, y = problem(any_kind)
    model = quick(any_kind).set_callbacks(Press(4))
    with pytest.warns(ConvergenceWarning) as caught:
        assert model.fit(X, y) is model
    (warning,) = [w for w in caught if re.match(INTERRUPTED, str(w.message))]
    assert warning.filename == __file__
    assert model.n_iter_ == len(model.loss_curve_) == 4
    assert all(np.isfinite(values).all() for values in answers(model, X).values())
    if "Snapshot" in any_kind.__name__:
        assert len(model.members_) == 1  # of one cycle of three epochs that was over
        assert any("only 1 of 3 snapshots" in str(w.message) for w in caught)


def test_the_weights_are_the_best_ones_of_whole_epochs(quick, regression):
    X, y = regression
    options = {"schedule": "constant"}
    expected = quick(DeepEnsembleRegressor, max_iter=4, **options).fit(X, y)
    model = quick(DeepEnsembleRegressor, **options).set_callbacks(Press(4))
    with pytest.warns(ConvergenceWarning, match="fitted to the best weights of these epochs"):
        model.fit(X, y)
    np.testing.assert_array_equal(model.predict(X), expected.predict(X))
    np.testing.assert_array_equal(model.best_iter_, expected.best_iter_)


@pytest.mark.filterwarnings("ignore:only . of 3 snapshots")
def test_every_task_that_has_begun_ends(quick, regression, monkeypatch):
    run, epochs, told = Part.run_epoch, [], []

    class Witness(Press):
        def on_fit_task_begin(self, estimator, context):
            told.append(context.task_name)

        def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
            told.append((context.task_name, fitted_estimator is not None))

    def pressed(part, first_step):
        epochs.append(first_step)
        if len(epochs) == 5:
            signal.raise_signal(signal.SIGINT)
        return run(part, first_step)

    monkeypatch.setattr(Part, "run_epoch", pressed)
    with pytest.warns(ConvergenceWarning, match=INTERRUPTED):
        quick(SnapshotEnsembleRegressor).set_callbacks(Witness(0)).fit(*regression)
    epoch = ["epoch", ("epoch", True)]
    cut_off = ["cycle", *epoch, "epoch", ("epoch", False), ("cycle", False)]
    assert told == ["fit", "cycle", *epoch * 3, ("cycle", True), *cut_off, ("fit", True)]


def test_a_fit_can_go_on_from_there(quick, regression):
    model = quick(ProbabilisticMLPRegressor, warm_start=True).set_callbacks(Press(4))
    with pytest.warns(ConvergenceWarning, match=INTERRUPTED):
        model.fit(*regression)
    before = model.best_loss_
    assert model.set_callbacks().fit(*regression).n_iter_ == 9
    assert model.best_loss_ <= before


def test_before_an_epoch_is_over_there_is_nothing_to_keep(quick, regression, monkeypatch):
    run = Part.run_epoch

    def pressed(part, first_step):
        signal.raise_signal(signal.SIGINT)
        return run(part, first_step)

    monkeypatch.setattr(Part, "run_epoch", pressed)
    model = quick(ProbabilisticMLPRegressor)
    with pytest.raises(KeyboardInterrupt):
        model.fit(*regression)
    with pytest.raises(NotFittedError):
        check_is_fitted(model)
    with pytest.raises(NotFittedError):
        model.predict(regression[0])


def test_a_network_in_its_pretraining_is_no_network_yet(quick, regression, monkeypatch):
    from uncertainty import Autoencoder
    from uncertainty.training.whole import WholeStack

    run, epochs = WholeStack.run_epoch, []

    def pressed(stack):
        epochs.append(stack)
        if len(epochs) == 3:
            signal.raise_signal(signal.SIGINT)
        return run(stack)

    monkeypatch.setattr(WholeStack, "run_epoch", pressed)
    model = quick(ProbabilisticMLPRegressor, pretraining=Autoencoder(n_epochs=5))
    with pytest.raises(KeyboardInterrupt):
        model.fit(*regression)
    assert not hasattr(model, "members_")


def test_partial_fit_is_done_or_not_begun(quick, regression, monkeypatch):
    X, y = regression
    options = {"early_stopping": False}
    model, other = (quick(ProbabilisticMLPRegressor, **options).partial_fit(X, y) for _ in range(2))
    run = Part.run_epoch
    monkeypatch.setattr(Part, "run_epoch", lambda *a: (run(*a), signal.raise_signal(signal.SIGINT))[0])
    with pytest.raises(KeyboardInterrupt):
        model.partial_fit(X, y)
    monkeypatch.undo()
    np.testing.assert_array_equal(model.predict(X), other.predict(X))
    assert model.n_iter_ == 1


@pytest.mark.parametrize("search", [True, False], ids=["GridSearchCV", "cross_val_score"])
def test_one_press_stops_a_search(quick, regression, search):
    press = Press(12)
    network = quick(ProbabilisticMLPRegressor, n_iter_no_change=None).set_callbacks(press)
    started = (
        GridSearchCV(network, {"alpha": [0.0, 1.0]}, cv=2).fit
        if search
        else lambda X, y: cross_val_score(network, X, y)
    )
    with pytest.raises(KeyboardInterrupt, match="after epoch 3"):
        started(*regression)
    assert press.left == 0


def test_a_pipeline_is_stopped_and_its_last_step_is_fitted(quick, regression):
    pipeline = make_pipeline(StandardScaler(), quick(ProbabilisticMLPRegressor).set_callbacks(Press(4)))
    with pytest.raises(KeyboardInterrupt) as caught:
        pipeline.fit(*regression)
    assert "after 4 of 9 epochs" in caught.value.__notes__[0]
    assert np.isfinite(pipeline.predict(regression[0])).all()


@pytest.mark.parametrize("method", ["split", "cv+"])
def test_what_calibrates_a_model_does_not_take_half_of_one(quick, regression, method):
    press = Press(12)
    network = quick(ProbabilisticMLPRegressor)
    wrapper = ConformalRegressor(network, method=method, cv=2, random_state=0).fit(*regression)
    network.set_callbacks(press)
    if method == "split":
        press.left = 4
    with pytest.raises(KeyboardInterrupt):
        wrapper.fit(*regression)
    with pytest.raises(NotFittedError):
        wrapper.predict(regression[0])


def test_a_second_press_ends_a_loop_of_fits(quick, regression, clock):
    def press_after(seconds):
        clock.now += seconds
        return quick(ProbabilisticMLPRegressor).set_callbacks(Press(4)).fit(*regression)

    for seconds in (0.0, 2.5):
        with pytest.warns(ConvergenceWarning, match=INTERRUPTED):
            press_after(seconds)
    with pytest.raises(KeyboardInterrupt):
        press_after(1.5)
