"""The fits of wrapped models as tasks of the wrapper's own fit, which callbacks are told of and passed on to."""

from __future__ import annotations

from typing import Any

from uncertainty.calibration.fit_rows import FitRows
from uncertainty.calibration.wrapped_model import fit_model, unfitted_model


class InnerFits:
    """Begins a fit of `wrapper` that consists of so many fits of wrapped models; that of an earlier fit is forgotten.

    scikit-learn's `with_callbacks` has to be around the whole of it.
    """

    def __init__(self, wrapper: Any, n_fits: int, rows: FitRows) -> None:
        wrapper.__dict__.pop("estimator_", None)
        self._wrapper = wrapper
        self._rows = _as_hooks_take_them(rows)
        self._task = wrapper._init_callback_context(max_subtasks=n_fits)
        self._task.call_on_fit_task_begin(estimator=wrapper, **self._rows)

    def fit(self, name: str, estimator: Any, rows: FitRows, seed: int) -> Any:
        """Return a clone fitted on the rows, with every `random_state` inside it that is None drawn from `seed`."""
        model, task, given = unfitted_model(estimator, seed), self._task.subcontext(name), _as_hooks_take_them(rows)
        with task.propagate_callback_context(model):
            task.call_on_fit_task_begin(estimator=self._wrapper, **given)
            fit_model(model, rows)
            task.call_on_fit_task_end(estimator=self._wrapper, **given)
        return model

    def end(self) -> None:
        """End the fit of the wrapper."""
        self._task.call_on_fit_task_end(estimator=self._wrapper, **self._rows)


def _as_hooks_take_them(rows: FitRows) -> dict[str, Any]:
    return {"X": rows.X, "y": rows.y, "metadata": None if rows.weight is None else {"sample_weight": rows.weight}}
