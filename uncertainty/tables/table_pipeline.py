"""A Pipeline with all the predictions of its last step."""

from __future__ import annotations

from typing import Any

from sklearn.pipeline import Pipeline
from sklearn.utils.metaestimators import available_if


def _passed_on(name: str) -> Any:
    """The method of that name, which exists where the last step has it: the other steps transform X first."""

    def method(self: TablePipeline, X: Any, *arguments: Any, **options: Any) -> Any:
        return getattr(self[-1], name)(self[:-1].transform(X), *arguments, **options)

    method.__name__ = name
    method.__qualname__ = f"TablePipeline.{name}"
    method.__doc__ = f"Return what `{name}` of the last step says of the rows of X; arguments are as there."
    return available_if(lambda self: getattr(self.steps[-1][1], name))(method)


class TablePipeline(Pipeline):
    """A scikit-learn Pipeline that has all the predictions of its last step.

    scikit-learn's own passes on `predict`, `predict_proba`, `score` and the like. This one also has `predict_interval`,
    `predict_quantiles`, `predict_var`, `predict_uncertainty`, `predict_dist`, `predict_members`, `predict_set`,
    `accepts` and `sample_y`, each where the last step has it, and with its arguments. `tabular_pipeline` makes one.

    Parameters
    ----------
    steps, transform_input, memory, verbose
        As in `sklearn.pipeline.Pipeline`.

    Examples
    --------
    >>> from sklearn.preprocessing import PolynomialFeatures
    >>> from uncertainty import ProbabilisticMLPRegressor
    >>> from uncertainty.tables import TablePipeline
    >>> network = ProbabilisticMLPRegressor(max_iter=3, random_state=0)
    >>> model = TablePipeline([("squares", PolynomialFeatures(2)), ("network", network)])
    >>> model.fit([[0.0], [1.0], [2.0]], [1.0, 3.0, 2.0]).predict_interval([[0.5]], coverage=0.9).shape
    (1, 2)
    """

    predict_interval = _passed_on("predict_interval")
    predict_quantiles = _passed_on("predict_quantiles")
    predict_var = _passed_on("predict_var")
    predict_uncertainty = _passed_on("predict_uncertainty")
    predict_dist = _passed_on("predict_dist")
    predict_members = _passed_on("predict_members")
    predict_set = _passed_on("predict_set")
    accepts = _passed_on("accepts")
    sample_y = _passed_on("sample_y")
