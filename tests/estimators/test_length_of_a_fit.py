"""How many epochs a fit takes: the largest number of them, and the patience that ends it sooner."""

import numpy as np
import pytest

from uncertainty import (
    DeepEnsembleRegressor,
    ProbabilisticMLPClassifier,
    ProbabilisticMLPRegressor,
    SnapshotEnsembleRegressor,
)
from uncertainty.estimators import options


def max_epochs(n_train, n_runs=1, **network):
    return options.build_plan(ProbabilisticMLPRegressor(**network), n_train, n_runs).max_epochs


@pytest.mark.parametrize(
    ("n_train", "batch_size", "expected"),
    [
        (50, 1, 240),  # 12000 steps
        (55, 1, 219),  # rounded up: 218.2
        (3200, 32, 120),
        (3201, 32, 119),  # the last batch counts: 101 steps
        (29, 1, 400),  # 414 would be too many
        (30, 1, 400),
        (31, 1, 388),
        (399, 1, 31),
        (400, 1, 30),
        (4000, 1, 30),
        (20, "full", 400),
        (100_000, "auto", 31),  # 391 batches of 256
        (10**6, "auto", 30),
    ],
)
def test_automatic_epochs_make_12000_steps_within_bounds(n_train, batch_size, expected):
    assert max_epochs(n_train, batch_size=batch_size) == expected
    assert max_epochs(n_train, 2, batch_size=batch_size) == 2 * expected
    assert max_epochs(n_train, 2, batch_size=batch_size, max_iter=7) == 7


def test_automatic_epochs_are_those_of_the_rows_that_train(quick, regression, monkeypatch):
    monkeypatch.setattr(options, "STEPS_OF_A_FIT", 540)
    monkeypatch.setattr(options, "EPOCHS_OF_A_FIT", (2, 40))
    network = {"max_iter": "auto", "batch_size": 1, "n_iter_no_change": None}
    for early_stopping, expected in ((True, 10), (False, 9)):  # 6 of 60 rows are held out
        model = quick(ProbabilisticMLPRegressor, early_stopping=early_stopping, **network).fit(*regression)
        assert model.n_iter_ == expected


def test_every_method_takes_automatic_epochs_and_snapshots_four_runs(any_kind, quick, problem, monkeypatch):
    monkeypatch.setattr(options, "EPOCHS_OF_A_FIT", (3, 11))
    model = quick(any_kind, max_iter="auto", n_iter_no_change=None).fit(*problem(any_kind))
    assert model.n_iter_ == (44 if any_kind.__name__.startswith("Snapshot") else 11)
    if any_kind is SnapshotEnsembleRegressor:
        single = quick(any_kind, own={"variant": "single_cycle"}, max_iter="auto").fit(*problem(any_kind))
        assert single.n_iter_ == 44 // 3


def test_the_schedule_spans_the_automatic_epochs(quick, regression):
    model = quick(ProbabilisticMLPRegressor, max_iter="auto", n_iter_no_change=None).fit(*regression)
    rates = [record["learning_rate"] for record in model.history_]
    assert len(rates) == 400
    assert rates[199] == pytest.approx(0.5 * model.learning_rate_init, rel=0.01)
    assert 0 < rates[-1] < 1e-4 * model.learning_rate_init


@pytest.mark.parametrize(("max_iter", "expected"), [(9, 5), (10, 5), (1, 1), ("auto", 120)])
def test_automatic_patience_is_half_of_all_epochs(max_iter, expected):
    network = ProbabilisticMLPRegressor(max_iter=max_iter, batch_size=1)
    assert options.build_plan(network, 50).patience == expected
    assert options.build_plan(network.set_params(n_iter_no_change=3), 50).patience == 3
    assert options.build_plan(network.set_params(n_iter_no_change=None), 50).patience is None


@pytest.fixture
def nothing_to_learn():
    """Rows to train on, and others to watch, on which a network of high rates only gets worse."""
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((60, 3)), rng.standard_normal(60)
    return (X[:40], y[:40]), {"X_val": X[40:], "y_val": y[40:]}


def test_members_stop_after_half_of_all_epochs_or_never(quick, nothing_to_learn):
    rows, watched = nothing_to_learn
    network = {"head": "gaussian", "max_iter": 40, "learning_rate_init": 0.1, "tol": 0.0}
    automatic = quick(DeepEnsembleRegressor, **network).fit(*rows, **watched)
    assert automatic.n_iter_ == automatic.best_iter_.max() + 20 < 40
    assert automatic.history_[-1]["n_training"] < 3
    patient = quick(DeepEnsembleRegressor, n_iter_no_change=None, **network).fit(*rows, **watched)
    assert patient.n_iter_ == 40
    assert patient.history_[-1]["n_training"] == 3
    np.testing.assert_array_equal(patient.best_iter_, automatic.best_iter_)


@pytest.mark.parametrize("name", ["max_iter", "n_iter_no_change"])
@pytest.mark.parametrize("kind", [ProbabilisticMLPClassifier, DeepEnsembleRegressor, SnapshotEnsembleRegressor])
def test_what_is_no_length_is_refused(quick, problem, name, kind):
    for value in ("automatic", "", "40"):
        with pytest.raises(ValueError, match=f"{name} must be 'auto'.* or a whole number, got '{value}'"):
            quick(kind, **{name: value}).fit(*problem(kind))
    for value, error in ((0, ValueError), (2.5, TypeError)):
        with pytest.raises(error, match=f"{name} must be"):
            quick(kind, **{name: value}).fit(*problem(kind))
    if name == "max_iter":
        with pytest.raises(TypeError, match="max_iter must be"):
            quick(kind, max_iter=None).fit(*problem(kind))
