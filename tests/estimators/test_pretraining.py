"""Greedy pre-training seen from outside: rows without labels, what goes with what, and what it is good for."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.datasets import load_digits

from uncertainty import (
    Autoencoder,
    DeepEnsembleClassifier,
    DeepEnsembleRegressor,
    ProbabilisticMLPClassifier,
    ProbabilisticMLPRegressor,
)
from uncertainty.estimators.validation_split import split_rows
from uncertainty.training.random_streams import Purpose, member_generators

QUICK = Autoencoder(n_epochs=3)
# Pre-training alone: the fit after it does not move.
FROZEN = {
    "pretraining": Autoencoder(5, learning_rate=1e-2),
    "max_iter": 1,
    "learning_rate_init": 1e-12,
    "standardize": False,
}


def more_rows(X, n_rows=50):
    rng = np.random.default_rng(1)
    return X.mean(axis=0) + 2.0 * X.std(axis=0) * rng.standard_normal((n_rows, X.shape[1]))


def test_every_estimator_takes_rows_without_labels(any_kind, quick, problem):
    X, y = problem(any_kind)
    plain = quick(any_kind).fit(X, y).predict_members(X)
    alone = quick(any_kind, pretraining=QUICK).fit(X, y).predict_members(X)
    model = quick(any_kind, pretraining=QUICK).fit(X, y, X_unlabeled=more_rows(X))
    with_more = model.predict_members(X)
    assert with_more.shape == plain.shape
    for one, other in ((plain, alone), (alone, with_more)):
        assert not np.allclose(one, other)
    again = quick(any_kind, pretraining=QUICK).fit(X, y, X_unlabeled=more_rows(X))
    np.testing.assert_array_equal(again.predict_members(X), with_more)


def test_five_members_are_the_first_five_of_ten(quick, regression):
    X, y = regression
    options = {"pretraining": Autoencoder(3, corruption=0.2), "hidden_layer_sizes": (9, 7), "batch_size": 16}
    five, ten = (quick(DeepEnsembleRegressor, own={"n_estimators": n}, **options) for n in (5, 10))
    for model in (five, ten):
        model.fit(X, y, X_unlabeled=more_rows(X))
    np.testing.assert_array_equal(five.members_.values, ten.members_.values[:5])


def test_names_stand_for_the_specs(quick, regression):
    X, y = regression
    named, given = (quick(ProbabilisticMLPRegressor, pretraining=p) for p in ("autoencoder", Autoencoder()))
    np.testing.assert_array_equal(named.fit(X, y).predict(X), given.fit(X, y).predict(X))
    longer, given = (quick(ProbabilisticMLPRegressor, pretraining=Autoencoder(n)) for n in (3, 4))
    longer.set_params(pretraining__n_epochs=4)
    np.testing.assert_array_equal(longer.fit(X, y).predict(X), given.fit(X, y).predict(X))


def test_the_scaling_of_X_is_learned_from_all_rows(quick, regression, classification):
    for kind, (X, y) in ((ProbabilisticMLPRegressor, regression), (ProbabilisticMLPClassifier, classification)):
        more = more_rows(X) + 3.0
        model = quick(kind, pretraining=QUICK).fit(X, y, X_unlabeled=more)
        np.testing.assert_allclose(model.input_scaler_.location_, np.concatenate([X, more]).mean(axis=0))
        weight = np.random.default_rng(0).uniform(1.0, 3.0, len(y))
        model.fit(X, y, weight, X_unlabeled=more)
        every = np.concatenate([weight / weight.mean(), np.ones(len(more))])
        expected = np.average(np.concatenate([X, more]), axis=0, weights=every)
        np.testing.assert_allclose(model.input_scaler_.location_, expected)


def test_a_common_factor_of_the_weights_changes_nothing(quick, regression):
    X, y = regression
    weight = np.random.default_rng(0).integers(1, 4, 60).astype(float)
    one, other = (
        quick(ProbabilisticMLPRegressor, pretraining=QUICK).fit(X, y, w, X_unlabeled=more_rows(X))
        for w in (weight, 2.0**7 * weight)
    )
    np.testing.assert_array_equal(one.predict(X), other.predict(X))


def test_held_out_rows_are_not_pre_trained_on(quick, regression):
    X, y = regression
    one = quick(ProbabilisticMLPRegressor, **FROZEN).fit(X, y)
    _, held_out = split_rows(member_generators(one._seed, range(1), Purpose.VALIDATION_SPLIT), 60, 0.1, None)
    for rows, same in ((held_out[0], True), (np.setdiff1d(np.arange(60), held_out), False)):
        changed = X.copy()
        changed[rows] *= 5.0
        other = quick(ProbabilisticMLPRegressor, **FROZEN).fit(changed, y)
        assert np.allclose(one.members_.values, other.members_.values, atol=1e-6) == same


def test_rows_without_labels_are_worth_as_much_as_any_others(quick, regression):
    # Half of the rows without their labels leave the same hidden layers as all with them.
    X, y = regression
    options = {**FROZEN, "early_stopping": False, "batch_size": "full"}
    every = quick(ProbabilisticMLPRegressor, **options).fit(X, y)
    half = quick(ProbabilisticMLPRegressor, **options).fit(X[:30], y[:30], X_unlabeled=X[30:])
    layout = every.members_.mlp.layout
    for name, array in layout.views(torch.from_numpy(half.members_.values)).items():
        expected = layout.views(torch.from_numpy(every.members_.values))[name]
        assert torch.allclose(array, expected, atol=1e-6) == (name != "output.bias"), name


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"pretraining": "auto"}, r"pretraining must be one of \['autoencoder'\], got 'auto'"),
        (
            {"pretraining": QUICK, "hidden_layer_sizes": ()},
            "pretraining must be None .* with no hidden layers",
        ),
        (
            {"pretraining": QUICK, "hidden_layer_sizes": (8, 8, 8), "residual": "residual"},
            "pretraining must be None in a network with residual blocks",
        ),
        ({"pretraining": Autoencoder(corruption=2.0)}, "corruption must be .*less than 1"),
    ],
    ids=["name", "no layer", "residual", "corruption"],
)
def test_what_does_not_go_together_is_refused(quick, regression, options, words):
    with pytest.raises(ValueError, match=words):
        quick(DeepEnsembleRegressor, **options).fit(*regression)


def test_rows_without_labels_that_nothing_looks_at_are_refused(any_kind, quick, problem):
    X, y = problem(any_kind)
    with pytest.raises(ValueError, match=r"X_unlabeled must not be given where nothing is pre-trained"):
        quick(any_kind).fit(X, y, X_unlabeled=X)
    if not any_kind.__name__.startswith("DeepEnsemble"):  # which trains new members only
        model = quick(any_kind, pretraining=QUICK).set_params(warm_start=True).fit(X, y, X_unlabeled=X)
        with pytest.raises(ValueError, match=r"X_unlabeled must not be given .* goes on from the weights"):
            model.fit(X, y, X_unlabeled=X)


def test_rows_without_labels_are_checked_like_any_others(quick, regression):
    X, y = regression
    model = quick(ProbabilisticMLPRegressor, pretraining=QUICK)
    for bad, words in (
        (X[:, :2], "X has 2 features, but ProbabilisticMLPRegressor is expecting 3"),
        (np.full_like(X, np.nan), "Input X contains NaN"),
        (X[:0], "minimum of 1 is required"),
    ):
        with pytest.raises(ValueError, match=f"X_unlabeled must be rows like those of X. .*{words}"):
            model.fit(X, y, X_unlabeled=bad)
    table = pd.DataFrame(X, columns=list("abc"))
    with pytest.raises(ValueError, match=r"X_unlabeled must be rows like those of X\. The feature names"):
        model.fit(table, y, X_unlabeled=table.rename(columns={"a": "z"}))
    assert np.isfinite(model.fit(table, y, X_unlabeled=table[:10]).predict(table)).all()


def test_partial_fit_pre_trains_on_the_rows_of_its_first_call(quick, regression):
    X, y = regression
    options = {"early_stopping": False, "batch_size": 16, "averaging": None}
    model = quick(ProbabilisticMLPRegressor, pretraining=Autoencoder(20), **options).partial_fit(X, y)
    assert not np.allclose(model.predict(X), quick(ProbabilisticMLPRegressor, **options).partial_fit(X, y).predict(X))
    before = model.members_.values
    model.set_params(learning_rate_init=1e-12).partial_fit(X, y)
    np.testing.assert_allclose(model.members_.values, before, atol=1e-6)  # and not again


# -- what it is good for -----------------------------------------------------------------------------------------------


def curves_on_digits(activation, pretraining, seed, max_iter, n_members=2):
    """Training and test NLL after each epoch of five layers of 20, with labels of 100 digits and 1200 without."""
    X, y = load_digits(return_X_y=True)
    order = np.random.default_rng(seed).permutation(len(X))
    labelled, unlabelled, test = order[:100], order[100:1300], order[1300:]
    network = ProbabilisticMLPClassifier(
        (20,) * 5,
        activation,
        pretraining=pretraining,
        max_iter=max_iter,
        n_iter_no_change=max_iter,
        batch_size=32,
        alpha=0.0,
    )
    model = DeepEnsembleClassifier(network, n_members, random_state=seed)
    rows = {} if pretraining is None else {"X_unlabeled": X[unlabelled]}
    model.fit(X[labelled], y[labelled], X_val=X[test], y_val=y[test], **rows)
    return np.array(model.loss_curve_), np.array(model.validation_curve_)


def test_pre_training_lets_a_deep_narrow_sigmoid_network_train_at_all():
    """By optimization: sigmoids five layers deep lose the gradient, and pre-trained layers do not.

    Over four splits the training NLL was 1.66 (0.02) after 600 epochs without and 0.01 with pre-training, the test NLL
    2.10 (0.06) and 0.72 (0.03); the marginal has 2.30.
    """
    plain, _ = curves_on_digits("sigmoid", None, 0, 100, n_members=1)
    trained, _ = curves_on_digits("sigmoid", Autoencoder(n_epochs=20), 0, 100, n_members=1)
    assert plain[-1] > 1.5
    assert trained[-1] < 0.5


@pytest.mark.slow
@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_pre_training_regularizes_where_training_is_easy(activation):
    """By regularization: at equal training loss the pre-trained network predicts new digits better.

    Test NLL, mean and standard error of four splits, where the training NLL first fell below 0.2: tanh 1.00 (0.04)
    without, 0.72 (0.03) with pre-training on the labelled rows alone, 0.64 (0.03) with 1200 more; relu 1.25 (0.09),
    0.67 (0.03) and 0.61 (0.03). Both trained to the end either way, so optimization was not the difference. Erhan et
    al. (2010), Why does unsupervised pre-training help deep learning?, found the same of their networks.
    """
    gains = []
    for seed in range(4):
        at_equal_loss = []
        for pretraining in (None, Autoencoder(n_epochs=20)):
            train, test = curves_on_digits(activation, pretraining, seed, 100)
            at_equal_loss.append(test[np.flatnonzero(train < 0.2)[0]])
        gains.append(at_equal_loss[0] - at_equal_loss[1])
    assert np.mean(gains) > 0.2
    assert np.mean(gains) > 4 * np.std(gains, ddof=1) / 2
