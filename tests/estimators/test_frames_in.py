"""Tables as people have them: names kept and checked, kinds of columns accepted, and errors that name the columns."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp

from uncertainty import ProbabilisticMLPClassifier, ProbabilisticMLPRegressor

REGRESSOR = ProbabilisticMLPRegressor((4,), max_iter=2, random_state=0)
CLASSIFIER = ProbabilisticMLPClassifier((4,), max_iter=2, random_state=0)
RNG = np.random.default_rng(0)
X = RNG.standard_normal((40, 3)).round(2)
Y = X[:, 0] + X[:, 1]
NAMES = ["size", "age", "rooms"]
TABLES = {"pandas": pd.DataFrame(X, columns=NAMES), "polars": pl.DataFrame(X, schema=NAMES)}


def fresh(model):
    return type(model)(**model.get_params())


def with_size(kind, values, dtype=None):
    """The table of that kind with other values in its first column."""
    if kind == "pandas":
        return TABLES[kind].assign(size=pd.Series(values, dtype=dtype))
    return TABLES[kind].with_columns(pl.Series("size", values, dtype=dtype))


@pytest.fixture(scope="module")
def fitted():
    return {kind: fresh(CLASSIFIER).fit(table, Y > 0) for kind, table in TABLES.items()}


@pytest.fixture(params=TABLES)
def kind(request):
    return request.param


def test_names_are_kept_and_checked(kind):
    table = TABLES[kind]
    model = fresh(REGRESSOR).fit(table, Y)
    assert model.feature_names_in_.tolist() == NAMES
    np.testing.assert_array_equal(model.predict(table), fresh(REGRESSOR).fit(X, Y).predict(X))
    with pytest.raises(ValueError, match="must be in the same order as they were in fit"):
        model.predict(table[["age", "size", "rooms"]])
    renamed = {"size": "width"}
    with pytest.raises(ValueError, match=r"(?s)unseen at fit time:\s+- width.*now missing:\s+- size"):
        model.predict(table.rename(columns=renamed) if kind == "pandas" else table.rename(renamed))
    with pytest.raises(ValueError, match="now missing:\n- rooms"):
        model.predict(table[["size", "age"]])


def test_a_model_of_one_library_predicts_frames_of_the_other():
    model = fresh(REGRESSOR).fit(TABLES["polars"], Y)
    np.testing.assert_array_equal(model.predict(TABLES["pandas"]), model.predict(TABLES["polars"]))


COUNTS = (10 * np.abs(X[:, 0])).astype(int)
NUMBERS = [
    ("polars", pl.Int8),
    ("polars", pl.UInt16),
    ("polars", pl.Float32),
    ("polars", pl.Decimal(10, 2)),
    ("pandas", "Int64"),
    ("pandas", "Float64"),
    ("pandas", "int8"),
    ("pandas", "object"),
    ("pandas", "category"),
    ("pandas", "int64[pyarrow]"),
]


@pytest.mark.parametrize(("kind", "dtype"), NUMBERS, ids=str)
def test_numbers_of_any_type_are_numbers(kind, dtype):
    expected = X.copy()
    expected[:, 0] = COUNTS
    table = with_size(kind, COUNTS, dtype)
    np.testing.assert_array_equal(fresh(REGRESSOR).fit(table, Y).predict(table), expected_predictions(expected))


@pytest.mark.parametrize(("kind", "dtype"), [("pandas", "boolean"), ("pandas", "bool"), ("polars", pl.Boolean)])
def test_truth_values_are_zero_and_one(kind, dtype):
    expected = X.copy()
    expected[:, 0] = COUNTS > 5
    table = with_size(kind, COUNTS > 5, dtype)
    np.testing.assert_array_equal(fresh(REGRESSOR).fit(table, Y).predict(table), expected_predictions(expected))


def expected_predictions(rows):
    return fresh(REGRESSOR).fit(rows, Y).predict(rows)


GAPS = [None, *COUNTS[1:].tolist()]
MISSING = [("pandas", "Int64"), ("pandas", "Float64"), ("pandas", "object"), ("pandas", "float64"), ("polars", None)]


@pytest.mark.parametrize(("kind", "dtype"), MISSING, ids=str)
def test_gaps_are_refused_by_column_with_the_remedy(kind, dtype, fitted):
    table = with_size(kind, GAPS, dtype)
    message = r"Input X contains NaN\. It is in the columns \['size'\]\. Fill them in: `uncertainty\.tabular_pipeline"
    with pytest.raises(ValueError, match=message):
        fresh(REGRESSOR).fit(table, Y)
    with pytest.raises(ValueError, match=message):
        fitted[kind].predict_proba(table)


TEXT = np.array(["town", "coast"])[COUNTS % 2]
DATES = pd.date_range("2020-01-01", periods=40)
OTHERS = [
    ("pandas", TEXT, "str"),
    ("pandas", TEXT, "object"),
    ("pandas", TEXT, "category"),
    ("pandas", COUNTS.astype(str), "str"),  # codes of something, more likely than numbers
    ("pandas", COUNTS.astype(str), "object"),
    ("pandas", DATES, None),
    ("pandas", DATES - DATES[0], None),
    ("pandas", list(DATES.date), "object"),
    ("polars", TEXT, pl.String),
    ("polars", TEXT, pl.Categorical),
    ("polars", TEXT, pl.Enum(["town", "coast"])),
    ("polars", list(DATES.date), pl.Date),
    ("polars", list(DATES.to_pydatetime()), pl.Datetime),
]


@pytest.mark.parametrize(("kind", "values", "dtype"), OTHERS, ids=lambda value: str(value)[:12])
def test_columns_that_are_no_numbers_are_refused_by_name_with_the_remedy(kind, values, dtype, fitted):
    table = with_size(kind, values, dtype)
    message = (
        r"X must hold numbers, got others in the columns \[.size \(.*\).\]\. Make them numbers first: `uncertainty\.t"
    )
    with pytest.raises(ValueError, match=message):
        fresh(REGRESSOR).fit(table, Y)
    with pytest.raises(ValueError, match=message):  # a frame of dates alone would be numbers to scikit-learn
        fresh(CLASSIFIER).fit(table[["size"]], Y > 0)
    with pytest.raises(ValueError, match=message):
        fitted[kind].predict(table)


def test_two_columns_of_one_name_are_looked_at_both():
    table = pd.DataFrame(np.column_stack([X, X[:, 0]]), columns=[*NAMES, "size"]).astype(object)
    table.iloc[3, 3] = "large"
    with pytest.raises(ValueError, match=r"columns \['size \(object\)'\]"):
        fresh(REGRESSOR).fit(table, Y)


@pytest.mark.parametrize("sparse", [sp.csr_array, sp.csr_matrix, sp.coo_array, "frame"])
def test_sparse_tables_are_refused_with_the_remedy(sparse):
    table = TABLES["pandas"].astype(pd.SparseDtype(float)) if sparse == "frame" else sparse(X)
    with pytest.raises(TypeError, match=r"X must be dense, got a sparse .*`X\.toarray\(\)`.*TruncatedSVD"):
        fresh(REGRESSOR).fit(table, Y)


def test_lazy_frames_and_arrays_of_dates_and_text_are_refused():
    with pytest.raises(TypeError, match=r"X must be a table in memory, got a LazyFrame\. Pass `X\.collect\(\)`"):
        fresh(REGRESSOR).fit(TABLES["polars"].lazy(), Y)
    with pytest.raises(ValueError, match=r"X must hold numbers, got datetime64\[.*\]\. Make them numbers of a unit"):
        fresh(REGRESSOR).fit(DATES.to_numpy()[:, None], Y)
    with pytest.raises(ValueError, match=r"could not convert string to float: .*OneHotEncoder\(sparse_output=False\)"):
        fresh(REGRESSOR).fit(np.column_stack([TEXT, TEXT]), Y)


TARGETS = {
    "pandas Series": pd.Series(Y, index=range(100, 140)),
    "polars Series": pl.Series(Y),
    "nullable": pd.Series(Y).astype("Float64"),
    "pyarrow": pd.Series(Y).astype("float64[pyarrow]"),
}


@pytest.mark.parametrize("target", TARGETS)
def test_targets_of_any_kind_are_numbers(target):
    model = fresh(REGRESSOR).fit(X, TARGETS[target])
    np.testing.assert_array_equal(model.predict(X), expected_predictions(X))


@pytest.mark.filterwarnings("ignore:A column-vector y was passed")
@pytest.mark.parametrize("frame", [pd.DataFrame({"price": Y}), pl.DataFrame({"price": Y})], ids=["pandas", "polars"])
def test_a_frame_of_one_column_is_one_target(frame):
    model = fresh(REGRESSOR).fit(X, frame)
    np.testing.assert_array_equal(model.predict(X), expected_predictions(X))
    assert model.target_names_.tolist() == ["price"]


def test_targets_that_are_no_numbers_are_refused():
    for missing in (pd.Series(Y).astype("Float64").mask(Y > 0), pl.Series([None, *Y[1:]])):
        with pytest.raises(ValueError, match=r"Input y contains NaN\. Leave out these rows"):
            fresh(REGRESSOR).fit(X, missing)
    for dates in (
        pd.Series(DATES),
        pl.Series(list(DATES.to_pydatetime())),
        DATES.to_numpy(),
        pd.DataFrame({"when": DATES}),
    ):
        with pytest.raises(ValueError, match=r"y must hold numbers, got .*such as days"):
            fresh(REGRESSOR).fit(X, dates)
    with pytest.raises(ValueError, match=r"could not convert string to float: .*and y of a regressor"):
        fresh(REGRESSOR).fit(X, pd.Series(TEXT))


LABELS = {
    "pandas str": pd.Series(TEXT, dtype="str"),
    "pandas object": pd.Series(TEXT, dtype="object"),
    "pandas category": pd.Series(TEXT, dtype="category"),
    "polars String": pl.Series(TEXT),
    "polars Categorical": pl.Series(TEXT).cast(pl.Categorical),
    "polars Enum": pl.Series(TEXT).cast(pl.Enum(["town", "coast"])),
}


@pytest.mark.parametrize("labels", LABELS)
def test_labels_of_any_kind_are_classes(labels):
    expected = fresh(CLASSIFIER).fit(X, TEXT)
    model = fresh(CLASSIFIER).fit(X, LABELS[labels])
    assert model.classes_.tolist() == ["coast", "town"]
    np.testing.assert_array_equal(model.predict_proba(X), expected.predict_proba(X))
    assert model.predict(X).tolist() == expected.predict(X).tolist()


MISSING_LABELS = {
    "str": pd.Series(TEXT, dtype="str").mask(Y > 0),
    "string": pd.Series(TEXT, dtype="string").mask(Y > 0),
    "category": pd.Series(TEXT).mask(Y > 0).astype("category"),
    "Int64": pd.Series(COUNTS % 2, dtype="Int64").mask(Y > 0),
    "polars": pl.Series([None, *TEXT[1:]]),
}


@pytest.mark.parametrize("labels", MISSING_LABELS)
def test_missing_labels_are_refused(labels):
    with pytest.raises(ValueError, match=r"Input y contains NaN\. Leave out these rows"):
        fresh(CLASSIFIER).fit(X, MISSING_LABELS[labels])
