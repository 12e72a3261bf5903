"""scikit-learn's quantile boosting, raw and conformalized."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..baselines.boosted_quantiles import BoostedQuantileRegressor
from ..baselines.conformal_quantiles import conformal_offsets, widen_outward
from .family import Family, Question


def _quantiles(question: Question) -> tuple[BoostedQuantileRegressor, NDArray[np.float64]]:
    tail = (1.0 - question.coverage) / 2.0
    model = BoostedQuantileRegressor((tail, 0.5, 1.0 - tail), random_state=question.seed)
    model.fit(question.rows.X_fit, question.rows.y_fit)
    return model, model.predict_quantiles(question.rows.X_test)


def raw_intervals(_: None, question: Question) -> NDArray[Any]:
    """Return the predicted quantiles."""
    return widen_outward(_quantiles(question)[1])[:, [0, 2]]


def conformalized_intervals(_: None, question: Question) -> NDArray[Any]:
    """Return the quantiles moved until they cover the calibration rows (Romano et al. 2019)."""
    model, quantiles = _quantiles(question)
    known = model.predict_quantiles(question.rows.X_calibration)
    offsets = conformal_offsets(model.levels, known, question.rows.y_calibration)
    return widen_outward(quantiles + offsets)[:, [0, 2]]


FAMILY = Family("hgb_quantile", "regression", lambda rows, seed: None,
                {"raw": raw_intervals, "cqr": conformalized_intervals})  # fmt: skip
