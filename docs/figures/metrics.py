"""What calibration metrics see of forecasts whose truth is known, and what they find where there is nothing to find."""

import numpy as np
import style
from scipy.special import expit
from scipy.stats import norm

from uncertainty.metrics import coverage_by_bin, expected_calibration_error, pit_values, smooth_calibration_error

N_ROWS, REPEATS = 20_000, 100
SIZES = (50, 100, 200, 500, 1000, 2000)

rng = np.random.default_rng(0)
X = rng.uniform(-1, 1, (N_ROWS, 2))
std = 1 + 0.5 * X[:, 1]
mean = np.sqrt(4 - std**2) * norm.ppf(0.5 + 0.5 * X[:, 0])
y = mean + std * rng.standard_normal(N_ROWS)
FORECASTS = {
    "truth": norm(mean, std),
    "climate": norm(0 * mean, 2.0),
    "one width": norm(mean, 1.04),
    "too narrow": norm(mean, 0.7 * std),
    "shifted": norm(mean + 0.5 * std, std),
}

figure, (left, middle, right) = style.panels(1, 3, 3.0)
levels = np.linspace(0, 1, 101)
for (name, dist), (colour, dashes) in zip(FORECASTS.items(), style.LINES, strict=False):
    share = np.searchsorted(np.sort(pit_values(y, dist)), levels) / N_ROWS
    left.plot(levels, share - levels, dashes, color=colour, label=name)
    interval = np.column_stack(np.broadcast_arrays(*dist.interval(0.9)))
    table = coverage_by_bin(y, interval, X[:, 1], n_bins=10)
    middle.plot(table.group.mean(axis=1), table.coverage, dashes, marker=".", color=colour, label=name)
left.set(xlabel="level of the quantile", title="share of rows below, less the level")
left.set_ylim(-0.12, 0.35)
left.legend(ncols=2, loc="upper left", columnspacing=1.0)
middle.axhline(0.9, color=style.GREY, linewidth=0.8)
middle.set(xlabel="second input", title="coverage of 90 % intervals by bin", ylim=(0.7, 1.0))

VARIANTS = {
    "50 bins": {"n_bins": 50},
    "15 bins of equal mass": {"strategy": "quantile"},
    "15 bins": {},
    "smooth": None,
    "15 bins, debiased": {"debias": True},
    "the same, l2": {"debias": True, "norm": "l2"},
}
errors = np.zeros((len(VARIANTS), len(SIZES)))
for column, n_rows in enumerate(SIZES):
    for _ in range(REPEATS):
        p = expit(2 * rng.standard_normal(n_rows))
        label = rng.random(n_rows) < p
        for row, options in enumerate(VARIANTS.values()):
            known = {"labels": [False, True]}
            score = smooth_calibration_error if options is None else expected_calibration_error
            errors[row, column] += score(label, p, **known, **(options or {})) / REPEATS
for name, line, (colour, dashes) in zip(VARIANTS, errors, style.LINES, strict=False):
    right.plot(SIZES, line, dashes, marker=".", color=colour, label=name)
right.set(xlabel="rows", xscale="log", title="ECE of true probabilities", ylim=(0.0, 0.3))
right.legend(loc="upper right")
style.save(figure, __file__)
