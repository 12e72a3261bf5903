"""With held-out rows a snapshot is the best of its cycle, and training goes back to the best after a cycle in vain."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy.stats import norm

from uncertainty import (
    EMA,
    CosineRestarts,
    ProbabilisticMLPClassifier,
    ProbabilisticMLPRegressor,
    SnapshotEnsembleClassifier,
    SnapshotEnsembleRegressor,
)
from uncertainty.estimators import options
from uncertainty.training.whole import WholeStack

SNAPSHOTS = [SnapshotEnsembleRegressor, SnapshotEnsembleClassifier]
N_CYCLES, LENGTH = 6, 7
# Rates at which cycles overfit, and find their best weights within.
OPTIONS = {"max_iter": N_CYCLES * LENGTH, "learning_rate_init": 0.05, "normalization": "batch", "batch_size": 8}
every_kind = pytest.mark.parametrize("kind", SNAPSHOTS, ids=["regressor", "classifier"])
averages_or_none = pytest.mark.parametrize("averaging", [None, EMA(0.9)], ids=str)


@pytest.fixture
def noisy():
    """Mostly noise, so that some cycles find no better weights than those before."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((80, 3))
    y = X[:, 0] + rng.standard_normal(80)
    return lambda kind: (X, y if kind is SnapshotEnsembleRegressor else (y > 0).astype(int))


@pytest.fixture
def recorded(monkeypatch):
    """Fits while the weights and losses that a hook sees are written down after every epoch."""

    def run(model, X, y, **validation):
        seen, whole = [], options.build_plan

        def write(state):
            seen.append((state.validation_loss, state.values.clone(), state.statistics.clone()))
            return False

        monkeypatch.setattr(options, "build_plan", lambda *a: replace(whole(*a), on_epoch_end=(write,)))
        return model.fit(X, y, **validation), seen

    return run


def cycles(values, length=LENGTH):
    return [values[start : start + length] for start in range(0, len(values), length)]


@every_kind
@averages_or_none
@pytest.mark.parametrize("variant", ["cyclic", "no_cycle"])
def test_a_snapshot_is_the_best_of_its_cycle(quick, noisy, recorded, kind, averaging, variant):
    own = {"n_snapshots": N_CYCLES, "variant": variant}
    model, seen = recorded(quick(kind, own=own, averaging=averaging, **OPTIONS), *noisy(kind))
    losses = [loss for loss, *_ in seen]
    assert losses == model.validation_curve_
    places = [int(np.argmin(cycle)) for cycle in cycles(losses)]
    assert any(place < LENGTH - 1 for place in places)  # or best and last weights would be the same
    for number, (cycle, place) in enumerate(zip(cycles(seen), places, strict=True)):
        np.testing.assert_array_equal(model.members_.values[number], cycle[place][1][0])
        np.testing.assert_array_equal(model.members_.statistics[number], cycle[place][2][0])


@every_kind
def test_the_first_snapshot_is_a_network_that_stops_early(quick, noisy, kind):
    X, y = noisy(kind)
    base = ProbabilisticMLPRegressor if kind is SnapshotEnsembleRegressor else ProbabilisticMLPClassifier
    members = quick(kind, own={"n_snapshots": N_CYCLES}, averaging=None, **OPTIONS).fit(X, y).predict_members(X)
    alone = OPTIONS | {
        "averaging": None,
        "max_iter": LENGTH,
        "schedule": CosineRestarts(LENGTH),
        "n_iter_no_change": None,
    }
    network = quick(base, **alone).fit(X, y)
    assert network.best_iter_ < LENGTH
    np.testing.assert_allclose(members[0], network.predict_members(X)[0], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("variant", ["cyclic", "no_cycle"])
def test_snapshots_watch_the_validation_rows_they_are_given(quick, noisy, variant):
    X, y = noisy(SnapshotEnsembleRegressor)
    own, head = {"n_snapshots": 6, "variant": variant}, "gaussian"
    model = quick(SnapshotEnsembleRegressor, own=own, head=head, **OPTIONS, dtype="float64")
    members = model.fit(X[:40], y[:40], X_val=X[40:], y_val=y[40:]).predict_dist(X[40:]).members
    mean, std = members.mean()[..., 0], np.sqrt(members.variance()[..., 0])
    nll = -norm.logpdf(y[40:], mean, std).mean(axis=1) - np.log(model.target_scaler_.scale_[0])
    np.testing.assert_allclose(nll, [min(cycle) for cycle in cycles(model.validation_curve_)], rtol=1e-9)


# -- going back --------------------------------------------------------------------------------------------------------


@pytest.fixture
def watched(monkeypatch):
    """The weights in training, their averages and the statistics of both, before and after every epoch."""
    seen, run = [], WholeStack.run_epoch

    def state(stack):
        return torch.cat([stack.values, stack.statistics, *stack.watched], dim=1)[0].clone()

    def run_epoch(stack):
        before = state(stack)
        outcome = run(stack)
        seen.append((before, state(stack)))
        return outcome

    monkeypatch.setattr(WholeStack, "run_epoch", run_epoch)
    return seen


def assert_goes_on(seen, starts=()):
    """No epoch, but for the numbered ones, begins anywhere else than where the one before it ended."""
    for number, ((_, end), (start, _)) in enumerate(pairwise(seen), start=1):
        assert torch.equal(end, start) == (number not in starts), number


@every_kind
@averages_or_none
def test_after_a_cycle_in_vain_training_goes_back_to_the_best_weights(quick, noisy, watched, kind, averaging):
    X, y = noisy(kind)
    head = "gaussian" if kind is SnapshotEnsembleRegressor else "auto"
    model = quick(kind, own={"n_snapshots": N_CYCLES}, head=head, averaging=averaging, **OPTIONS).fit(X, y)
    lowest = [min(cycle) for cycle in cycles(model.validation_curve_)]
    in_vain = [cycle for cycle in range(1, N_CYCLES) if lowest[cycle] > min(lowest[:cycle])]
    going_back = [cycle for cycle in in_vain if cycle < N_CYCLES - 1]  # nothing follows the last cycle
    assert 0 < len(going_back) < N_CYCLES - 2  # some cycles find better weights, others do not
    assert len(watched) == N_CYCLES * LENGTH
    assert_goes_on(watched, [LENGTH * (cycle + 1) for cycle in going_back])
    for cycle in going_back:
        best = int(np.argmin(lowest[: cycle + 1]))
        kept = np.concatenate([model.members_.values[best], model.members_.statistics[best]])
        np.testing.assert_array_equal(watched[LENGTH * (cycle + 1)][0], np.tile(kept, 2))  # the averages too


def test_a_dropped_cycle_may_hold_the_best_weights(quick, noisy):
    X, y = noisy(SnapshotEnsembleRegressor)
    options = OPTIONS | {"head": "gaussian", "averaging": None}
    every = quick(SnapshotEnsembleRegressor, own={"n_snapshots": 6}, **options).fit(X, y)
    n_dropped = int(np.argmin([min(cycle) for cycle in cycles(every.validation_curve_)])) + 1
    assert n_dropped < 5
    own = {"n_snapshots": 6 - n_dropped, "n_dropped_cycles": n_dropped}
    model = quick(SnapshotEnsembleRegressor, own=own, **options).fit(X, y)
    np.testing.assert_array_equal(model.members_.values, every.members_.values[n_dropped:])


@every_kind
@pytest.mark.parametrize(("variant", "early_stopping"), [("no_cycle", True), ("no_cycle", False), ("cyclic", False)])
def test_one_ordinary_run_and_one_without_held_out_rows_never_go_back(
    quick, noisy, watched, kind, variant, early_stopping
):
    own = {"n_snapshots": N_CYCLES, "variant": variant}
    model = quick(kind, own=own, early_stopping=early_stopping, averaging=None, **OPTIONS).fit(*noisy(kind))
    assert_goes_on(watched)
    if not early_stopping:  # as in the paper: the last weights of each cycle
        n_values = model.members_.values.shape[1]
        ends = [end[:n_values].numpy() for _, end in watched[LENGTH - 1 :: LENGTH]]
        np.testing.assert_array_equal(model.members_.values, ends)
