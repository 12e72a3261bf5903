"""In words: where in the table coverage fails, and where the uncertainty is large."""

from __future__ import annotations

import numpy as np

from uncertainty.report.feature_groups import FeatureGroups
from uncertainty.report.numbers import percent, short

# Between-group share of the variance below which a column is not said to go with the uncertainty.
TELLING_SPREAD = 0.02
N_NAMED = 5
# In groups of fewer rows only a gross failure leaves the limits.
ROWS_TO_SHOW = 100


def coverage_by_feature_reading(features: tuple[FeatureGroups, ...], *, is_classifier: bool) -> str:
    """Return the groups in which the rows contradict the promise even allowing for the number of groups looked at."""
    n_groups = sum(len(feature.labels) for feature in features)
    if n_groups == 0:
        return "No column has two groups of rows to compare."
    low = [(f, g) for f in features for g in range(len(f.labels)) if f.strict_upper[g] < f.promised[g]]
    high = [(f, g) for f in features for g in range(len(f.labels)) if f.strict_lower[g] > f.promised[g]]
    what = "accuracy falls short of the confidence" if is_classifier else "intervals are too narrow"
    other = "accuracy exceeds the confidence" if is_classifier else "intervals are wider than needed"
    if not low and not high:
        return (
            f"In none of {n_groups} groups do the rows contradict the promise, once the number of groups looked at is "
            f"allowed for.{_small_groups(features)}"
        )
    told = [_named(groups, text) for groups, text in ((low, what), (high, other)) if groups]
    return " ".join(told) + f" This allows for having looked at {n_groups} groups."


def uncertainty_by_feature_reading(features: tuple[FeatureGroups, ...], *, is_classifier: bool) -> str:
    """Return the column that goes with the uncertainty the most, and between which values it moves."""
    if not features or features[0].spread < TELLING_SPREAD:
        return "No single column goes with the uncertainty: it is about the same in all groups, or comes of several."
    first = features[0]
    least, most = int(first.size.argmin()), int(first.size.argmax())
    show = (lambda value: percent(value, 1)) if is_classifier else short
    size = "mean probability of an error" if is_classifier else "mean width"
    return (
        f"The uncertainty goes most with {first.name}: {size} {show(float(first.size[least]))} for "
        f"{first.labels[least]}, {show(float(first.size[most]))} for {first.labels[most]}."
    )


def _small_groups(features: tuple[FeatureGroups, ...]) -> str:
    typical = int(np.median(np.concatenate([feature.count for feature in features])))
    if typical >= ROWS_TO_SHOW:
        return ""
    return f" Groups are small ({typical} rows in the middle one): only gross failures would show."


def _named(groups: list[tuple[FeatureGroups, int]], what: str) -> str:
    """The groups farthest from what was promised, and how many more there are."""
    groups = sorted(groups, key=lambda pair: -abs(pair[0].observed[pair[1]] - pair[0].promised[pair[1]]))
    told = [
        f"{f.name} {f.labels[g]} ({percent(float(f.observed[g]))} instead of {percent(float(f.promised[g]))} of "
        f"{int(f.count[g]):,} rows)"
        for f, g in groups[:N_NAMED]
    ]
    more = f", and in {len(groups) - N_NAMED} more" if len(groups) > N_NAMED else ""
    return f"The {what} in {len(groups)} {'group' if len(groups) == 1 else 'groups'}: {'; '.join(told)}{more}."
