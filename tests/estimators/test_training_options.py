"""Options that change how members are trained, seen from outside."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from uncertainty import (
    AdamW,
    CosineRestarts,
    DeepEnsembleClassifier,
    DeepEnsembleRegressor,
    Dropout,
    Gaussian,
    MCDropoutRegressor,
    MixtureDensity,
    ProbabilisticMLPClassifier,
    ProbabilisticMLPRegressor,
    SnapshotEnsembleClassifier,
    SnapshotEnsembleRegressor,
)
from uncertainty.estimators import options

# One rate for all steps, and weights that are those of the last one.
PLAIN = {"optimizer": "adam", "schedule": "constant", "averaging": None, "embedding": None}

BASE_OF = [
    (ProbabilisticMLPRegressor, SnapshotEnsembleRegressor),
    (ProbabilisticMLPClassifier, SnapshotEnsembleClassifier),
]


# -- early stopping ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_best_loss_is_the_smallest_of_the_validation_curve(any_kind, quick, problem, dtype):
    X, y = problem(any_kind)
    network = {"max_iter": 40, "n_iter_no_change": 40, "learning_rate_init": 0.05, "dtype": dtype}
    model = quick(any_kind, **network).fit(X, y)
    if any_kind.__name__.startswith("DeepEnsemble"):
        assert model.best_loss_.shape == model.best_iter_.shape == (3,)
        assert model.best_loss_.mean() <= min(model.validation_curve_)  # each member has its own best epoch
        first = quick(any_kind, own={"n_estimators": 1}, **network).fit(X, y)
        assert isinstance(first.best_loss_, float)
        np.testing.assert_allclose(model.best_loss_[0], first.best_loss_, rtol=1e-5)
        return
    assert isinstance(model.best_loss_, float)
    assert model.best_loss_ == min(getattr(model, "validation_curve_", model.loss_curve_))


def pure_noise():
    rng = np.random.default_rng(1)
    return rng.standard_normal((100, 5)), rng.standard_normal(100)


@pytest.mark.parametrize("task", ["regressor", "classifier"])
def test_noise_is_said_to_be_noise(quick, task):
    X, y = pure_noise()
    kind = ProbabilisticMLPRegressor
    if task == "classifier":
        kind, y = ProbabilisticMLPClassifier, (y > 0).astype(int)
    network = {"max_iter": 5, "learning_rate_init": 0.1, "batch_size": 8, "embedding": None}
    with pytest.warns(ConvergenceWarning, match=r"no member came to predict .*learning_rate_init=0\.1 is too high"):
        model = quick(kind, **network).fit(X, y, X_val=X[::-1], y_val=y)
    assert model.best_iter_ == 0


def test_a_huge_learning_rate_is_said_to_be_one(quick, regression):
    with pytest.warns(ConvergenceWarning, match=r"no member came to predict .*learning_rate_init=1000 is too high"):
        quick(DeepEnsembleRegressor, learning_rate_init=1e3, **PLAIN).fit(*regression)


@pytest.mark.filterwarnings("error:no member came to predict")
def test_a_fit_that_learns_is_not_warned_of(any_kind, quick, problem):
    quick(any_kind, max_iter=40).fit(*problem(any_kind))


@pytest.mark.parametrize("kind", [ProbabilisticMLPRegressor, ProbabilisticMLPClassifier])
@pytest.mark.parametrize("normalization", [None, "batch"])
def test_restored_weights_reproduce_the_best_validation_loss(quick, problem, kind, normalization):
    X, y = problem(kind)
    options = {"max_iter": 60, "dtype": "float64", "learning_rate_init": 0.05, "normalization": normalization}
    model = quick(kind, **options).fit(X[:40], y[:40], X_val=X[40:], y_val=y[40:])
    dist = model.predict_dist(X[40:])
    if kind is ProbabilisticMLPRegressor:  # the loss is per unit of the standardised target
        nll = -dist.logpdf(y[40:]).mean() - np.log(model.target_scaler_.scale_[0])
    else:
        nll = -dist.logpmf(y[40:]).mean()
    np.testing.assert_allclose(nll, min(model.validation_curve_), rtol=1e-10)
    assert model.validation_curve_[model.best_iter_ - 1] == min(model.validation_curve_)
    assert model.best_iter_ < model.n_iter_  # or restoring would not have been tested


def test_validation_rows_may_be_weighted(quick, regression):
    X, y = regression
    weight = np.where(np.arange(20) < 10, 1.0, 0.0)
    model = quick(ProbabilisticMLPRegressor).fit(X[:40], y[:40], X_val=X[40:], y_val=y[40:], sample_weight_val=weight)
    same = quick(ProbabilisticMLPRegressor).fit(X[:40], y[:40], X_val=X[40:50], y_val=y[40:50])
    np.testing.assert_array_equal(model.predict(X), same.predict(X))


def test_patience_stops_each_member_on_its_own(quick, regression):
    X, y = regression
    model = quick(DeepEnsembleRegressor, max_iter=400, n_iter_no_change=5, learning_rate_init=0.05).fit(X, y)
    assert model.n_iter_ < 400
    assert model.n_iter_ >= model.best_iter_.max() + 5
    assert model.history_[-1]["n_training"] < model.history_[0]["n_training"] == 3


def test_without_early_stopping_all_rows_train_and_the_last_weights_stay(any_kind, quick, problem):
    X, y = problem(any_kind)
    model = quick(any_kind, early_stopping=False).fit(X, y)
    assert not hasattr(model, "validation_curve_")
    assert model.n_iter_ == len(model.loss_curve_) == 5
    assert np.all(np.asarray(model.best_iter_) == 5)
    assert model.loss_curve_[-1] < model.loss_curve_[0]


def test_a_rare_class_is_held_out_and_trained_on(quick, classification):
    X, y = classification
    few = np.concatenate([np.flatnonzero(y != 2), np.flatnonzero(y == 2)[:2]])
    model = quick(ProbabilisticMLPClassifier, max_iter=60).fit(X[few], y[few])
    assert model.predict_proba(X).shape == (90, 3)
    alone = np.concatenate([np.flatnonzero(y != 2), np.flatnonzero(y == 2)[:1]])
    assert quick(ProbabilisticMLPClassifier).fit(X[alone], y[alone]).predict_proba(X).shape == (90, 3)


# -- partial_fit -------------------------------------------------------------------------------------------------------


def supports_partial_fit(kind):
    return not kind.__name__.startswith("Snapshot")


def test_partial_fit_learns_pass_by_pass(any_kind, quick, problem):
    if not supports_partial_fit(any_kind):
        pytest.skip("its schedule spans a whole fit")
    X, y = problem(any_kind)
    model = quick(any_kind, early_stopping=False, batch_size=16, learning_rate_init=0.03).partial_fit(X, y)
    first = model.score(X, y)
    for _ in range(20):
        model.partial_fit(X, y)
    assert model.score(X, y) > max(first, 0.5)
    assert model.n_iter_ == 21
    assert model.loss_curve_[-1] < model.loss_curve_[0]


def test_partial_fit_freezes_the_scaling(any_kind, quick, problem):
    if not supports_partial_fit(any_kind):
        pytest.skip("its schedule spans a whole fit")
    X, y = problem(any_kind)
    model = quick(any_kind, early_stopping=False).partial_fit(X, y)
    location, scale = model.input_scaler_.location_.copy(), model.input_scaler_.scale_.copy()
    model.partial_fit(100 * X + 5, y)
    np.testing.assert_array_equal(model.input_scaler_.location_, location)
    np.testing.assert_array_equal(model.input_scaler_.scale_, scale)


def test_partial_fit_is_repeatable_and_moves_on(quick, regression):
    X, y = regression
    one, two = (quick(DeepEnsembleRegressor, early_stopping=False) for _ in range(2))
    for model in (one, two):
        model.partial_fit(X[:30], y[:30]).partial_fit(X[30:], y[30:])
    np.testing.assert_array_equal(one.predict_members(X), two.predict_members(X))
    before = one.predict(X)
    assert not np.array_equal(one.partial_fit(X, y).predict(X), before)


def test_partial_fit_takes_classes_that_come_later(classifier_kind, quick, classification):
    if not supports_partial_fit(classifier_kind):
        pytest.skip("its schedule spans a whole fit")
    X, y = classification
    model = quick(classifier_kind, early_stopping=False).partial_fit(X[y < 2], y[y < 2], classes=[0, 1, 2])
    assert model.predict_proba(X).shape == (90, 3)
    for _ in range(40):
        model.partial_fit(X, y)
    assert model.score(X, y) > 0.7
    with pytest.raises(ValueError, match=r"y must hold the classes \[0, 1, 2\], got also \[9\]"):
        model.partial_fit(X, np.where(y == 2, 9, y))


def test_partial_fit_goes_on_from_a_fit(quick, regression):
    X, y = regression
    model = quick(ProbabilisticMLPRegressor, early_stopping=False, max_iter=80).fit(X, y)
    fitted, scaler = model.score(X, y), model.input_scaler_
    model.partial_fit(X, y)
    assert model.score(X, y) > fitted - 0.2
    assert model.input_scaler_ is scaler


def test_a_fit_after_partial_fit_starts_over(quick, regression):
    X, y = regression
    model = quick(ProbabilisticMLPRegressor, early_stopping=False)
    fresh = model.fit(X, y).predict(X)
    again = quick(ProbabilisticMLPRegressor, early_stopping=False).partial_fit(X[:30], y[:30]).fit(X, y)
    np.testing.assert_array_equal(again.predict(X), fresh)
    # Another architecture after that leaves nothing of the old one behind.
    again.set_params(hidden_layer_sizes=(5,)).fit(X, y).partial_fit(X, y)
    assert np.isfinite(again.predict(X)).all()


def test_partial_fit_with_batch_norm_remembers_earlier_batches(quick, regression):
    # One batch a call: the running statistics must average over the calls instead of following the last one.
    X, y = regression
    model = quick(ProbabilisticMLPRegressor, early_stopping=False, normalization="batch", batch_size=60)
    for _ in range(60):
        model.partial_fit(X, y)
    before = model.score(X, y)
    model.partial_fit(X[:2], y[:2])
    assert model.score(X, y) > before - 0.3


@pytest.mark.parametrize("normalization", [None, "batch"])
def test_partial_fit_of_one_row(quick, regression, normalization):
    X, y = regression
    model = quick(ProbabilisticMLPRegressor, early_stopping=False, normalization=normalization).partial_fit(X, y)
    if normalization is None:
        assert np.isfinite(model.partial_fit(X[:1], y[:1]).predict(X)).all()
    else:
        with pytest.raises(ValueError, match=r"batch normalization.*one row"):
            model.partial_fit(X[:1], y[:1])


def test_partial_fit_is_absent_with_early_stopping_and_says_why(any_kind, quick):
    model = quick(any_kind)
    assert not hasattr(model, "partial_fit")
    with pytest.raises(AttributeError) as caught:
        model.partial_fit  # noqa: B018 - the access is what is tested
    message = str(caught.value.__cause__)
    assert "early_stopping=False" in message or "schedule spans a whole fit" in message


# -- weights of classes ------------------------------------------------------------------------------------------------


def test_class_weights_multiply_the_row_weights(classifier_kind, quick, classification):
    # Without standardisation, which follows the row weights alone.
    X, y = classification
    kept = (y == 0) | (np.arange(90) < 30)
    X, y = X[kept], y[kept]
    counts = np.bincount(y)
    balanced = len(y) / (3 * counts)
    rows = np.random.default_rng(0).uniform(0.5, 2.0, len(y))
    by_weight = len(y) / (3 * np.bincount(y, rows))  # "balanced" counts a row of weight 2 as two
    for option, weight, by_hand in (
        ("balanced", None, balanced[y]),
        (dict(enumerate(balanced)), None, balanced[y]),
        ("balanced", rows, by_weight[y] * rows),
        ({0: 1.0, 1: 3.0, 2: 1.0}, rows, np.array([1.0, 3.0, 1.0])[y] * rows),
    ):
        fixed = {"standardize": False, "dtype": "float64", "max_iter": 3}
        model = quick(classifier_kind, class_weight=option, **fixed).fit(X, y, weight)
        expected = quick(classifier_kind, **fixed).fit(X, y, by_hand)
        np.testing.assert_allclose(model.predict_proba(X), expected.predict_proba(X), rtol=1e-8)


def test_class_weight_moves_the_decision(quick, two_classes):
    X, y = two_classes
    plain, heavy = (
        quick(ProbabilisticMLPClassifier, max_iter=60, class_weight=w).fit(X, y).predict_proba(X)[:, 1].mean()
        for w in (None, {0: 1.0, 1: 10.0})
    )
    assert heavy > plain + 0.1


# -- snapshots ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("base", "snapshots"), BASE_OF, ids=["regressor", "classifier"])
def test_a_snapshot_is_the_network_at_its_cycle_s_end(quick, problem, base, snapshots):
    # A single network on the same schedule, stopped after t cycles, is snapshot t, batch-norm statistics included.
    X, y = problem(base)
    options = {"normalization": "batch", "alpha": 1e-3, "early_stopping": False}
    members = quick(snapshots, own={"n_snapshots": 4}, max_iter=20, **options).fit(X, y).predict_members(X)
    for t in (1, 2, 4):
        network = quick(base, max_iter=5 * t, schedule=CosineRestarts(5), n_iter_no_change=None, **options)
        np.testing.assert_allclose(members[t - 1], network.fit(X, y).predict_members(X)[0], rtol=1e-12, atol=1e-14)


def test_dropped_cycles_leave_out_the_first_snapshots(quick, regression):
    X, y = regression
    every = quick(SnapshotEnsembleRegressor, own={"n_snapshots": 4}, max_iter=20).fit(X, y)
    last = quick(SnapshotEnsembleRegressor, own={"n_snapshots": 2, "n_dropped_cycles": 2}, max_iter=20).fit(X, y)
    np.testing.assert_allclose(last.predict_members(X), every.predict_members(X)[2:], rtol=1e-12, atol=1e-14)


def test_snapshots_end_at_the_lowest_rate(quick, regression):
    model = quick(SnapshotEnsembleRegressor, own={"n_snapshots": 3}, max_iter=13, n_iter_no_change=1).fit(*regression)
    assert model.n_iter_ == 13  # cycles of 4, 4 and 5 epochs; patience is ignored
    rates = [record["learning_rate"] for record in model.history_]
    for end in (3, 7, 12):
        assert rates[end] < rates[end - 1]  # lowest of its cycle ...
        assert end == 12 or rates[end + 1] > 10 * rates[end]  # ... which the next one starts far above
    assert len(model.validation_curve_) == 13


def test_snapshots_need_an_epoch_for_each_cycle(quick, regression):
    with pytest.raises(ValueError, match=r"max_iter must be at least one epoch for each of the 4 cycles, got 3"):
        quick(SnapshotEnsembleRegressor, own={"n_snapshots": 3, "n_dropped_cycles": 1}, max_iter=3).fit(*regression)


@pytest.mark.parametrize(("max_iter", "n_snapshots", "ends"), [(13, 3, [4, 8, 13]), (7, 4, [1, 3, 5, 7]), (5, 5, None)])
def test_snapshots_keep_the_number_of_epochs(quick, problem, max_iter, n_snapshots, ends):
    for kind in (SnapshotEnsembleRegressor, SnapshotEnsembleClassifier):
        X, y = problem(kind)
        model = quick(kind, own={"n_snapshots": n_snapshots}, max_iter=max_iter, batch_size=8).fit(X, y)
        assert model.n_iter_ == max_iter
        assert len(model.predict_members(X)) == n_snapshots
        rates = np.array([record["learning_rate"] for record in model.history_])
        lowest = [epoch for epoch in range(1, max_iter) if rates[epoch] > rates[epoch - 1]]
        assert ends is None or [*lowest, max_iter] == ends


@pytest.mark.parametrize(("last", "n_taken"), [(5, 1), (9, 2)])
def test_snapshots_that_were_not_taken_are_warned_of(quick, regression, monkeypatch, last, n_taken):
    X, y = regression
    whole = options.build_plan
    monkeypatch.setattr(
        options, "build_plan", lambda *a: replace(whole(*a), on_epoch_end=(lambda state: state.epoch == last,))
    )
    with pytest.warns(ConvergenceWarning, match=f"only {n_taken} of 3 snapshots were taken"):
        model = quick(SnapshotEnsembleRegressor, own={"n_snapshots": 3}, max_iter=12).fit(X, y)
    assert model.n_iter_ == last
    assert len(model.predict_members(X)) == n_taken


# -- ensembles ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [DeepEnsembleRegressor, DeepEnsembleClassifier])
@pytest.mark.parametrize("own", [{"bootstrap": True}, {"adversarial_epsilon": 0.01}], ids=str)
def test_options_of_the_ensemble_change_the_members(quick, problem, kind, own):
    X, y = problem(kind)
    plain = quick(kind).fit(X, y).predict_members(X)
    changed = quick(kind, own=own).fit(X, y).predict_members(X)
    assert np.isfinite(changed).all()
    assert not np.allclose(plain, changed)


def test_bootstrap_members_see_different_rows(quick, regression):
    # Constant predictions differ only through the rows: each member's mean is that of its own resample.
    X, y = regression
    options = {"hidden_layer_sizes": (), "early_stopping": False, "max_iter": 200, "batch_size": "full"}
    X0 = np.zeros_like(X)
    apart = [
        quick(DeepEnsembleRegressor, own={"bootstrap": b}, **options).fit(X0, y).predict_members(X0)[:, 0].std()
        for b in (False, True)
    ]
    assert apart[1] > 3 * apart[0]


def test_adversarial_training_smooths(quick, regression):
    # Fast-gradient-sign neighbours of a large step flatten the mean.
    X, y = regression
    plain, robust = (
        quick(DeepEnsembleRegressor, own={"adversarial_epsilon": e}, max_iter=60).fit(X, y).predict(X).std()
        for e in (0.0, 0.2)
    )
    assert robust < plain


# -- batch normalization -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [ProbabilisticMLPRegressor, ProbabilisticMLPClassifier])
def test_running_statistics_stand_for_those_of_the_batches(quick, problem, kind):
    # One batch an epoch at a small rate: prediction form and training form then give the same loss.
    X, y = problem(kind)
    options = {"batch_size": "full", "early_stopping": False, "learning_rate_init": 1e-4, "max_iter": 60}
    model = quick(kind, normalization="batch", activation="relu", **options).fit(X, y)
    dist = model.predict_dist(X)
    if kind is ProbabilisticMLPRegressor:
        nll = -dist.logpdf(y).mean() - np.log(model.target_scaler_.scale_[0])
    else:
        nll = -dist.logpmf(y).mean()
    np.testing.assert_allclose(nll, model.loss_curve_[-1], atol=5e-3)


@pytest.mark.parametrize("n_rows", [33, 49])
def test_a_last_batch_of_one_row_is_harmless(any_kind, quick, problem, n_rows):
    X, y = problem(any_kind)
    X, y = X[:n_rows], y[:n_rows]
    options = {"batch_size": 16, "early_stopping": False, "normalization": "batch", "max_iter": 45}
    model = quick(any_kind, **options).fit(X, y)
    assert np.isfinite(model.predict_members(X)).all()
    assert model.score(X, y) > 0.3


def test_batches_of_one_row_need_no_batch_norm(any_kind, quick, problem):
    X, y = problem(any_kind)
    with pytest.raises(ValueError, match="batch_size must be at least 2 with batch normalization, got 1"):
        quick(any_kind, batch_size=1, normalization="batch").fit(X, y)
    assert np.isfinite(quick(any_kind, batch_size=1, max_iter=3).fit(X[:20], y[:20]).predict_members(X)).all()


# -- specs -------------------------------------------------------------------------------------------------------------


def test_a_name_a_spec_and_a_number_stand_for_the_same(quick, regression):
    X, y = regression
    expected = quick(ProbabilisticMLPRegressor, dropout=0.1).fit(X, y).predict(X)
    spec = {"head": MixtureDensity(), "optimizer": AdamW(), "dropout": Dropout(0.1), "hidden_layer_sizes": 8}
    np.testing.assert_array_equal(quick(ProbabilisticMLPRegressor, **spec).fit(X, y).predict(X), expected)
    model = quick(ProbabilisticMLPRegressor, dropout=Dropout(0.5)).set_params(dropout__rate=0.1)
    np.testing.assert_array_equal(model.fit(X, y).predict(X), expected)


def test_wrappers_have_their_own_default_networks(regression, monkeypatch):
    monkeypatch.setattr(options, "EPOCHS_OF_A_FIT", (10, 10))
    X, y = regression
    masked = MCDropoutRegressor(random_state=0, n_mc_samples=3).fit(X, y)
    assert masked.predict_uncertainty(X).epistemic_variance.max() > 0
    default = DeepEnsembleRegressor(random_state=0, n_estimators=1).fit(X, y)
    explicit = DeepEnsembleRegressor(ProbabilisticMLPRegressor(), random_state=0, n_estimators=1).fit(X, y)
    np.testing.assert_array_equal(default.predict(X), explicit.predict(X))


def test_standardize_off_trains_on_raw_numbers(any_kind, quick, problem):
    X, y = problem(any_kind)
    model = quick(any_kind, standardize=False).fit(X, y)
    assert np.isfinite(model.predict_members(X)).all()
    assert not np.array_equal(model.predict_members(X), quick(any_kind).fit(X, y).predict_members(X))


@pytest.mark.parametrize("sizes", [(), (4,), 4, [4, 3], np.array([4, 3]), (4, 3, 2)], ids=str)
def test_any_depth_works(quick, regression, sizes):
    X, y = regression
    assert np.isfinite(quick(DeepEnsembleRegressor, hidden_layer_sizes=sizes).fit(X, y).predict(X)).all()


def test_no_hidden_layer_is_linear_regression(quick, regression):
    X, _ = regression
    y = X @ np.array([1.0, -2.0, 0.5]) + 3.0
    options = {"hidden_layer_sizes": (), "max_iter": 600, "head": Gaussian(variance="constant"), "dtype": "float64"}
    model = quick(ProbabilisticMLPRegressor, early_stopping=False, alpha=0.0, **options).fit(X, y)
    np.testing.assert_allclose(model.predict(X), y, atol=0.05 * y.std())
    np.testing.assert_allclose(np.ptp(model.predict_var(X)), 0.0, atol=1e-12)  # one learned constant
