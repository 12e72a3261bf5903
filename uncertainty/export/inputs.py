"""From X to what the networks read: the formulas of `InputScaler`, `Whitening`, `PiecewiseLinear` and `Gaps`."""

from __future__ import annotations

import numpy as np

from uncertainty.estimators.gaps import Gaps
from uncertainty.estimators.piecewise_linear import PiecewiseLinearEncoding
from uncertainty.estimators.scaling import InputScaler
from uncertainty.estimators.whitening import Whitening
from uncertainty.export.graph import Value, side_by_side


def encoded(x: Value, scaler: InputScaler) -> Value:
    """Return [N, D + C] of x [N, D], as `InputScaler.transform`."""
    if not scaler.enabled:
        return x
    columns = _standardised(x, scaler)
    if scaler.whiten:
        columns = _whitened(columns, scaler.whitening_)
    if scaler.embedding is None:
        return columns
    return side_by_side([columns, *_bins(x, scaler.encoding_), *_distances_in_gaps(x, scaler.gaps_)], axis=1)


def _standardised(x: Value, scaler: InputScaler) -> Value:
    inside = x.at_least(scaler.low_).at_most(scaler.high_)
    beyond = (x - inside) / scaler.scale_
    return (inside - scaler.location_) / scaler.scale_ + beyond.sign() * abs(beyond).log1p()


def _whitened(z: Value, whitening: Whitening) -> Value:
    centred = z - whitening.mean_
    whitened = _damped(centred @ whitening.matrix_, whitening.radius_)
    return whitened if whitening.constant_ is None else whitened + _damped(centred @ whitening.constant_, 0.0)


def _damped(v: Value, radius: float) -> Value:
    length = (v * v).sum(axis=1).sqrt()
    beyond = (length - radius).at_least(0.0)
    return v * (beyond > 0.0).where((radius + beyond.log1p()) / length, 1.0)


def _bins(x: Value, encoding: PiecewiseLinearEncoding) -> list[Value]:
    if len(encoding.column) == 0:
        return []
    clipped = x.take(encoding.column, axis=1).at_least(encoding.low).at_most(encoding.high)
    return [(clipped - encoding.mean) * encoding.factor]


def _distances_in_gaps(x: Value, gaps: Gaps) -> list[Value]:
    """One value [N, 1] for each column with gaps."""
    found = []
    for column in np.unique(gaps.column):
        own = gaps.column == column
        values = x.take(np.array([column]), axis=1)  # [N, 1], for all gaps of the column
        to_low, to_high = (values - gaps.low[own]) / gaps.unit[own], (gaps.high[own] - values) / gaps.unit[own]
        found.append(to_low.at_most(to_high).largest(axis=1).at_least(0.0))
    return found
