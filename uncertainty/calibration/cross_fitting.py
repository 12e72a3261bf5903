"""Predictions for rows that the predicting model has not seen, and a final model that has seen all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sklearn.base import is_classifier
from sklearn.callback import with_callbacks
from sklearn.frozen import FrozenEstimator

from uncertainty.calibration.calibration_rows import Index, cross_fitting_splits
from uncertainty.calibration.fit_rows import FitRows
from uncertainty.calibration.inner_fits import InnerFits
from uncertainty.calibration.wrapped_model import fitted_already


@with_callbacks
def cross_fit(
    wrapper: Any, estimator: Any, rows: FitRows, cv: Any, seed: int, predict: Callable[[Any, Any], Any]
) -> tuple[Any, list[Index], list[Any]]:
    """Return the final model of the wrapper, the rows of each split, and what `predict(model, X)` gave for these.

    The model of a split has seen none of its rows. The final one is fitted on all rows, or is the one inside a
    FrozenEstimator, for which all rows are new.
    """
    every_row = rows.used()
    if isinstance(estimator, FrozenEstimator):
        model = fitted_already(estimator)
        return model, [every_row], [predict(model, rows.take(every_row).X)]
    splits = cross_fitting_splits(cv, rows, seed, classifier=is_classifier(estimator))
    fits = InnerFits(wrapper, len(splits) + 1, rows)
    indices, predictions = [], []
    for fit, held_out in splits:
        model = fits.fit("fit all but a fold", estimator, rows.take(fit), seed)
        indices.append(held_out)
        predictions.append(predict(model, rows.take(held_out).X))
    final = fits.fit("fit all rows", estimator, rows.take(every_row), seed)
    fits.end()
    return final, indices, predictions
