"""Pipelines of scikit-learn's transformers: each listed one comes back, and other versions are told."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.decomposition import PCA
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.feature_selection import VarianceThreshold
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.model_selection import StratifiedShuffleSplit, TimeSeriesSplit
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import (
    Binarizer,
    FunctionTransformer,
    KBinsDiscretizer,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
    TargetEncoder,
)

import uncertainty
from uncertainty import ConformalRegressor, RecalibratedRegressor
from uncertainty.persistence.classes import SCIKIT_LEARN, stored_classes

from .damage import document_of, with_document

NUMERIC = [
    *[Binarizer(), FunctionTransformer(), KBinsDiscretizer(4, encode="ordinal"), MaxAbsScaler(), MinMaxScaler()],
    *[Normalizer(), PCA(2), PolynomialFeatures(), PowerTransformer(), QuantileTransformer(n_quantiles=10)],
    *[RobustScaler(), StandardScaler(), VarianceThreshold(), MissingIndicator(features="all")],
    FeatureUnion([("standard", StandardScaler()), ("range", MinMaxScaler())]),
]


def assert_same(model, path, X):
    uncertainty.save(model, path)
    loaded = uncertainty.load(path)
    for rows in (X, X[3:7]):
        np.testing.assert_array_equal(loaded.predict(rows), model.predict(rows))
    return loaded


@pytest.mark.parametrize("transformer", NUMERIC, ids=lambda t: type(t).__name__)
def test_transformers_of_numbers(transformer, regressor, table, tmp_path):
    model = make_pipeline(transformer, regressor(hidden_layer_sizes=(3,))).fit(*table)
    assert_same(model, tmp_path / "model.uq", table[0])


ENCODERS = [
    OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=0.2, drop="first", sparse_output=False),
    OneHotEncoder(categories=[["x", "yy", "zzz"], ["u", "v", np.nan]], sparse_output=False, dtype=np.float32),
    TargetEncoder(),
    make_pipeline(
        SimpleImputer(strategy="constant", fill_value="none"),
        OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
    ),
]


@pytest.mark.parametrize("encoder", ENCODERS, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("by_type", [False, True])
def test_a_table_with_text_and_gaps(encoder, by_type, regressor, table, tmp_path):
    pandas = pytest.importorskip("pandas")
    rng = np.random.default_rng(1)
    X, y = table
    frame = pandas.DataFrame({"size": X[:, 0], "age": X[:, 1]})
    frame["kind"] = np.array(["x", "yy", "zzz"], dtype=object)[rng.integers(3, size=len(y))]
    frame["place"] = np.array(["u", None, "v"], dtype=object)[rng.integers(3, size=len(y))]
    frame.loc[3:9, "size"] = np.nan
    columns = make_column_selector(dtype_exclude=np.number) if by_type else ["kind", "place"]
    impute = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler())
    steps = ColumnTransformer(
        [("numbers", impute, ["size"]), ("text", encoder, columns), ("same", "passthrough", slice(1, 2))],
        verbose_feature_names_out=False,
    ).set_output(transform="pandas")
    model = make_pipeline(steps, ConformalRegressor(regressor(hidden_layer_sizes=(3,)), random_state=0))
    model.fit(frame, y)
    loaded = assert_same(model, tmp_path / "model.uq", frame)
    one, other = (m[-1].predict_interval(m[:-1].transform(frame)) for m in (loaded, model))
    np.testing.assert_array_equal(one, other)
    assert loaded[0].get_feature_names_out().tolist() == model[0].get_feature_names_out().tolist()


def test_a_wrapper_around_a_pipeline(regressor, table, tmp_path):
    pipeline = make_pipeline(StandardScaler(), regressor(hidden_layer_sizes=(3,)))
    model = ConformalRegressor(pipeline, random_state=0).fit(*table)
    assert_same(model, tmp_path / "model.uq", table[0])


def test_splitters(regressor, tmp_path):
    kinds = [stored_classes()[f"sklearn.model_selection.{name}"] for name in SCIKIT_LEARN["model_selection"]]
    others = [TimeSeriesSplit(3, gap=1), StratifiedShuffleSplit(2, test_size=0.3, random_state=1)]
    for number, splitter in enumerate([*(kind() for kind in kinds), *others]):
        path = tmp_path / f"{number}.uq"
        uncertainty.save(RecalibratedRegressor(regressor(), cv=splitter), path)
        assert repr(uncertainty.load(path).cv) == repr(splitter)


def test_every_listed_transformer_is_tested():
    tested = {type(t).__name__ for t in [*NUMERIC, *ENCODERS]} | {"OrdinalEncoder", "SimpleImputer"}
    assert set(SCIKIT_LEARN["preprocessing"]) <= tested
    assert set(SCIKIT_LEARN["impute"]) <= tested


def test_another_version_of_scikit_learn_is_told(regressor, table, tmp_path):
    """Its own classes may change between versions; files without them are none of its business."""
    network = regressor().fit(*table)
    for model in (network, make_pipeline(StandardScaler(), network).fit(*table)):
        uncertainty.save(model, tmp_path / "model.uq", overwrite=True)
        data = (tmp_path / "model.uq").read_bytes()
        document = document_of(data)
        document["libraries"]["scikit-learn"] = "1.8.0"
        (tmp_path / "older.uq").write_bytes(with_document(data, document))
        if model is network:
            uncertainty.load(tmp_path / "older.uq")
        else:
            with pytest.warns(InconsistentVersionWarning, match=r"1\.8\.0"):
                uncertainty.load(tmp_path / "older.uq")
