"""`write_report`: a page that says how far to trust a model, from what it did on a test table."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from sklearn.base import is_classifier

from uncertainty.persistence.whole_file import refuse_existing, write_whole
from uncertainty.report.classification_content import classification_content
from uncertainty.report.page import render, require_jinja2
from uncertainty.report.regression_content import regression_content
from uncertainty.report.tested_table import check_test_table


def write_report(
    estimator: Any,
    X: Any,
    y: Any,
    path: str | os.PathLike[str],
    *,
    title: str | None = None,
    target_name: str | None = None,
    overwrite: bool = False,
) -> None:
    """Write one HTML page that says how far to trust the predictions of a fitted model.

    The page needs no network, is light or dark as its reader's screen is, and can be printed. It holds scores with
    confidence limits beside those of a constant prediction, calibration and coverage at a level to choose, the most
    uncertain rows and why they are, coverage and uncertainty along each column, and a table of the rows to sort and
    filter. What it says in words is computed from the numbers. The file appears whole or not at all.

    Use rows that neither training nor calibration has seen. The page holds values of up to 20,000 of them: mind who
    may read it.

    Parameters
    ----------
    estimator : fitted regressor or classifier with one target
        An estimator of this package or a Pipeline that ends in one. A regressor has `predict_interval` or
        `predict_dist`, a classifier `predict_proba`; what else it can tell is used.
    X : (n, D) array, or pandas or polars frame
        The test table, as `estimator` takes it. Values may be missing if `estimator` takes that.
    y : (n,)
        Observations or class labels, none missing.
    path : str or path-like
        Of the page, by custom with the ending `.html`.
    title : str, optional
    target_name : str, optional
        What y is called, with its unit; by default the name of the pandas or polars column, or "y".
    overwrite : bool, default False
        Whether a file that is there already may be replaced.

    Raises
    ------
    FileExistsError
        If there is such a file and `overwrite` is False.
    ImportError
        If jinja2 is not installed, which comes with the extra `report`.
    TypeError
        If `estimator` is of another kind, or X is sparse.
    ValueError
        If y has missing or infinite values, several targets, or classes that the model does not know.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from sklearn.datasets import load_diabetes
    >>> import uncertainty
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> model = uncertainty.ProbabilisticMLPRegressor(max_iter=3, random_state=0).fit(X[:300], y[:300])
    >>> with TemporaryDirectory() as folder:
    ...     uncertainty.write_report(model, X[300:], y[300:], Path(folder) / "report.html")
    ...     page = (Path(folder) / "report.html").read_text(encoding="utf-8")
    >>> page[:15]
    '<!DOCTYPE html>'
    """
    target = Path(path)
    refuse_existing(target, overwrite=overwrite)
    require_jinja2()
    table = check_test_table(estimator, X, y, target_name)
    content = (classification_content if is_classifier(estimator) else regression_content)(table, title)
    write_whole(target, render(content).encode("utf-8"), overwrite=overwrite)
