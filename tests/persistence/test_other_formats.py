"""pickle, joblib and skops work as well, because fitted estimators hold arrays and plain values alone."""

from __future__ import annotations

import importlib
import io
import pickle

import joblib
import numpy as np
import pytest

import uncertainty
from uncertainty import (
    BatchNorm,
    ConformalRegressor,
    Dropout,
    Gaussian,
    MCDropoutRegressor,
    RecalibratedRegressor,
    SelectiveRegressor,
    SnapshotEnsembleRegressor,
)

MODELS = {
    "options": lambda net: net(normalization=BatchNorm(), head=Gaussian(), random_state=np.random.RandomState(0)),
    "network": lambda net: net(activation="prelu", residual="residual", standardize="whiten"),
    "MC-dropout": lambda net: MCDropoutRegressor(net(dropout=Dropout(0.2, 0.1)), 5, random_state=0),
    "DropConnect": lambda net: MCDropoutRegressor(net(dropout=Dropout(0.2, kind="connect")), 5, random_state=0),
    "snapshots": lambda net: SnapshotEnsembleRegressor(net(max_iter=4), 2, random_state=0),
    "cross": lambda net: ConformalRegressor(net(), method="cv+", cv=2, conformity_score="quantile", random_state=0),
    "isotonic": lambda net: RecalibratedRegressor(net(), method="isotonic", cv=2, random_state=0),
    "selective": lambda net: SelectiveRegressor(net(), target_risk=0.5, random_state=0),
}


def through_pickle(model):
    return pickle.loads(pickle.dumps(model))


def through_joblib(model):
    file = io.BytesIO()
    joblib.dump(model, file)
    file.seek(0)
    return joblib.load(file)


def through_skops(model):
    skops_io = pytest.importorskip("skops.io")
    data = skops_io.dumps(model)
    untrusted = skops_io.get_untrusted_types(data=data)
    assert set(untrusted) <= set(uncertainty.SKOPS_TRUSTED_TYPES)
    return skops_io.loads(data, trusted=uncertainty.SKOPS_TRUSTED_TYPES)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("through", [through_pickle, through_joblib, through_skops])
@pytest.mark.parametrize("kind", MODELS)
def test_predictions_are_the_same(kind, through, regressor, table):
    X, y = table
    model = MODELS[kind](regressor).fit(X, y)
    loaded = through(model)
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))
    np.testing.assert_array_equal(
        loaded.predict_uncertainty(X).total_variance, model.predict_uncertainty(X).total_variance
    )


def test_the_trusted_types_are_classes_of_this_package():
    assert len(uncertainty.SKOPS_TRUSTED_TYPES) == len(set(uncertainty.SKOPS_TRUSTED_TYPES)) > 90
    for name in uncertainty.SKOPS_TRUSTED_TYPES:
        module, _, kind = name.rpartition(".")
        assert module.startswith("uncertainty.")
        assert isinstance(getattr(importlib.import_module(module), kind), type)


def test_names_in_files_stand_for_one_class_each():
    from uncertainty.persistence.classes import FAMILIES, STATE, _derived, _public, class_names, stored_classes

    kinds = {*_public(), *_derived(FAMILIES), *STATE}
    assert len({kind.__name__ for kind in kinds}) == len(kinds)
    assert len(class_names()) == len(stored_classes())
