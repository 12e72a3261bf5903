"""Activations, dropout and residual blocks in every estimator: fits, refits, pickles, and what each is for."""

import pickle
import warnings

import numpy as np
import pytest
from sklearn.base import clone

from uncertainty import (
    ELU,
    SELU,
    DeepEnsembleRegressor,
    Dropout,
    Gaussian,
    LeakyReLU,
    Maxout,
    MCDropoutClassifier,
    MCDropoutRegressor,
    PReLU,
    ProbabilisticMLPClassifier,
    ProbabilisticMLPRegressor,
    RandomizedReLU,
    Residual,
    SnapshotEnsembleRegressor,
)

DEEP = (8, 8, 8)
DROPOUTS = {
    "unit": {"dropout": 0.2},
    "a rate each": {"dropout": (0.3, 0.0, 0.1)},
    "inputs": {"dropout": Dropout(0.0, input_rate=0.2)},
    "connect": {"dropout": Dropout(0.2, kind="connect")},
    "concrete": {"dropout": Dropout(0.2, 0.1, kind="concrete")},
    "residual": {"dropout": 0.2, "residual": Residual(0.3)},
}
ACTIVATIONS = {
    "prelu": {"activation": PReLU(0.1)},
    "rrelu": {"activation": "rrelu"},
    "maxout": {"activation": Maxout(3)},
    "residual prelu": {"activation": "prelu", "residual": "residual", "normalization": "batch"},
}
OPTIONS = DROPOUTS | ACTIVATIONS


@pytest.fixture(params=OPTIONS)
def options(request):
    return {"hidden_layer_sizes": DEEP, **OPTIONS[request.param]}


@pytest.fixture(params=DROPOUTS)
def dropping(request):
    return {"hidden_layer_sizes": DEEP, **DROPOUTS[request.param]}


# -- every estimator ---------------------------------------------------------------------------------------------------


def test_every_estimator_fits_predicts_and_is_copied(any_kind, quick, problem, answers, assert_same, options):
    X, y = problem(any_kind)
    model = quick(any_kind, **options).fit(X, y)
    expected = answers(model, X)
    assert all(np.isfinite(values).all() for values in expected.values())
    assert_same(answers(pickle.loads(pickle.dumps(model)), X), expected)
    assert_same(answers(clone(model).fit(X, y), X), expected)
    # A single row has the answer that it has among others.
    one_by_one = np.concatenate([model.predict_members(row[None]) for row in X[:5]], axis=1)
    np.testing.assert_allclose(one_by_one, model.predict_members(X)[:, :5], rtol=1e-9, atol=1e-12)


def test_a_warm_start_goes_on_from_the_last_weights(quick, regression, options):
    # A warm start is a new run of the optimizer from the same weights, so half and half is not the whole; but a rate
    # of nearly zero leaves a fit where it was.
    X, y = regression
    for kind in (ProbabilisticMLPRegressor, MCDropoutRegressor, SnapshotEnsembleRegressor):
        network = {**options, "early_stopping": False}
        own = {"warm_start": True}
        model = quick(kind, own=own, **network).fit(X, y)
        before = model.members_.values[-1:].copy()
        (getattr(model, "estimator", None) or model).set_params(learning_rate_init=1e-12)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(X, y)
        np.testing.assert_allclose(model.members_.values[-1:], before, rtol=1e-4, atol=1e-6)


def test_partial_fit_goes_on_from_the_last_call(quick, regression, options):
    X, y = regression
    for kind in (ProbabilisticMLPRegressor, DeepEnsembleRegressor, MCDropoutRegressor):
        model = quick(kind, early_stopping=False, **options)
        losses = []
        for _ in range(16):
            model.partial_fit(X, y)
            losses.append(model.loss_curve_[-1])
        assert np.mean(losses[-4:]) < np.mean(losses[:4])
        assert np.isfinite(model.predict_members(X)).all()


def test_five_members_are_the_first_five_of_ten(quick, regression, options):
    five, ten = (
        quick(DeepEnsembleRegressor, own={"n_estimators": n}, max_iter=12, n_iter_no_change=2, **options).fit(
            *regression
        )
        for n in (5, 10)
    )
    np.testing.assert_array_equal(five.members_.values, ten.members_.values[:5])
    np.testing.assert_array_equal(five.best_iter_, ten.best_iter_[:5])


def test_a_refit_with_another_component_is_refused(quick, regression):
    X, y = regression
    model = quick(ProbabilisticMLPRegressor, warm_start=True, hidden_layer_sizes=DEEP, dropout=0.1).fit(X, y)
    for changed in ({"dropout": Dropout(0.1, kind="connect")}, {"dropout": 0.2}, {"residual": "residual"}):
        with pytest.raises(ValueError, match="architecture must stay the same"):
            clone(model).set_params(**model.get_params()).fit(X, y).set_params(**changed).fit(X, y)


# -- Monte Carlo dropout -----------------------------------------------------------------------------------------------


def test_members_differ_by_whatever_is_dropped(quick, problem, dropping):
    for kind in (MCDropoutRegressor, MCDropoutClassifier):
        X, y = problem(kind)
        model = quick(kind, own={"n_mc_samples": 8}, max_iter=20, **dropping).fit(X, y)
        assert len(model.members_) == 8
        variance = model.predict_uncertainty(X).epistemic_variance
        assert (variance > 0).all()
        fewer = clone(model).set_params(n_mc_samples=3).fit(X, y)
        np.testing.assert_allclose(fewer.predict_members(X), model.predict_members(X)[:3], rtol=1e-9, atol=1e-12)


def test_weight_scaling_is_the_base_network_whatever_is_dropped(quick, problem, dropping):
    for kind, base in (
        (MCDropoutRegressor, ProbabilisticMLPRegressor),
        (MCDropoutClassifier, ProbabilisticMLPClassifier),
    ):
        X, y = problem(kind)
        model = quick(kind, own={"inference": "weight_scaling"}, **dropping).fit(X, y)
        np.testing.assert_array_equal(model.predict_members(X), quick(base, **dropping).fit(X, y).predict_members(X))


def test_weight_scaling_is_near_the_mean_over_masks(quick, regression, dropping):
    X, y = regression
    network = {**dropping, "hidden_layer_sizes": (64, 64, 64), "max_iter": 20}
    many = quick(MCDropoutRegressor, own={"n_mc_samples": 400}, **network).fit(X, y)
    scaled = quick(MCDropoutRegressor, own={"inference": "weight_scaling"}, **network).fit(X, y)
    # They differ by chance and by the curvature of the layers, not by a factor such as 1 - rate.
    difference = many.predict(X) - scaled.predict(X)
    assert np.sqrt(np.mean(difference**2)) < 0.15 * y.std()


def test_inputs_alone_make_members_of_a_linear_model(quick, regression):
    X, y = regression
    options = {"head": "gaussian", "hidden_layer_sizes": (), "dropout": Dropout(0.0, input_rate=0.3), "max_iter": 100}
    model = quick(MCDropoutRegressor, **options)
    model.set_params(n_mc_samples=4000).fit(X, y)
    found = model.predict_uncertainty(X[:5]).epistemic_variance
    # Each input's share of the mean comes and goes on its own: p / (1 - p) sum of x^2 w^2.
    x, weight = model.input_scaler_.transform(X[:5]), model.members_.mlp.layout
    views = {block.name: block for block in weight.blocks}
    offset = views["output.weight"].offset
    w = model.members_.values[0, offset : offset + X.shape[1]].astype(float)  # of the mean, the first raw output
    expected = 0.3 / 0.7 * (x**2) @ (w**2) * y.std() ** 2
    np.testing.assert_allclose(found, expected, rtol=0.12)


def test_rates_are_reported(quick, regression):
    X, y = regression
    fixed = quick(ProbabilisticMLPRegressor, hidden_layer_sizes=DEEP, dropout=(0.1, 0.0, 0.3)).fit(X, y)
    np.testing.assert_array_equal(fixed.dropout_rates_, [0.1, 0.0, 0.3])
    none = quick(DeepEnsembleRegressor, hidden_layer_sizes=(8, 4)).fit(X, y)
    np.testing.assert_array_equal(none.dropout_rates_, np.zeros((3, 2)))
    learned = quick(MCDropoutRegressor, hidden_layer_sizes=DEEP, dropout=Dropout(0.2, kind="concrete")).fit(X, y)
    assert learned.dropout_rates_.shape == (3,)
    assert (learned.dropout_rates_ != 0.2).all()
    masks = learned.members_.masks
    for i, rate in enumerate(learned.dropout_rates_):
        np.testing.assert_allclose(masks[f"dropout{i}"].scale, 1 / (1 - rate), rtol=1e-4)


# -- arguments ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "spec"),
    [
        ("leaky_relu", LeakyReLU()),
        ("elu", ELU()),
        ("selu", SELU()),
        ("prelu", PReLU()),
        ("rrelu", RandomizedReLU()),
        ("maxout", Maxout()),
    ],
    ids=str,
)
def test_a_name_is_the_spec_with_its_defaults(quick, regression, name, spec):
    X, y = regression
    by_name, by_spec = (quick(ProbabilisticMLPRegressor, activation=a).fit(X, y).predict(X) for a in (name, spec))
    np.testing.assert_array_equal(by_name, by_spec)


@pytest.mark.parametrize(
    ("argument", "one", "other"),
    [
        ("activation__slope", LeakyReLU(0.01), 0.5),
        ("activation__alpha", ELU(1.0), 0.3),
        ("activation__slope", PReLU(0.25), 0.9),
        ("activation__upper", RandomizedReLU(), 0.9),
        ("activation__n_pieces", Maxout(2), 3),
        ("dropout__input_rate", Dropout(0.1), 0.3),
        ("residual__stochastic_depth", Residual(), 0.4),
    ],
    ids=str,
)
def test_options_of_a_spec_are_searchable_and_count(quick, regression, argument, one, other):
    X, y = regression
    slot = argument.split("__")[0]
    first = quick(ProbabilisticMLPRegressor, hidden_layer_sizes=DEEP, **{slot: one})
    second = clone(first).set_params(**{argument: other})
    assert getattr(getattr(second, slot), argument.split("__")[1]) == other
    assert not np.array_equal(first.fit(X, y).predict(X), second.fit(X, y).predict(X))


# Of all that the default recipe does besides, nothing shows in what these compare.
PLAIN = {
    "optimizer": "adam",
    "learning_rate_init": 3e-3,
    "schedule": "constant",
    "averaging": None,
    "embedding": None,
    "early_stopping": False,
}


# -- purposes ----------------------------------------------------------------------------------------------------------


def test_narrow_deep_networks_die_by_relu_and_live_by_prelu():
    # Deep and narrow relu networks are mostly constant from the start, and have no gradient to become anything else
    # (Lu et al. 2020, Dying ReLU and initialization, section 2).
    rng = np.random.default_rng(0)
    X = rng.uniform(-1.5, 1.5, (200, 1))
    y = np.abs(X[:, 0]) + 0.05 * rng.standard_normal(200)
    n_constant, losses = {}, {}
    for activation in ("relu", "prelu"):
        base = ProbabilisticMLPRegressor((2,) * 10, activation, max_iter=60, **PLAIN)
        model = DeepEnsembleRegressor(base, n_estimators=20, random_state=0).fit(X, y)
        n_constant[activation] = int((np.ptp(model.predict_members(X), axis=1) == 0).sum())
        losses[activation] = model.best_loss_.mean()
    assert n_constant["relu"] >= 10
    assert n_constant["prelu"] == 0
    assert losses["prelu"] < losses["relu"] - 0.1


def test_one_unit_learns_a_convex_function_that_one_rectifier_cannot():
    rng = np.random.default_rng(0)
    X = rng.uniform(-1.0, 1.0, (300, 1))
    y = np.abs(X[:, 0]) + 0.02 * rng.standard_normal(300)
    error = {}
    for activation in ("relu", "maxout"):
        base = ProbabilisticMLPRegressor((1,), activation, embedding=None, learning_rate_init=0.02, max_iter=150)
        model = base.set_params(random_state=0)
        error[activation] = np.sqrt(np.mean((model.fit(X, y).predict(X) - np.abs(X[:, 0])) ** 2))
    assert error["maxout"] < 0.05
    assert error["relu"] > 0.1


def wave(n_rows, noise, seed=0):
    """A smooth function of the first two of four inputs, with noise of this standard deviation."""
    rng = np.random.default_rng(seed)
    X = rng.uniform(-2.0, 2.0, (n_rows, 4))
    return X, np.sin(2 * X[:, 0]) + 0.5 * X[:, 1] ** 2 + noise * rng.standard_normal(n_rows)


def test_input_dropout_shrinks_a_linear_model_as_ridge_regression_does():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((200, 3)) @ np.array([[1.0, 0.9, 0.0], [0.0, 0.5, 0.0], [0.0, 0.0, 1.0]])
    y = X @ np.array([1.0, 1.0, -1.0]) + 0.3 * rng.standard_normal(200)
    rate, n_networks = 0.3, 20
    base = ProbabilisticMLPRegressor(
        (),
        head=Gaussian(variance="constant"),
        dropout=Dropout(0.0, input_rate=rate),
        schedule="cosine",
        alpha=0.0,
        batch_size=20,
        learning_rate_init=0.01,
        max_iter=150,
        early_stopping=False,
    )
    model = DeepEnsembleRegressor(base, n_estimators=n_networks, random_state=0).fit(X, y)
    found = model.members_.values[:, :3].astype(float)  # the weights of the mean, the first raw output
    z, v = (X - X.mean(axis=0)) / X.std(axis=0), (y - y.mean()) / y.std()
    gram = z.T @ z
    # Expected squared error under dropout: that without it plus p / (1 - p) sum of x^2 w^2.
    ridge = np.linalg.solve(gram + rate / (1 - rate) * np.diag(np.diag(gram)), z.T @ v)
    standard_error = found.std(axis=0) / np.sqrt(n_networks)
    assert np.all(np.abs(found.mean(axis=0) - ridge) < 4 * standard_error)
    assert np.all(np.abs(np.linalg.solve(gram, z.T @ v) - ridge) > 10 * standard_error)


def test_learned_rates_fall_with_more_rows_and_with_less_noise():
    def rates(n_rows, noise):
        base = ProbabilisticMLPRegressor(
            (64,),
            "tanh",
            head="gaussian",
            dropout=Dropout(0.2, kind="concrete"),
            batch_size=50,
            max_iter=24_000 // n_rows,
            **(PLAIN | {"learning_rate_init": 0.01}),
        )
        model = DeepEnsembleRegressor(base, n_estimators=3, random_state=0).fit(*wave(n_rows, noise))
        assert model.dropout_rates_.shape == (3, 1)
        return model.dropout_rates_

    few_rows = rates(100, 0.5)
    assert rates(800, 0.5).max() < 0.5 * few_rows.min()
    assert rates(100, 0.05).max() < 0.5 * few_rows.min()


@pytest.mark.slow
def test_a_wide_layer_learns_a_rate_as_good_as_the_best_of_a_grid():
    X, y = wave(300, 0.5)
    X_new, y_new = wave(1000, 0.5, seed=99)

    def nll(dropout):
        base = ProbabilisticMLPRegressor(
            (512,), "relu", dropout=dropout, embedding=None, batch_size=50, max_iter=150, early_stopping=False
        )
        model = MCDropoutRegressor(base, n_mc_samples=50, random_state=0).fit(X, y)
        return -model.predict_dist(X_new).logpdf(y_new).mean()

    grid = [nll(rate) for rate in (0.01, 0.1, 0.3, 0.5)]
    learned = nll(Dropout(0.1, kind="concrete"))
    assert learned < min(grid) + 0.05
    assert learned < nll(0.1) - 0.05  # where it starts


@pytest.mark.slow
@pytest.mark.parametrize(
    ("without", "with_it"),
    [
        ({"activation": LeakyReLU(0.5)}, {"activation": RandomizedReLU(0.0, 1.0)}),  # the same function at prediction
        ({"activation": "relu"}, {"activation": "relu", "dropout": Dropout(0.2, kind="connect")}),
    ],
    ids=["random slopes", "DropConnect"],
)
def test_noise_in_training_keeps_a_large_network_from_overfitting(without, with_it):
    X_new, y_new = wave(1000, 0.5, seed=99)
    for seed in range(3):
        X, y = wave(80, 0.5, seed)
        train, test = [], []
        for network in (without, with_it):
            base = ProbabilisticMLPRegressor(
                (50,),
                embedding=None,
                batch_size=20,
                max_iter=200,
                learning_rate_init=5e-3,
                early_stopping=False,
                **network,
            )
            model = base.set_params(random_state=0).fit(X, y)
            train.append(model.loss_curve_[-1])
            test.append(-model.predict_dist(X_new).logpdf(y_new).mean())
        assert train[1] > train[0]
        assert test[1] < test[0] - 0.3


def test_forty_layers_train_with_residual_blocks():
    X, y = wave(400, 0.1)
    options = {"max_iter": 30, "batch_size": 40, "learning_rate_init": 1e-3, "early_stopping": False}
    loss = {}
    for name, blocks in (("none", None), ("plain", "residual"), ("stochastic depth", Residual(0.2))):
        model = ProbabilisticMLPRegressor((16,) * 41, "tanh", residual=blocks, random_state=0, **options).fit(X, y)
        loss[name] = -model.predict_dist(X).logpdf(y).mean() - np.log(y.std())  # of the standardised target
    marginal = 0.5 * np.log(2 * np.pi * np.e)
    assert loss["none"] > marginal - 0.15
    assert loss["plain"] < marginal - 0.4
    assert loss["stochastic depth"] < marginal - 0.4
