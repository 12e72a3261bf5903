"""A table with text, dates and gaps, through skrub's pipeline and through scikit-learn's ColumnTransformer."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder
from skrub import tabular_pipeline

from benchmarks.datasets import load_dataset
from uncertainty import ConformalClassifier, ConformalRegressor, ProbabilisticMLPClassifier, ProbabilisticMLPRegressor
from uncertainty.metrics import coverage_score

REGRESSOR = ProbabilisticMLPRegressor((16,), max_iter=40, learning_rate_init=1e-2, random_state=0)
CLASSIFIER = ProbabilisticMLPClassifier((16,), max_iter=40, learning_rate_init=1e-2, random_state=0)


def days(table):
    return table.apply(lambda column: (column - pd.Timestamp("2000-01-01")) / pd.Timedelta(days=1))


def column_transformer(model):
    categories = OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=10, sparse_output=False)
    columns = make_column_transformer(
        (SimpleImputer(strategy="median", add_indicator=True), ["age", "hours"]),
        (categories, ["workclass", "education", "married"]),
        (
            make_pipeline(FunctionTransformer(days, feature_names_out="one-to-one"), SimpleImputer(add_indicator=True)),
            ["hired"],
        ),
        verbose_feature_names_out=False,
    )
    return make_pipeline(columns.set_output(transform="pandas"), model)


RECIPES = {"skrub": tabular_pipeline, "ColumnTransformer": column_transformer}


def adult_like(n_rows=600, seed=0):
    """Columns as in `adult`, with a date; what is earned depends on all kinds of them, and on a gap."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "age": rng.integers(17, 90, n_rows).astype(float),
            "hours": rng.integers(10, 80, n_rows),
            "workclass": rng.choice(["Private", "State-gov", "Self-emp-inc", "?"], n_rows),
            "education": pd.Categorical(rng.choice(["HS-grad", "Bachelors", "Masters"], n_rows)),
            "married": rng.random(n_rows) < 0.5,
            "hired": pd.Timestamp("2000-01-01") + pd.to_timedelta(rng.integers(0, 7000, n_rows), unit="D"),
        },
        index=[f"person {i}" for i in range(n_rows)],
    )
    of_date = (table["hired"] - pd.Timestamp("2000-01-01")).dt.days / 3500.0
    no_age = rng.random(n_rows) < 0.2
    level = (table["education"] == "Masters") + (table["workclass"] == "Self-emp-inc") + no_age - of_date
    income = 1.5 * level + 0.02 * table["hours"] + 0.3 * rng.standard_normal(n_rows)
    table["age"] = table["age"].mask(no_age)
    table["workclass"] = table["workclass"].mask(rng.random(n_rows) < 0.05)
    return table, income, np.where(income > income.median(), ">50K", "<=50K")


TABLE, INCOME, BRACKET = adult_like()
FIT, NEW = slice(400), slice(400, None)


@pytest.fixture(scope="module", params=RECIPES)
def recipe(request):
    return RECIPES[request.param]


@pytest.fixture(scope="module")
def regressor(recipe):
    return recipe(REGRESSOR).fit(TABLE[FIT], INCOME[FIT])


@pytest.fixture(scope="module")
def classifier(recipe):
    return recipe(CLASSIFIER).fit(TABLE[FIT], BRACKET[FIT])


def test_a_regressor_uses_text_dates_and_gaps(regressor):
    assert regressor.score(TABLE[NEW], INCOME[NEW]) > 0.8
    for column in ("workclass", "education", "hired", "age"):  # each of them tells something
        shuffled = TABLE[NEW].assign(**{column: TABLE[NEW][column].sample(frac=1.0, random_state=0).array})
        assert regressor.score(shuffled, INCOME[NEW]) < regressor.score(TABLE[NEW], INCOME[NEW]) - 0.05


def test_intervals_of_the_last_step_cover(regressor):
    rows = regressor[:-1].transform(TABLE[NEW])
    interval = regressor[-1].predict_interval(rows, 0.9)
    assert 0.75 < coverage_score(INCOME[NEW], interval) < 0.97
    frame = regressor[-1].predict_interval(rows, 0.9, as_frame=True)
    np.testing.assert_array_equal(frame[["lower_90", "upper_90"]], interval)


def test_predict_gives_a_frame_through_the_pipeline(regressor, classifier):
    mean, std = regressor.predict(TABLE[NEW], return_std=True)
    frame = regressor.predict(TABLE[NEW], return_std=True, as_frame=True)
    np.testing.assert_array_equal(frame[["mean", "std"]], np.column_stack([mean, std]))
    frame = classifier.predict_proba(TABLE[NEW], as_frame=True)
    np.testing.assert_array_equal(
        frame[["probability_<=50K", "probability_>50K"]], classifier.predict_proba(TABLE[NEW])
    )


def test_frames_keep_the_index_where_the_transformer_does():
    model = column_transformer(REGRESSOR).fit(TABLE[FIT], INCOME[FIT])
    assert "education_Masters" in model[-1].feature_names_in_
    pd.testing.assert_index_equal(model.predict(TABLE[NEW], as_frame=True).index, TABLE[NEW].index)


def test_a_classifier_uses_text_dates_and_gaps(classifier):
    assert classifier.score(TABLE[NEW], BRACKET[NEW]) > 0.85
    parts = classifier[-1].predict_uncertainty(classifier[:-1].transform(TABLE[NEW]))
    right = classifier.predict(TABLE[NEW]) == BRACKET[NEW]
    assert parts.total_entropy[~right].mean() > 1.5 * parts.total_entropy[right].mean()


@pytest.mark.filterwarnings("ignore:Found unknown categories:UserWarning")
def test_new_categories_and_new_gaps_are_no_error(regressor):
    strange = TABLE[NEW].copy()
    strange.loc[strange.index[0], ["workclass", "hired", "hours"]] = ["Armed-Forces", pd.NaT, np.nan]
    usual, there = regressor.predict(TABLE[NEW]), regressor.predict(strange)
    np.testing.assert_allclose(there[1:], usual[1:])
    assert np.isfinite(there[0])
    assert there[0] != usual[0]


@pytest.mark.filterwarnings("ignore:Found unknown categories:UserWarning")
def test_wrappers_around_a_pipeline_take_the_table_itself(recipe):
    model = ConformalRegressor(recipe(REGRESSOR), conformity_score="normalized", random_state=0)
    frame = model.fit(TABLE[FIT], INCOME[FIT]).predict_interval(TABLE[NEW], 0.8, as_frame=True)
    pd.testing.assert_index_equal(frame.index, TABLE[NEW].index)
    assert 0.68 < coverage_score(INCOME[NEW], frame.to_numpy()) < 0.92
    sets = ConformalClassifier(recipe(CLASSIFIER), random_state=0).fit(TABLE[FIT], BRACKET[FIT])
    frame = sets.predict_set(TABLE[NEW], 0.9, as_frame=True)
    own = np.where(BRACKET[NEW] == ">50K", frame["in_set_90_>50K"], frame["in_set_90_<=50K"])
    assert 0.8 < own.mean() < 1.0


def test_polars_through_skrub():
    rows = pl.DataFrame(TABLE)
    model = tabular_pipeline(REGRESSOR).fit(rows[FIT], INCOME[FIT].to_numpy())
    assert model.score(rows[NEW], INCOME[NEW].to_numpy()) > 0.8
    conformal = ConformalRegressor(tabular_pipeline(REGRESSOR), random_state=0).fit(rows[FIT], INCOME[FIT].to_numpy())
    frame = conformal.predict_interval(rows[NEW], as_frame=True)
    assert isinstance(frame, pl.DataFrame)
    np.testing.assert_array_equal(frame.to_numpy(), conformal.predict_interval(rows[NEW]))


def test_without_a_pipeline_the_error_names_the_columns_and_the_remedy():
    with pytest.raises(
        ValueError, match=r"\['workclass \(str\)', 'education \(category\)', 'hired \(datetime64.*tabular"
    ):
        REGRESSOR.__class__().fit(TABLE, INCOME)


# Of the 14 columns of `adult`: work class, education, marital status, ..., country.
ADULT_TEXT = [1, 3, 5, 6, 7, 8, 9, 13]


@pytest.mark.data
def test_the_table_adult_with_its_codes_as_text_and_gaps():
    X, y = load_dataset("adult")
    rng = np.random.default_rng(0)
    rows = rng.permutation(len(X))[:8000]
    table, bracket = pd.DataFrame(X[rows]), np.array(["a", "b"])[y[rows]]
    table[ADULT_TEXT] = table[ADULT_TEXT].astype(int).astype(str).radd("code ")
    table = table.add_prefix("column ").mask(rng.random(table.shape) < 0.05)
    model = tabular_pipeline(ProbabilisticMLPClassifier(random_state=0)).fit(table[:6000], bracket[:6000])
    majority = np.mean(bracket[6000:] == "a")
    assert model.score(table[6000:], bracket[6000:]) > max(majority, 1.0 - majority) + 0.06
