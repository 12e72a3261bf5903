"""The rows as compact JSON for the page's table: column by column, numbers as whole steps of a power of ten."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from uncertainty.report.classification_rows import ClassificationRows
from uncertainty.report.columns import CategoryColumn, Column
from uncertainty.report.coverage import CoverageLevels
from uncertainty.report.levels import HEADLINE
from uncertainty.report.numbers import column_step, step_for, typical_size
from uncertainty.report.regression_rows import RegressionRows

Array = NDArray[np.float64]
Index = NDArray[np.intp]

# The table holds this many rows at most: the most uncertain, and others at random.
MAX_ROWS = 20_000
N_MOST_UNCERTAIN = 1_000
# Characters of a text that are kept, and all texts of the table together.
MAX_TEXT = 40
MAX_TEXTS = 400_000
DAY = 86_400_000  # milliseconds
# Classes of a set that are named; of the others the number is told.
NAMED_CLASSES = 3

JsonColumn = dict[str, Any]


@dataclass(frozen=True, eq=False)
class TableRows:
    """The numbers of the rows the table holds, in the order of the test table, of `n_all`."""

    rows: Index
    n_all: int


def table_rows(order: Index) -> TableRows:
    """Return all rows, or of a long table the most uncertain, which `order` (n,) has first, and a random sample."""
    n = len(order)
    if n <= MAX_ROWS:
        return TableRows(np.arange(n), n)
    others = np.random.default_rng(0).choice(order[N_MOST_UNCERTAIN:], MAX_ROWS - N_MOST_UNCERTAIN, replace=False)
    return TableRows(np.sort(np.concatenate([order[:N_MOST_UNCERTAIN], others])), n)


def regression_columns(rows: RegressionRows, kept: Index, target: str) -> tuple[list[JsonColumn], dict[str, Any]]:
    """Return the columns of a regressor's table, and the intervals of every level, in steps from the prediction."""
    finite = rows.width(HEADLINE)[np.isfinite(rows.width(HEADLINE))]
    step = step_for(float(np.median(finite)) if len(finite) else typical_size(rows.y))
    mean = np.round(rows.mean[kept] / step)
    columns = [
        _numbers(target, rows.y[kept], step),
        _numbers("prediction", mean * step, step),
        {"name": "lower", "kind": "lower", "step": step},
        {"name": "upper", "kind": "upper", "step": step},
        {"name": "width", "kind": "width", "step": step, "sort": "descending"},
        {"name": "held", "kind": "covered"},
        _numbers("error", rows.y[kept] - rows.mean[kept], step),
    ]
    if rows.parts is not None:
        total = rows.parts.total()[kept]
        columns.append(_numbers("std", np.sqrt(total), step))
        columns.append(_percents("epistemic share", rows.parts.epistemic[kept], total))
    ends = {
        end: [_whole(rows.interval[kept, side, level] / step - mean) for level in range(len(rows.coverage))]
        for side, end in enumerate(("lower", "upper"))
    }
    return columns, ends


def classification_columns(
    rows: ClassificationRows, kept: Index, target: str
) -> tuple[list[JsonColumn], dict[str, Any]]:
    """Return the columns of a classifier's table, and the sets of every level as numbers of a list of all of them."""
    classes = [_cut(name) for name in rows.classes]
    confidence = rows.confidence()[kept]
    columns: list[JsonColumn] = [
        {"name": target, "kind": "text", "texts": classes, "values": rows.codes[kept].tolist()},
        {"name": "prediction", "kind": "text", "texts": classes, "values": rows.predicted()[kept].tolist()},
        _numbers("confidence", confidence, 1e-3) | {"sort": "ascending"},
        {"name": "set", "kind": "set"},
        {"name": "held", "kind": "covered"},
    ]
    if rows.parts is not None:
        total = rows.parts.total()[kept]
        columns.append(_numbers("entropy", total, 1e-3))
        columns.append(_percents("epistemic share", rows.parts.mutual_information[kept], total))
    return columns, _distinct_sets(rows, kept, classes)


def feature_columns(
    columns: tuple[Column, ...], chosen: tuple[str, ...], kept: Index
) -> tuple[list[JsonColumn], tuple[str, ...]]:
    """Return the chosen columns of the test table, and the names of those that do not fit in."""
    found: list[JsonColumn] = []
    left_out: list[str] = []
    n_characters = 0
    for column in columns:
        if column.name not in chosen:
            left_out.append(column.name)
            continue
        if isinstance(column, CategoryColumn):
            described = _texts(column, kept)
            n_characters += sum(map(len, described["texts"]))
            if n_characters > MAX_TEXTS:
                left_out.append(column.name)
                continue
        elif column.is_date:
            days = _whole(np.floor(column.values[kept] / DAY))
            described = {"name": column.name, "kind": "date", "step": DAY, "values": days}
        else:
            described = _numbers(column.name, column.values[kept], column_step(column.values))
        found.append(described | {"feature": True})
    return found, tuple(left_out)


def covered_bits(levels: CoverageLevels, kept: Index) -> list[int]:
    """Return for each row a number whose bit l says whether it is held at level l."""
    return (levels.covered[kept] @ (1 << np.arange(levels.covered.shape[1]))).tolist()


def as_json(data: Any) -> str:
    """Return JSON that can stand in a script element: no text of it can end the element or begin a comment."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _numbers(name: str, values: Array, step: float) -> JsonColumn:
    return {"name": name, "kind": "number", "step": step, "values": _whole(values / step)}


def _percents(name: str, part: Array, total: Array) -> JsonColumn:
    share = np.divide(part, total, out=np.zeros_like(total), where=total > 0)
    return {"name": name, "kind": "percent", "step": 1, "values": _whole(100 * share)}


def _texts(column: CategoryColumn, kept: Index) -> JsonColumn:
    """The categories of the rows kept alone, None where one is missing."""
    codes = column.codes[kept]
    used, number = np.unique(codes, return_inverse=True)
    texts = [_cut(column.categories[code]) if code >= 0 else "" for code in used.tolist()]
    values = [None if code < 0 else index for code, index in zip(codes.tolist(), number.tolist(), strict=True)]
    return {"name": column.name, "kind": "text", "texts": texts, "values": values}


def _distinct_sets(rows: ClassificationRows, kept: Index, classes: list[str]) -> dict[str, Any]:
    """Each set as the names of its most probable classes and the number of the others; equal sets once."""
    proba, names = rows.proba[kept], np.array([*classes, ""], dtype=object)
    order = np.argsort(-proba, axis=1, kind="stable")
    numbers: dict[tuple[int, ...], int] = {}
    by_level = []
    for level in range(len(rows.coverage)):
        inside = np.take_along_axis(rows.sets[kept][:, :, level], order, axis=1)
        size = inside.sum(axis=1)
        place = np.argsort(~inside, axis=1, kind="stable")[:, :NAMED_CLASSES]  # the members' places come first
        members = np.take_along_axis(order, place, axis=1)
        members[np.arange(members.shape[1]) >= size[:, None]] = -1
        keys = map(tuple, np.column_stack([members, size]).tolist())
        by_level.append([numbers.setdefault(key, len(numbers)) for key in keys])
    texts = [_set_text([str(names[k]) for k in key[:-1] if k >= 0], key[-1]) for key in numbers]
    return {"sets": by_level, "set_texts": texts, "set_sizes": [key[-1] for key in numbers]}


def _set_text(named: list[str], size: int) -> str:
    if size == 0:
        return "none"
    more = f" + {size - len(named)} more" if size > len(named) else ""
    return ", ".join(named) + more


def _whole(values: Array) -> list[int | None]:
    """Whole numbers, None for what is not finite."""
    finite = np.isfinite(values)
    whole = np.where(finite, np.round(np.where(finite, values, 0.0)), 0.0)
    return [int(value) if known else None for value, known in zip(whole.tolist(), finite.tolist(), strict=True)]


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"
