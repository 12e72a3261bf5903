"""In words: what the headline scores say, and how far the rows of the test table can say it."""

from __future__ import annotations

from uncertainty.report.numbers import percent, short
from uncertainty.report.scores import FEW_ROWS, Score

# The scores that judge the whole prediction, the first one there is.
JUDGES = ("CRPS", "90 % interval score", "log loss")


def scores_reading(scores: tuple[Score, ...], n_rows: int) -> str:
    """Return whether the model beats the best constant prediction, and whether the rows are enough to say so."""
    judge = next(score for name in JUDGES for score in scores if score.name == name)
    return " ".join([_against_constant(judge), *_point_prediction(scores, judge), *_few_rows(n_rows)])


def confidence_reading(score: Score) -> str:
    """Return whether a classifier is surer than it is right, from the limits of confidence minus accuracy."""
    gap = percent(abs(score.value), 1)
    if score.limits is None:
        return "One row cannot tell whether the model is surer than it is right."
    low, high = (percent(limit, 1) for limit in score.limits)
    if score.limits[0] > 0:
        return f"The model is overconfident: its confidence exceeds its accuracy by {gap} ({low} to {high})."
    if score.limits[1] < 0:
        return f"The model is too modest: its confidence stays {gap} below its accuracy ({low} to {high})."
    return f"Confidence and accuracy agree on average, within the noise of these rows ({low} to {high})."


def _against_constant(judge: Score) -> str:
    if judge.baseline is None or judge.verdict is None:
        return f"The {judge.name} cannot be set beside that of a constant prediction: one of the two is not finite."
    numbers = f"{judge.name} {short(judge.value)} against {short(judge.baseline)}"
    if judge.verdict == "open":
        return (
            f"These rows do not show that the model is better or worse than one prediction for all ({numbers}): "
            f"the difference is within their noise."
        )
    if judge.verdict == "worse":
        return f"The model is worse than one prediction for all rows ({numbers}). Do not use it as it is."
    if judge.baseline > 0 and judge.value >= 0:
        gain = percent(1.0 - judge.value / judge.baseline)
        return f"The model is better than one prediction for all rows: {numbers}, {gain} less."
    return f"The model is better than one prediction for all rows: {numbers}."


def _point_prediction(scores: tuple[Score, ...], judge: Score) -> list[str]:
    """The same of the mean or the class alone, where it is another answer than that of the whole prediction."""
    point = next((score for score in scores if score.name in ("RMSE", "accuracy")), None)
    if point is None or point.verdict is None or point.baseline is None or point.verdict == judge.verdict:
        return []
    numbers = f"({point.name} {short(point.value)} against {short(point.baseline)})"
    told = {
        "better": f"Its point predictions alone are better than the constant {numbers}.",
        "worse": f"Its point predictions alone are worse than the constant {numbers}.",
        "open": f"Its point predictions alone cannot be told from the constant {numbers}.",
    }
    return [told[point.verdict]]


def _few_rows(n_rows: int) -> list[str]:
    if n_rows == 1:
        return ["A single row says nothing of the noise: no limits are given, and no verdict can be relied on."]
    if n_rows < FEW_ROWS:
        return [f"With only {n_rows} rows even the limits are rough, and rather too narrow: test on more rows."]
    return []
