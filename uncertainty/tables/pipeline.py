"""The whole way from a table to a prediction, of scikit-learn's own transformers."""

from __future__ import annotations

from typing import Any

from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from uncertainty.tables.date_parts import DateParts
from uncertainty.tables.table_columns import TableColumns
from uncertainty.tables.table_pipeline import TablePipeline

# A category in fewer rows than this has too few to learn from, and no column gets more columns of zeros and ones than
# this: an identifier, whose values are all rare, becomes a single constant.
FEWEST_ROWS = 5
MOST_CATEGORIES = 40


def tabular_pipeline(estimator: Any) -> TablePipeline:
    """Return an unfitted Pipeline that takes data frames with numbers, text, categories, booleans, dates and gaps.

    It has three steps, "table", "columns" and "estimator". The first, `TableColumns`, learns the names and kinds of the
    columns: later frames may have them in any order and others besides, which are ignored, and a missing one is an
    error that names it. The second is a ColumnTransformer:

    - numbers: the median of the training rows for gaps, and a column of zeros and ones for each column that had gaps
      in training (`SimpleImputer`). They are scaled by the estimator;
    - text, categories and booleans: a column of zeros and ones for each category (`OneHotEncoder`). Categories of fewer
      than 5 training rows share one, as do the rarest beyond 40 and, at prediction, those never seen; where training
      had no rare ones, an unknown one is none of the known. A gap is a category like others;
    - dates: days since the first one and, where they vary, the part of the year, weekday and hour (`DateParts`); gaps
      as those of numbers.

    Categories that are written as numbers (codes of places, say) count as numbers: give such a column the dtype
    "category" or "str". Frames may be of pandas or polars; pandas has to be installed for both. `uncertainty.save`
    stores the pipeline.

    Parameters
    ----------
    estimator : estimator
        Regressor or classifier, unfitted. Weights of rows go to it by name: ``fit(X, y, estimator__sample_weight=w)``.

    Returns
    -------
    TablePipeline
        A scikit-learn Pipeline that has all the predictions of `estimator`, `predict_interval` and the like too.

    Raises
    ------
    TypeError
        If `estimator` has no `fit`.

    See Also
    --------
    skrub.tabular_pipeline : of another library, with learned encodings of text.

    Examples
    --------
    >>> import pandas as pd
    >>> from uncertainty import ProbabilisticMLPRegressor, tabular_pipeline
    >>> houses = pd.DataFrame({
    ...     "area": [60.0, None, 120.0, 95.0] * 10,
    ...     "heating": ["gas", "oil", "gas", None] * 10,
    ...     "sold": pd.to_datetime(["2023-05-02", "2024-01-31", "2024-02-01", "2025-03-03"] * 10),
    ... })
    >>> price = pd.Series([200.0, 150.0, 410.0, 300.0] * 10, name="price")
    >>> model = tabular_pipeline(ProbabilisticMLPRegressor(max_iter=3, random_state=0)).fit(houses, price)
    >>> model.predict_interval(houses[["sold", "heating", "area"]].head(3), coverage=0.9).shape
    (3, 2)
    """
    if not hasattr(estimator, "fit"):
        raise TypeError(f"estimator must be a regressor or classifier, got {estimator!r:.80}.")
    categories = OneHotEncoder(
        handle_unknown="infrequent_if_exist",
        min_frequency=FEWEST_ROWS,
        max_categories=MOST_CATEGORIES,
        sparse_output=False,
    )
    columns = ColumnTransformer(
        [
            ("numbers", _filled_gaps(), make_column_selector(dtype_include="number")),
            ("categories", categories, make_column_selector(dtype_include=object)),
            ("dates", make_pipeline(DateParts(), _filled_gaps()), make_column_selector(dtype_include="datetime")),
        ]
    )
    columns.set_output(transform="pandas")  # which keeps the index, for predictions as frames
    return TablePipeline([("table", TableColumns()), ("columns", columns), ("estimator", estimator)])


def _filled_gaps() -> SimpleImputer:
    return SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
