"""The variants of the snapshot paper's table: what the members are, how many epochs they cost, what goes with what."""

import numpy as np
import pytest

from uncertainty import (
    SWA,
    CosineRestarts,
    DeepEnsembleClassifier,
    DeepEnsembleRegressor,
    ProbabilisticMLPClassifier,
    ProbabilisticMLPRegressor,
    SnapshotEnsembleClassifier,
    SnapshotEnsembleRegressor,
)

KINDS = [
    (SnapshotEnsembleRegressor, ProbabilisticMLPRegressor, DeepEnsembleRegressor),
    (SnapshotEnsembleClassifier, ProbabilisticMLPClassifier, DeepEnsembleClassifier),
]
every_kind = pytest.mark.parametrize(("snapshots", "network", "ensemble"), KINDS, ids=["regressor", "classifier"])
LAST_WEIGHTS = {"early_stopping": False, "n_iter_no_change": None}
EXACT = {"rtol": 1e-9, "atol": 1e-12}


@every_kind
def test_without_cycles_the_members_are_checkpoints_of_one_ordinary_run(quick, problem, snapshots, network, ensemble):
    X, y = problem(snapshots)
    # A schedule that does not depend on the number of epochs.
    options = {"normalization": "batch", "schedule": "exponential", **LAST_WEIGHTS}
    own = {"n_snapshots": 4, "variant": "no_cycle"}
    members = quick(snapshots, own=own, max_iter=22, **options).fit(X, y).predict_members(X)
    for member, n_epochs in zip(members, (5, 11, 16, 22), strict=True):
        checkpoint = quick(network, max_iter=n_epochs, **options).fit(X, y)
        np.testing.assert_allclose(member, checkpoint.predict_members(X)[0], **EXACT)
    dropped = quick(snapshots, own={**own, "n_snapshots": 3, "n_dropped_cycles": 1}, max_iter=22, **options)
    np.testing.assert_allclose(dropped.fit(X, y).predict_members(X), members[1:], **EXACT)


@every_kind
@pytest.mark.parametrize("early_stopping", [True, False])
def test_single_cycles_are_independent_networks_of_one_cosine_cycle(
    quick, problem, snapshots, network, ensemble, early_stopping
):
    # With early stopping each has the best weights by its own held-out rows, but trains to the end of its cycle.
    X, y = problem(snapshots)
    own = {"n_snapshots": 4, "variant": "single_cycle"}
    options = {"normalization": "batch", "early_stopping": early_stopping, "learning_rate_init": 0.1}
    model = quick(snapshots, own=own, max_iter=22, n_iter_no_change=1, **options).fit(X, y)
    options |= {"schedule": CosineRestarts(cycle_length=5), "n_iter_no_change": None}
    independent = quick(ensemble, own={"n_estimators": 4}, max_iter=5, **options)
    np.testing.assert_allclose(model.predict_members(X), independent.fit(X, y).predict_members(X), **EXACT)
    assert model.n_iter_ == 5  # of each of the four: 20 of the 22 in total


def test_all_variants_train_for_as_many_epochs(quick, regression):
    epochs = {}
    for variant in ("cyclic", "no_cycle", "single_cycle"):
        model = quick(SnapshotEnsembleRegressor, own={"n_snapshots": 3, "variant": variant}, max_iter=12)
        model.fit(*regression)
        epochs[variant] = sum(record["n_training"] for record in model.history_)
        assert len(model.predict_members(regression[0])) == 3
        assert len(model.validation_curve_) == model.n_iter_
    assert set(epochs.values()) == {12}


def test_members_of_one_run_share_weights_and_fresh_starts_do_not(quick, regression):
    likeness = {}
    for variant in ("cyclic", "no_cycle", "single_cycle"):
        options = {"hidden_layer_sizes": (50,), "max_iter": 150, "embedding": None}  # weights of gaps are in pairs
        members = quick(SnapshotEnsembleRegressor, own={"variant": variant}, **options).fit(*regression).members_
        between = np.corrcoef(members.values)[np.triu_indices(3, 1)]
        likeness[variant] = between.mean()
    assert min(likeness["cyclic"], likeness["no_cycle"]) > 0.7
    assert abs(likeness["single_cycle"]) < 0.2


@pytest.mark.parametrize("variant", ["cyclic", "no_cycle"])
def test_a_warm_start_goes_on_from_the_last_snapshot(quick, regression, variant):
    X, y = regression
    model = quick(SnapshotEnsembleRegressor, own={"variant": variant, "warm_start": True}, max_iter=12).fit(X, y)
    last = model.predict_members(X)[-1]
    model.set_params(estimator__learning_rate_init=1e-12).fit(X, y)
    np.testing.assert_allclose(model.predict_members(X), np.tile(last, (3, 1)), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(
    ("own", "words"),
    [
        ({"variant": "no-cycle"}, r"variant must be one of .* got 'no-cycle'\. Did you mean 'no_cycle'\?"),
        ({"variant": "single_cycle", "n_dropped_cycles": 2}, "n_dropped_cycles must be 0 with variant='single_cycle'"),
        ({"variant": "single_cycle", "warm_start": True}, "warm_start must be False with variant='single_cycle'"),
        ({"variant": "single_cycle", "n_snapshots": 10}, "max_iter must be at least one epoch for each of the 10"),
        ({"variant": "no_cycle", "n_snapshots": 10}, "max_iter must be at least one epoch for each of the 10"),
    ],
    ids=lambda value: "" if isinstance(value, str) else str(value),
)
def test_what_does_not_go_together_is_refused(quick, regression, own, words):
    with pytest.raises(ValueError, match=words):
        quick(SnapshotEnsembleRegressor, own=own).fit(*regression)


@pytest.mark.parametrize("variant", ["cyclic", "no_cycle", "single_cycle"])
def test_an_average_over_epochs_stays_within_a_cycle(quick, regression, variant):
    model = quick(SnapshotEnsembleRegressor, own={"variant": variant}, averaging=SWA(0.5), max_iter=12)
    if variant == "single_cycle":
        plain = quick(SnapshotEnsembleRegressor, own={"variant": variant}, max_iter=12).fit(*regression)
        X, y = regression
        assert not np.allclose(model.fit(X, y).predict_members(X), plain.predict_members(X))
        return
    with pytest.raises(ValueError, match=r"averaging must not span the cycles whose ends are to differ, got SWA"):
        model.fit(*regression)


@pytest.mark.parametrize("variant", ["cyclic", "no_cycle", "single_cycle"])
def test_no_variant_has_partial_fit(quick, variant):
    assert not hasattr(quick(SnapshotEnsembleRegressor, own={"variant": variant}), "partial_fit")
