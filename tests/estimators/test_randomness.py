"""Seeds decide everything, threads nothing, and the global state is left alone."""

import random

import numpy as np
import pytest
import torch

from uncertainty import (
    DeepEnsembleClassifier,
    DeepEnsembleRegressor,
    MCDropoutRegressor,
    ProbabilisticMLPRegressor,
)


@pytest.mark.parametrize("seed", [0, 42])
def test_the_same_seed_gives_the_same_model(any_kind, quick, problem, answers, assert_same, seed):
    X, y = problem(any_kind)
    options = {"own": {"random_state": seed}, "dropout": 0.1}
    assert_same(answers(quick(any_kind, **options).fit(X, y), X), answers(quick(any_kind, **options).fit(X, y), X))


def test_different_seeds_differ(any_kind, quick, problem):
    X, y = problem(any_kind)
    found = [quick(any_kind, own={"random_state": seed}).fit(X, y).predict_members(X) for seed in (0, 1, None, None)]
    for i in range(4):
        for j in range(i):
            assert not np.allclose(found[i], found[j])


def test_the_initial_weights_follow_the_seed(quick, regression):
    # Nothing else is random here: one full batch, no held-out rows, and steps too small to matter.
    options = {"batch_size": "full", "early_stopping": False, "learning_rate_init": 1e-9, "max_iter": 1}
    zero, one, again = (
        quick(ProbabilisticMLPRegressor, random_state=s, **options).fit(*regression).members_.values for s in (0, 1, 0)
    )
    assert np.abs(zero - one).max() > 0.1
    np.testing.assert_array_equal(zero, again)


def test_refitting_with_an_integer_seed_starts_over(any_kind, quick, problem):
    X, y = problem(any_kind)
    model = quick(any_kind).fit(X, y)
    first = model.predict_members(X)
    np.testing.assert_array_equal(model.fit(X, y).predict_members(X), first)


def test_members_differ_from_each_other(wrapper_kind, quick, problem):
    X, y = problem(wrapper_kind)
    members = quick(wrapper_kind).fit(X, y).predict_members(X)
    for i in range(len(members)):
        for j in range(i):
            assert not np.allclose(members[i], members[j])


@pytest.fixture
def two_threads():
    """More threads than a small step needs, so that forgetting to put the number back shows."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def global_state():
    _, keys, position, *_ = np.random.get_state()  # noqa: NPY002 - the global state is what is tested
    return (
        random.getstate(),
        (keys.tolist(), position),
        torch.random.get_rng_state().tolist(),
        torch.get_num_threads(),
        torch.is_grad_enabled(),
        torch.get_default_dtype(),
    )


@pytest.mark.parametrize("seed", [0, None])
def test_global_state_is_the_same_after_any_call(any_kind, quick, problem, answers, two_threads, seed):
    X, y = problem(any_kind)
    before = global_state()
    model = quick(any_kind, dropout=0.1, own={"random_state": seed}).fit(X, y)
    assert global_state() == before
    answers(model, X)
    if hasattr(model, "sample_y"):
        model.sample_y(X, 3)
        model.sample_y(X, 3, random_state=None)
    assert global_state() == before


def test_a_failed_prediction_leaves_threads_and_gradients_alone(quick, regression, two_threads):
    X, y = regression
    model = quick(DeepEnsembleRegressor).fit(X, y)
    before = global_state()
    try:
        model.predict_interval(X, coverage=90)
    except ValueError as error:
        kept = error  # an interactive session keeps the traceback, and with it every frame
    assert global_state() == before
    model.fit(X, y)  # needs gradients
    assert kept.__traceback__ is not None


@pytest.mark.parametrize("kind", [DeepEnsembleRegressor, DeepEnsembleClassifier, MCDropoutRegressor])
def test_n_jobs_changes_nothing(quick, kind):
    # Large enough a step that a second thread is used where the machine has one.
    rng = np.random.default_rng(0)
    X = rng.standard_normal((600, 8))
    y = X[:, 0] if kind is not DeepEnsembleClassifier else (X[:, 0] > 0).astype(int)
    options = {"hidden_layer_sizes": (128, 128), "batch_size": 256, "max_iter": 3}
    one, two = (quick(kind, own={"n_jobs": n_jobs}, **options).fit(X, y).predict_members(X) for n_jobs in (1, 2))
    np.testing.assert_array_equal(one, two)


def five_and_ten(quick, kind, X, y, **options):
    # Patience 2 makes members stop at different epochs, which must not disturb the others.
    options = {"max_iter": 40, "n_iter_no_change": 2, **options}
    five, ten = (quick(kind, own={"n_estimators": n}, **options).fit(X, y) for n in (5, 10))
    return five, ten


@pytest.mark.parametrize("kind", [DeepEnsembleRegressor, DeepEnsembleClassifier])
@pytest.mark.parametrize("options", [{}, {"dropout": 0.2}, {"normalization": "batch"}], ids=str)
def test_five_members_are_the_first_five_of_ten(quick, problem, kind, options):
    X, y = problem(kind)
    five, ten = five_and_ten(quick, kind, X, y, hidden_layer_sizes=(64,), **options)
    np.testing.assert_array_equal(five.members_.values, ten.members_.values[:5])
    np.testing.assert_array_equal(five.members_.statistics, ten.members_.statistics[:5])
    np.testing.assert_array_equal(five.best_iter_, ten.best_iter_[:5])
    assert len(set(ten.best_iter_.tolist())) > 1
    # The members are the same bit for bit; vectorised arithmetic rounds the end of an array differently.
    np.testing.assert_allclose(five.predict_members(X), ten.predict_members(X)[:5], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("options", [{}, {"normalization": "batch"}], ids=str)
def test_five_narrow_members_are_the_first_five_of_ten(quick, regression, options):
    five, ten = five_and_ten(quick, DeepEnsembleRegressor, *regression, hidden_layer_sizes=(8,), **options)
    np.testing.assert_array_equal(five.members_.values, ten.members_.values[:5])


@pytest.mark.parametrize("kind_of_y", ["two_classes", "multi_label"])
def test_five_bernoulli_members_are_the_first_five_of_ten(quick, request, kind_of_y):
    X, y = request.getfixturevalue(kind_of_y)
    five, ten = five_and_ten(quick, DeepEnsembleClassifier, X, y, hidden_layer_sizes=(64,))
    np.testing.assert_array_equal(five.members_.values, ten.members_.values[:5])


@pytest.mark.parametrize("kind_of_y", ["regression", "three_targets", "two_classes", "classification", "multi_label"])
@pytest.mark.parametrize("normalization", [None, "batch"])
def test_the_number_of_members_matters_no_more_than_rounding(quick, request, kind_of_y, normalization):
    X, y = request.getfixturevalue(kind_of_y)
    kind = DeepEnsembleRegressor if kind_of_y in ("regression", "three_targets") else DeepEnsembleClassifier
    options = {"dtype": "float64", "max_iter": 4, "normalization": normalization, "dropout": 0.1}
    five, ten = five_and_ten(quick, kind, X, y, **options)
    np.testing.assert_allclose(five.members_.values, ten.members_.values[:5], rtol=1e-9, atol=1e-9)


def test_the_base_network_is_an_ensemble_of_one(quick, regression):
    X, y = regression
    one = quick(DeepEnsembleRegressor, own={"n_estimators": 1}).fit(X, y)
    np.testing.assert_array_equal(one.predict(X), quick(ProbabilisticMLPRegressor).fit(X, y).predict(X))


def test_fewer_masks_are_the_first_of_more(quick, regression):
    X, y = regression
    few, many = (quick(MCDropoutRegressor, own={"n_mc_samples": n}).fit(X, y).predict_members(X) for n in (3, 8))
    np.testing.assert_allclose(few, many[:3], rtol=1e-12)


@pytest.mark.parametrize("bootstrap", [False, True])
def test_an_ensemble_grown_by_warm_start_equals_one_fitted_at_once(quick, regression, bootstrap):
    X, y = regression
    own, width = {"bootstrap": bootstrap}, {"hidden_layer_sizes": (64,)}
    grown = quick(DeepEnsembleRegressor, own={**own, "warm_start": True}, **width).fit(X, y)
    first = grown.predict_members(X)
    grown.set_params(n_estimators=5).fit(X, y)
    at_once = quick(DeepEnsembleRegressor, own={**own, "n_estimators": 5}, **width).fit(X, y)
    np.testing.assert_array_equal(grown.members_.values, at_once.members_.values)
    np.testing.assert_allclose(grown.predict_members(X)[:3], first, rtol=1e-12, atol=1e-14)
    np.testing.assert_array_equal(grown.best_iter_, at_once.best_iter_)


def test_a_warm_start_without_new_members_says_so(quick, regression):
    model = quick(DeepEnsembleRegressor, own={"warm_start": True}).fit(*regression)
    before = model.predict(regression[0])
    with pytest.warns(UserWarning, match="warm_start has nothing to train"):
        model.fit(*regression)
    np.testing.assert_array_equal(model.predict(regression[0]), before)


def test_an_ensemble_does_not_shrink_by_warm_start(quick, regression):
    model = quick(DeepEnsembleRegressor, own={"warm_start": True}).fit(*regression)
    with pytest.raises(ValueError, match="n_estimators must be at least 3 with warm_start"):
        model.set_params(n_estimators=2).fit(*regression)


def test_a_warm_start_goes_on_from_the_last_weights(any_kind, quick, problem):
    if any_kind.__name__.startswith("DeepEnsemble"):
        pytest.skip("a deep ensemble adds members instead")
    X, y = problem(any_kind)
    options = {"early_stopping": False, "averaging": None, "max_iter": 15}  # no averages, which lag in so short a fit
    model = quick(any_kind, own={"warm_start": True}, **options).fit(X, y)
    first, scaler = model.loss_curve_, model.input_scaler_
    model.fit(X, y)
    assert model.loss_curve_[0] < 0.5 * first[0] + 0.5 * first[-1]
    assert model.input_scaler_ is scaler


def test_samples_take_any_kind_of_random_state(quick, regression):
    X, y = regression
    model = quick(DeepEnsembleRegressor).fit(X, y)

    def draw(state):
        return model.sample_y(X, 4, random_state=state)

    for make in (np.random.default_rng, np.random.RandomState):
        np.testing.assert_array_equal(draw(make(3)), draw(make(3)))
        assert not np.array_equal(draw(make(3)), draw(make(4)))
        generator = make(3)
        assert not np.array_equal(draw(generator), draw(generator))  # it moves on
    np.testing.assert_array_equal(draw(5), draw(5))
    assert not np.array_equal(draw(None), draw(None))


def test_an_estimator_takes_a_numpy_generator(quick, regression):
    X, y = regression
    one, same = (
        quick(ProbabilisticMLPRegressor, random_state=np.random.default_rng(3)).fit(X, y).predict(X) for _ in range(2)
    )
    np.testing.assert_array_equal(one, same)
