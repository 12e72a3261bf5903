"""Fits that fail, fits that go on from earlier ones, and what they keep."""

import copy

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from uncertainty import (
    SGD,
    Adadelta,
    Adam,
    AdamW,
    DeepEnsembleRegressor,
    Gaussian,
    MixtureDensity,
    ProbabilisticMLPClassifier,
    ProbabilisticMLPRegressor,
    SnapshotEnsembleRegressor,
)

# -- fits that fail ----------------------------------------------------------------------------------------------------


def set_network(model, **parameters):
    (getattr(model, "estimator", None) or model).set_params(**parameters)


@pytest.mark.parametrize("network", [{"alpha": -1.0}, {"activation": "rely"}, {"head": "gausian"}], ids=str)
def test_a_fit_that_fails_leaves_nothing_half_new(any_kind, quick, problem, network):
    X, y = problem(any_kind)
    model = quick(any_kind, max_iter=3).fit(X, y)
    set_network(model, **network)
    with pytest.raises(ValueError, match=f"{next(iter(network))} must"):
        model.fit(10 * X, y)
    with pytest.raises(NotFittedError):
        model.predict(X)


def test_a_warm_start_that_fails_changes_nothing(quick, regression):
    X, y = regression
    model = quick(ProbabilisticMLPRegressor, warm_start=True).fit(X, y)
    before = model.predict(X)
    with pytest.raises(ValueError, match="alpha must"):
        model.set_params(alpha=-1.0).fit(10 * X, y + 5)
    np.testing.assert_array_equal(model.predict(X), before)


# -- what has to stay --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"head": MixtureDensity(5)}, "head must stay the same"),
        ({"head": Gaussian(floor=0.1)}, "head must stay the same"),
        ({"head": Gaussian(variance="constant")}, "head must stay the same"),
        ({"standardize": False}, "standardize must stay the same"),
        ({"activation": "tanh"}, "architecture must stay the same.*name='tanh'.*name='silu'"),
        ({"hidden_layer_sizes": (9,)}, r"architecture must stay the same.*sizes=\(9,\).*sizes=\(8,\)"),
        ({"normalization": "batch"}, r"architecture must stay the same.*BatchNormalizer.*normalizer=None"),
    ],
    ids=str,
)
@pytest.mark.parametrize("kind", [ProbabilisticMLPRegressor, DeepEnsembleRegressor, SnapshotEnsembleRegressor])
def test_a_warm_start_keeps_head_architecture_and_scaling(quick, regression, kind, changed, words):
    X, y = regression
    model = quick(kind, own={"warm_start": True}, max_iter=3).fit(X, y)
    before = model.predict(X)
    if kind is DeepEnsembleRegressor:
        model.set_params(n_estimators=4)
    set_network(model, **changed)
    with pytest.raises(ValueError, match=words):
        model.fit(X, y)
    np.testing.assert_array_equal(model.predict(X), before)


# -- running statistics ------------------------------------------------------------------------------------------------

NORMALIZED = {"normalization": "batch", "early_stopping": False, "max_iter": 80, "batch_size": 30}


@pytest.mark.parametrize("way", ["warm_start", "partial_fit"])
def test_running_statistics_outlive_a_fit(quick, regression, way):
    # Four rows at a tiny rate: the weights stay, and the batch moves the statistics by one share of their momentum.
    X, y = regression
    model = quick(ProbabilisticMLPRegressor, warm_start=True, **NORMALIZED).fit(X, y)
    before, score = model.predict(X), model.score(X, y)
    n_updates = model.members_.n_updates
    assert n_updates == 80 * 2
    few = np.argsort(X[:, 0])[-4:]
    model.set_params(max_iter=1, learning_rate_init=1e-9)
    (model.fit if way == "warm_start" else model.partial_fit)(X[few], y[few])
    assert model.members_.n_updates == n_updates + 1
    assert np.abs(model.predict(X) - before).max() < 0.5 * y.std()
    assert model.score(X, y) > score - 0.1


# -- partial_fit -------------------------------------------------------------------------------------------------------

ONE_BATCH = {"early_stopping": False, "batch_size": "full", "dtype": "float64"}


@pytest.mark.parametrize("kind", [ProbabilisticMLPRegressor, ProbabilisticMLPClassifier])
def test_partial_fit_keeps_the_first_call_s_unit_of_weight(quick, problem, kind):
    # One step of plain gradient descent is proportional to the weight of its rows.
    X, y = problem(kind)
    options = {**ONE_BATCH, "optimizer": SGD(momentum=0.0, nesterov=False), "alpha": 0.0}

    def step(first, second):
        model = quick(kind, **options).partial_fit(X[:30], y[:30], first)
        before = model.members_.values.copy()
        return model.partial_fit(X[30:], y[30:], second).members_.values - before

    n_rows = len(X) - 30
    plain = step(None, None)
    assert np.abs(plain).max() > 1e-4
    np.testing.assert_allclose(step(None, np.full(n_rows, 100.0)), 100 * plain, rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose(step(np.full(30, 4.0), None), plain / 4, rtol=1e-6, atol=1e-12)
    np.testing.assert_array_equal(step(np.full(30, 4.0), np.full(n_rows, 4.0)), plain)


def test_partial_fit_takes_an_integer_weight_for_a_repeated_row(quick, regression):
    # Both chunks weigh the same on average: a batch is a mean, so that 100 copies of all its rows are one.
    X, y = regression
    weight = np.random.default_rng(0).permutation(np.repeat([1, 2, 3], 10))
    weighted, repeated = (quick(ProbabilisticMLPRegressor, **ONE_BATCH) for _ in range(2))
    for rows in (slice(0, 30), slice(30, 60)):
        weighted.partial_fit(X[rows], y[rows], weight)
        repeated.partial_fit(np.repeat(X[rows], weight, axis=0), np.repeat(y[rows], weight))
    np.testing.assert_allclose(weighted.predict(X), repeated.predict(X), rtol=1e-8, atol=1e-10)


def test_partial_fit_keeps_the_unit_of_weight_of_a_fit(quick, regression):
    X, y = regression
    one, other = (quick(ProbabilisticMLPRegressor, **ONE_BATCH, max_iter=3) for _ in range(2))
    one.fit(X, y, np.full(60, 5.0)).partial_fit(X, y, np.full(60, 10.0))
    other.fit(X, y).partial_fit(X, y, np.full(60, 2.0))
    np.testing.assert_array_equal(one.predict(X), other.predict(X))


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"head": MixtureDensity(2)}, "head"),
        ({"standardize": False}, "standardize"),
        ({"embedding": None}, "embedding"),
    ],
    ids=lambda value: str(value),
)
def test_partial_fit_refuses_what_it_cannot_change(quick, regression, change, what):
    model = quick(ProbabilisticMLPRegressor, **ONE_BATCH, head="gaussian").partial_fit(*regression)
    with pytest.raises(ValueError, match=f"{what} must stay the same when a fit continues"):
        model.set_params(**change).partial_fit(*regression)


def test_partial_fit_is_adversarial_if_the_fit_is(quick, regression):
    # The first step changes nothing: at the start the output does not depend on X.
    options = {"early_stopping": False, "batch_size": 16}
    plain, adversarial = (
        quick(DeepEnsembleRegressor, own={"adversarial_epsilon": epsilon}, **options).partial_fit(*regression)
        for epsilon in (0.0, 0.1)
    )
    assert np.abs(plain.members_.values - adversarial.members_.values).max() > 1e-4


def test_each_partial_fit_draws_a_bootstrap_sample_of_its_own(quick, regression):
    # One step of plain gradient descent each, from weights that hardly move: the rows of it show in the gradient.
    X, y = regression
    options = {**ONE_BATCH, "optimizer": SGD(momentum=0.0, nesterov=False), "alpha": 0.0, "learning_rate_init": 1e-7}

    def steps(bootstrap):
        model = quick(DeepEnsembleRegressor, own={"bootstrap": bootstrap}, averaging=None, **options).partial_fit(X, y)
        values = [model.members_.values.copy()]
        for _ in range(2):
            values.append(model.partial_fit(X, y).members_.values.copy())
        return np.diff(values, axis=0)

    first, second = steps(bootstrap=False)
    np.testing.assert_allclose(first, second, rtol=1e-3, atol=1e-11)
    first, second = steps(bootstrap=True)
    assert np.abs(first - second).max() > 0.1 * np.abs(first).max()


def test_partial_fit_tells_of_its_own_passes(quick, regression):
    model = quick(ProbabilisticMLPRegressor, max_iter=5).fit(*regression)
    assert len(model.validation_curve_) == 5
    model.set_params(early_stopping=False)
    for _ in range(3):
        model.partial_fit(*regression)
    assert not hasattr(model, "validation_curve_")
    assert len(model.loss_curve_) == model.n_iter_ == model.best_iter_ == 8


def test_the_loss_is_a_mean_over_the_weights_of_the_rows_trained_on(quick, regression):
    # At a tiny rate it is that of the start, which knows only the weighted distribution of y.
    X, y = regression
    y = np.where(np.arange(60) < 30, y, 5.0 * y)
    weight = np.where(np.arange(60) < 6, 50.0, 0.1)  # of which a share of the rows is held out
    model = quick(ProbabilisticMLPRegressor, learning_rate_init=1e-12, max_iter=1, dtype="float64")
    model.fit(X, y, weight, X_val=X, y_val=y, sample_weight_val=weight)
    assert model.loss_curve_[0] == pytest.approx(model.validation_curve_[0], rel=1e-6)
    model.set_params(early_stopping=False).partial_fit(X[:6], y[:6], weight[:6])
    unweighted = clone(model).set_params(max_iter=1).fit(X, y, weight).partial_fit(X[:6], y[:6])
    assert model.loss_curve_[-1] == pytest.approx(unweighted.loss_curve_[-1], rel=1e-6)


def test_partial_fit_stays_at_the_initial_rate_whatever_the_schedule(quick, regression):
    model = quick(ProbabilisticMLPRegressor, early_stopping=False, schedule="cosine", batch_size=16)
    constant = quick(ProbabilisticMLPRegressor, early_stopping=False, batch_size=16)
    for _ in range(3):
        model.partial_fit(*regression)
        constant.partial_fit(*regression)
    assert [record["learning_rate"] for record in model.history_] == [1e-2] * 3
    np.testing.assert_array_equal(model.predict(regression[0]), constant.predict(regression[0]))


AVERAGED = SGD(momentum_form="average")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("adam", "nadam"),
        ("adam", "sgd"),
        ("nadam", "adam"),
        (Adadelta(), "rmsprop"),
        (AVERAGED, SGD()),
        (Adam(amsgrad=True), "adam"),
        ("gradient_descent", "adam"),
        ("adam", Adam(beta_1=0.5)),
        ("adam", AdamW()),
    ],
    ids=str,
)
def test_another_optimizer_in_partial_fit_begins_afresh(quick, regression, first, second):
    # Without averages: the weights in training are carried over with the state of the optimizer, and lost with it.
    changed = quick(ProbabilisticMLPRegressor, **ONE_BATCH, averaging=None, optimizer=first)
    changed.partial_fit(*regression).partial_fit(*regression)
    afresh = copy.deepcopy(changed)
    afresh._optimizer_state = None
    for model in (changed, afresh):
        model.set_params(optimizer=second).partial_fit(*regression)
    # An optimizer that differs in its constants alone is the same one, and goes on.
    assert np.array_equal(changed.members_.values, afresh.members_.values) != isinstance(second, (Adam, AdamW))
