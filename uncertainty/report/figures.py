"""The figures of a report, each from the numbers that its reading is computed from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from uncertainty.metrics import PITHistogram
from uncertainty.report.coverage import CoverageLevels
from uncertainty.report.feature_groups import FeatureGroups
from uncertainty.report.numbers import percent
from uncertainty.report.rejection import Rejection
from uncertainty.report.reliability import ReliabilityBins
from uncertainty.report.svg import Plot, axis, bars_of_limits, box, dots, drawing, line, share_axis

Array = NDArray[np.float64]

LIMITS = ("line limits", "95 % limits")


def coverage_figure(levels: CoverageLevels, promise: str) -> str:
    """Return observed over promised coverage; the dot of the chosen level is marked by the page."""
    low = max(0.0, float(np.floor(10 * min(levels.promised.min(), levels.lower.min())) / 10) - 0.02)
    plot = Plot(share_axis(low, 1.01, promise), share_axis(low, 1.01, "rows held"))
    titles = [
        f"{percent(promised, 1)} promised, {percent(observed, 1)} held ({percent(lower, 1)} to {percent(upper, 1)})"
        for promised, observed, lower, upper in zip(
            levels.promised, levels.observed, levels.lower, levels.upper, strict=True
        )
    ]
    marks = [
        line(plot, (low, 1.0), (low, 1.0), "line reference"),
        bars_of_limits(plot, levels.promised, levels.lower, levels.upper, "line limits"),
        dots(plot, levels.promised.tolist(), levels.observed.tolist(), "dot level", titles),
    ]
    key = (("line reference", "as promised"), LIMITS)
    return drawing(plot, marks, "Share of rows held against the share promised", key)


def pit_figure(histogram: PITHistogram) -> str:
    """Return the histogram of PIT values with the range that calibrated predictions stay in."""
    top = 1.15 * max(float(histogram.frequency.max()), histogram.upper)
    plot = Plot(axis(0.0, 1.0, "place of y in its predicted distribution (PIT)"), share_axis(0.0, top, "rows"))
    edges, n_bins = histogram.edges, len(histogram.frequency)
    marks = [
        *(box(plot, (edges[b], edges[b + 1]), (0.0, histogram.frequency[b]), "bar") for b in range(n_bins)),
        box(plot, (0.0, 1.0), (histogram.lower, histogram.upper), "band"),
        line(plot, (0.0, 1.0), (1 / n_bins, 1 / n_bins), "line reference"),
    ]
    key = (("line reference", "calibrated"), ("band", "95 % range of one bin of calibrated predictions"))
    return drawing(plot, marks, "Histogram of the probability integral transform", key)


def reliability_figure(bins: ReliabilityBins) -> str:
    """Return accuracy over confidence, with the numbers of rows as bars at the foot."""
    low = max(0.0, float(np.floor(10 * bins.confidence.min()) / 10) - 0.02)
    plot = Plot(share_axis(low, 1.01, "confidence (largest probability)"), share_axis(0.0, 1.02, "accuracy"))
    titles = [
        f"confidence {percent(confidence, 1)}, accuracy {percent(accuracy, 1)}, {count} rows"
        for confidence, accuracy, count in zip(bins.confidence, bins.accuracy, bins.count.tolist(), strict=True)
    ]
    share = 0.25 * bins.count / bins.count.max()
    marks = [
        *(box(plot, (c - 0.012, c + 0.012), (0.0, s), "bar") for c, s in zip(bins.confidence, share, strict=True)),
        line(plot, (low, 1.0), (low, 1.0), "line reference"),
        bars_of_limits(plot, bins.confidence, bins.lower, bins.upper, "line limits"),
        dots(plot, bins.confidence.tolist(), bins.accuracy.tolist(), "dot", titles),
    ]
    key = (("line reference", "as sure as right"), LIMITS, ("bar", f"rows, up to {bins.count.max():,}"))
    return drawing(plot, marks, "Accuracy against confidence", key)


def rejection_figure(rejection: Rejection) -> str:
    """Return the risk of the rows kept over their share."""
    show = share_axis if rejection.is_share else axis
    top = 1.1 * max(float(rejection.risk.max()), rejection.risk_of_all)
    label = "errors among rows kept" if rejection.is_share else f"{rejection.risk_name} of rows kept"
    plot = Plot(share_axis(0.0, 1.0, "rows kept, most certain first"), show(0.0, top or 1.0, label))
    whole = (rejection.risk_of_all, rejection.risk_of_all)
    marks = [line(plot, (0.0, 1.0), whole, "line reference"), line(plot, rejection.share, rejection.risk, "line main")]
    key = (("line main", "this model"), ("line reference", "if the uncertainty said nothing"))
    return drawing(plot, marks, f"{rejection.risk_name} of the rows kept against their share", key)


def agreement_figure(y: Array, mean: Array, target: str) -> str:
    """Return how often each pair of prediction and observation occurs, as a grid of shades."""
    low, high = float(min(y.min(), mean.min())), float(max(y.max(), mean.max()))
    if not high > low:
        low, high = low - 0.5, high + 0.5
    n_cells = 36 if len(y) > 300 else 24
    count, _, _ = np.histogram2d(mean, y, bins=n_cells, range=[[low, high], [low, high]])
    edges = np.linspace(low, high, n_cells + 1)
    plot = Plot(axis(low, high, f"predicted {target}"), axis(low, high, f"observed {target}"))
    shade = 0.2 + 0.8 * np.log1p(count) / np.log1p(count.max())
    marks = [
        box(plot, (edges[i], edges[i + 1]), (edges[j], edges[j + 1]), "cell", float(shade[i, j]))
        for i, j in zip(*np.nonzero(count), strict=True)
    ]
    marks.append(line(plot, (low, high), (low, high), "line reference"))
    key = (("line reference", "prediction = observation"), ("cell", f"up to {int(count.max()):,} rows in a cell"))
    return drawing(plot, marks, "Observed against predicted values", key)


def group_bar(feature: FeatureGroups, group: int, low: float) -> str:
    """Return a cell's picture of one group: observed share with its limits, and a tick at what was promised."""

    def at(share: float) -> float:
        return round(2 + 116 * min(1.0, max(0.0, (share - low) / (1.0 - low))), 1)

    observed, promised = at(float(feature.observed[group])), at(float(feature.promised[group]))
    lower, upper = at(float(feature.lower[group])), at(float(feature.upper[group]))
    return (
        '<svg class="cell-bar" viewBox="0 0 120 16" aria-hidden="true">'
        f'<line class="axis" x1="2" x2="118" y1="8" y2="8"/>'
        f'<line class="promise" x1="{promised}" x2="{promised}" y1="1" y2="15"/>'
        f'<line class="line limits" x1="{lower}" x2="{upper}" y1="8" y2="8"/>'
        f'<circle class="dot" cx="{observed}" cy="8" r="3.5"/></svg>'
    )


def size_bar(size: float, largest: float, epistemic_share: float | None) -> str:
    """Return a cell's bar of a size, of which the share of the epistemic part is marked."""
    length = 116 * size / largest if np.isfinite(size) and np.isfinite(largest) and largest > 0 else 116
    epistemic = length * (epistemic_share or 0.0)
    return (
        '<svg class="cell-bar" viewBox="0 0 120 16" aria-hidden="true">'
        f'<rect class="aleatoric" x="2" y="3" width="{length:.1f}" height="10"/>'
        f'<rect class="epistemic" x="2" y="3" width="{epistemic:.1f}" height="10"/></svg>'
    )
