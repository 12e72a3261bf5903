"""What comes back is what was saved: every estimator, option, prediction and bit."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import KFold, StratifiedKFold

import uncertainty
from uncertainty import (
    Adam,
    Augmentation,
    ConformalClassifier,
    ConformalRegressor,
    DeepEnsembleClassifier,
    DeepEnsembleRegressor,
    Dropout,
    GroupNorm,
    MCDropoutClassifier,
    MCDropoutRegressor,
    RecalibratedClassifier,
    RecalibratedRegressor,
    SelectiveClassifier,
    SelectiveRegressor,
    SnapshotEnsembleClassifier,
    SnapshotEnsembleRegressor,
)
from uncertainty.components.spec import Spec

PREDICTIONS = (
    *("predict", "predict_interval", "predict_quantiles", "predict_var", "predict_uncertainty", "predict_members"),
    *("predict_proba", "predict_log_proba", "decision_function", "predict_set", "accepts", "row_uncertainty"),
    "sample_y",
)


@pytest.fixture
def again(tmp_path):
    """Save and load, and save what was loaded: the same model has the same bytes."""

    def round_trip(model):
        uncertainty.save(model, tmp_path / "first.uq", overwrite=True)
        loaded = uncertainty.load(tmp_path / "first.uq")
        uncertainty.save(loaded, tmp_path / "second.uq", overwrite=True)
        assert (tmp_path / "first.uq").read_bytes() == (tmp_path / "second.uq").read_bytes()
        return loaded

    return round_trip


def assert_same_predictions(one, other, X):
    compared = 0
    for name in PREDICTIONS:
        if hasattr(one, name):
            compared += 1
            a, b = (getattr(model, name)(X) for model in (one, other))
            for x, y in zip(a.values(), b.values(), strict=True) if isinstance(a, dict) else [(a, b)]:
                assert x.dtype == y.dtype
                np.testing.assert_array_equal(x, y, err_msg=name)
    assert compared >= 2


REGRESSORS = {
    "network": lambda net: net(),
    "linear": lambda net: net(hidden_layer_sizes=(), standardize=False, embedding=None),
    "deep ensemble": lambda net: DeepEnsembleRegressor(net(), 3, bootstrap=True, random_state=0),
    "MC-dropout": lambda net: MCDropoutRegressor(net(dropout=0.2), 7, random_state=0),
    "DropConnect": lambda net: MCDropoutRegressor(net(dropout=Dropout(0.2, 0.1, "connect")), 5, random_state=0),
    "concrete dropout": lambda net: MCDropoutRegressor(net(dropout=Dropout(0.2, kind="concrete")), 5, random_state=0),
    "snapshots": lambda net: SnapshotEnsembleRegressor(net(max_iter=4), 2, random_state=0),
    "split": lambda net: ConformalRegressor(net(), random_state=0),
    "split, quantiles": lambda net: ConformalRegressor(net(), conformity_score="quantile", random_state=0),
    "cross": lambda net: ConformalRegressor(net(), method="cv+", cv=2, conformity_score="pit", random_state=0),
    "out of bag": lambda net: ConformalRegressor(
        DeepEnsembleRegressor(net(hidden_layer_sizes=(3,)), 20, bootstrap=True, random_state=0),
        method="jackknife+ab",
        conformity_score="normalized",
    ),
    "scaled": lambda net: RecalibratedRegressor(net(), cv=2, random_state=0),
    "isotonic": lambda net: RecalibratedRegressor(net(), method="isotonic", cv=KFold(2), random_state=0),
    "conformal of isotonic": lambda net: ConformalRegressor(
        RecalibratedRegressor(net(), method="isotonic", cv=2, random_state=0),
        conformity_score="quantile",
        random_state=0,
    ),
    "selective": lambda net: SelectiveRegressor(net(), target_risk=0.5, random_state=0),
}

CLASSIFIERS = {
    "network": lambda net: net(),
    "deep ensemble": lambda net: DeepEnsembleClassifier(net(), 3, random_state=0),
    "MC-dropout": lambda net: MCDropoutClassifier(net(dropout=0.2), 7, random_state=0),
    "snapshots": lambda net: SnapshotEnsembleClassifier(net(max_iter=4), 2, random_state=0),
    "sets": lambda net: ConformalClassifier(net(), conformity_score="aps", random_state=0),
    "sets by class": lambda net: ConformalClassifier(net(), class_conditional=True, random_state=0),
    "recalibrated": lambda net: RecalibratedClassifier(net(), cv=StratifiedKFold(2), random_state=0),
    "selective": lambda net: SelectiveClassifier(net(), target_risk=0.5, random_state=0),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", REGRESSORS)
def test_regressors(kind, regressor, table, again):
    model = REGRESSORS[kind](regressor).fit(*table)
    assert_same_predictions(model, again(model), table[0])


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", CLASSIFIERS)
def test_classifiers(kind, classifier, table, labels, again):
    model = CLASSIFIERS[kind](classifier).fit(table[0], labels)
    loaded = again(model)
    assert_same_predictions(model, loaded, table[0])
    assert loaded.classes_.dtype == labels.dtype


@pytest.mark.parametrize("dtype", [object, "<U9", np.int8, bool, np.float32])
def test_labels_of_any_type(dtype, classifier, table, again):
    y = (table[1] > 3.0).astype(int)
    y = np.array(["naïve 漢", "b"], dtype=dtype)[y] if dtype in (object, "<U9") else y.astype(dtype)
    model = classifier().fit(table[0], y)
    loaded = again(model)
    assert loaded.classes_.dtype == model.classes_.dtype
    assert loaded.classes_.tolist() == model.classes_.tolist()
    assert_same_predictions(model, loaded, table[0])


def test_several_targets_and_labels(regressor, classifier, table, again):
    X, y = table
    both = np.column_stack([y, -y])
    for model in (regressor().fit(X, both), classifier().fit(X, (both > 0.0).astype(int))):
        assert_same_predictions(model, again(model), X)


PUBLIC = [getattr(uncertainty, name) for name in uncertainty.__all__]
OPTIONS = [kind() for kind in PUBLIC if isinstance(kind, type) and issubclass(kind, Spec)]


@pytest.mark.parametrize("option", OPTIONS, ids=repr)
def test_every_option_as_a_parameter(option, regressor, again):
    """`alpha` takes any value until a fit looks at it."""
    loaded = again(regressor(alpha=option)).alpha
    assert type(loaded) is type(option)
    assert loaded.get_params() == option.get_params()


FITTED_OPTIONS = [
    *[{"activation": name} for name in ("prelu", "rrelu", "maxout", "selu", "elu", "leaky_relu", "gelu", "identity")],
    *[{"normalization": name} for name in ("batch", "layer")],
    {"normalization": GroupNorm(n_groups=2), "hidden_layer_sizes": (8,)},
    *[{"head": name} for name in ("gaussian", "mixture_density")],
    {"standardize": "whiten", "residual": "residual"},
    {"optimizer": Adam(max_norm=3.0), "augmentation": Augmentation(mixup=0.2), "schedule": "plateau"},
    {"dtype": "float64", "averaging": None, "embedding": None},
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("options", FITTED_OPTIONS, ids=str)
def test_fitted_options(options, regressor, table, again):
    model = regressor(**options).fit(*table)
    assert_same_predictions(model, again(model), table[0])


PARAMETERS = [
    *[0.1 + 0.2, 5e-324, -0.0, math.nan, math.inf, -math.inf, 10**30, True, None, "text \ud800 \x00 ü", ()],
    *[
        np.float64(1 / 3),
        np.float32(0.1),
        np.int16(-3),
        np.bool_(True),
        np.str_("x"),
        (1, (2.5, None), [3]),
        slice(1, None),
    ],
    *[{1: 0.5, "a": [1, 2], None: (3,), np.int64(4): np.nan}, np.dtype("float32"), np.dtype("<U3"), np.float64, object],
    *[[0.1] * 20, list(range(20)), [{"a": 1, "b": 0.5}] * 5, [{"a": 1}, {"b": 2}] * 3, [True] * 20, [1, 0.5] * 10],
]


@pytest.mark.parametrize("value", PARAMETERS, ids=repr)
def test_plain_values(value, regressor, again):
    loaded = again(regressor(alpha=value)).alpha
    assert type(loaded) is type(value)
    assert repr(loaded) == repr(value)


ARRAYS = [
    np.array(1.5),
    np.zeros((0, 3), dtype=np.float32),
    np.array([np.nan, -0.0, 5e-324, np.inf]),
    np.frombuffer(np.array([0x7FF8000000000123], dtype=np.uint64).tobytes()),  # NaN with a payload
    np.arange(6).reshape(2, 3).T,
    np.arange(24.0).reshape(2, 3, 4)[:, ::-2],
    np.arange(3, dtype=">i4"),
    np.array([["a", "longer"], ["", "\U0001f600"]]),
    np.array(["a", "longer \ud800", ""], dtype=object),
    np.array([["a", None], [np.nan, 3]], dtype=object),
    np.array([], dtype=object),
    np.zeros((0, 2), dtype="<U4"),
    np.array([True, False]),
    np.float16([0.1]),
]


@pytest.mark.parametrize("array", ARRAYS, ids=lambda a: f"{a.dtype}{a.shape}")
def test_arrays_to_the_bit(array, regressor, again):
    loaded = again(regressor(alpha=array)).alpha
    assert (loaded.dtype, loaded.shape) == (array.dtype.newbyteorder("="), array.shape)
    if array.dtype == object:
        assert repr(loaded.tolist()) == repr(array.tolist())
    else:
        assert loaded.tobytes() == array.astype(loaded.dtype).tobytes()
    assert loaded.flags.f_contiguous == ((array.flags.f_contiguous and array.ndim > 0) or loaded.ndim < 2)
    assert loaded.flags.writeable


@pytest.mark.parametrize("make", [np.random.RandomState, np.random.default_rng])
def test_random_states_go_on(make, regressor, again):
    state = make(3)
    state.normal(size=5)
    loaded = again(regressor(random_state=state)).random_state
    np.testing.assert_array_equal(loaded.normal(size=1000), state.normal(size=1000))


def test_what_is_shared_stays_shared(regressor, table, again):
    model = ConformalRegressor(regressor(), random_state=0).fit(*table)
    loaded = again(model)
    assert loaded._calibrated.model is loaded.estimator_
    assert loaded.estimator_.members_.head is loaded.estimator_.head_


def test_a_frozen_model_stays_fitted(regressor, table, again):
    X, y = table
    model = ConformalRegressor(FrozenEstimator(regressor().fit(X[:40], y[:40]))).fit(X[40:], y[40:])
    loaded = again(model)
    assert_same_predictions(model, loaded, X)
    np.testing.assert_array_equal(clone(loaded).fit(X[40:], y[40:]).predict(X), model.predict(X))


def test_partial_fit_goes_on(regressor, table, again):
    X, y = table
    model = regressor(early_stopping=False, optimizer="adam").partial_fit(X, y).partial_fit(X, y)
    loaded = again(model)
    for one in (model, loaded):
        one.partial_fit(X[:30], y[:30])
    assert_same_predictions(model, loaded, X)
    assert loaded.history_ == model.history_


def test_a_warm_start_goes_on(regressor, table, again):
    X, y = table
    model = DeepEnsembleRegressor(regressor(), 2, warm_start=True, random_state=0).fit(X, y)
    loaded = again(model)
    for one in (model, loaded):
        one.set_params(n_estimators=3).fit(X, y)
    assert_same_predictions(model, loaded, X)
    assert len(loaded.members_) == 3


def test_names_of_columns_are_kept(regressor, table, again):
    pandas = pytest.importorskip("pandas")
    X, y = table
    frame = pandas.DataFrame(X, columns=["height", "width", "depth"])
    loaded = again(regressor().fit(frame, y))
    assert loaded.feature_names_in_.tolist() == ["height", "width", "depth"]
    with pytest.raises(ValueError, match="feature names"):
        loaded.predict(frame[["width", "height", "depth"]])


def test_a_long_history_is_stored_as_numbers(regressor, table, tmp_path, again):
    model = regressor().fit(*table)
    model.history_ = [{"epoch": i, "train_loss": 1.0 / (i + 1)} for i in range(20_000)]
    model.loss_curve_ = [1.0 / (i + 1) for i in range(20_000)]
    loaded = again(model)
    assert (loaded.history_, loaded.loss_curve_) == (model.history_, model.loss_curve_)
    assert (tmp_path / "first.uq").stat().st_size < 20_000 * 3 * 8 + 20_000


def test_callbacks_are_left_out(regressor, table, again):
    model = regressor().fit(*table)
    model._skl_callbacks = [print]
    assert not hasattr(again(model), "_skl_callbacks")


def test_an_unfitted_model(regressor, again):
    model = DeepEnsembleRegressor(regressor(dropout=Dropout(0.2)), 3)
    assert repr(again(model)) == repr(model)


def test_save_is_a_method_too(regressor, table, tmp_path):
    model = regressor().fit(*table)
    model.save(tmp_path / "model.uq")
    with pytest.raises(FileExistsError, match="overwrite=True"):
        model.save(tmp_path / "model.uq")
    model.save(str(tmp_path / "model.uq"), overwrite=True)
    np.testing.assert_array_equal(
        uncertainty.load(str(tmp_path / "model.uq")).predict(table[0]), model.predict(table[0])
    )


def test_any_safetensors_reader_opens_it(model_file, masked):
    import json

    from safetensors import safe_open

    with safe_open(model_file, framework="numpy") as file:
        document = json.loads(file.metadata()["uncertainty"])
        stored = [file.get_tensor(name) for name in file.keys()]  # noqa: SIM118
    assert document["format_version"] == 1
    assert {"uncertainty", "numpy", "torch", "scikit-learn", "scipy", "python"} == set(document["libraries"])
    assert document["objects"][-1]["class"] == "MCDropoutRegressor"
    assert any(a.shape == masked.members_.values.shape and np.array_equal(a, masked.members_.values) for a in stored)
