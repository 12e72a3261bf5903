"""What stands on the page, in the order it is read: words, numbers as text, and figures. No layout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class FigureBlock:
    """A figure as SVG, its title, and what its numbers say in words."""

    title: str
    svg: str
    reading: str


@dataclass(frozen=True)
class ScoreLine:
    """A line of the table of scores."""

    name: str
    meaning: str
    unit: str
    value: str
    limits: str
    baseline: str
    verdict: str


@dataclass(frozen=True)
class LevelLine:
    """What the page tells of one level of the slider."""

    asked: str
    promised: str
    observed: str
    limits: str
    size: str
    reading: str


@dataclass(frozen=True)
class NamedRow:
    """One of the most uncertain rows."""

    label: str
    observed: str
    predicted: str
    region: str
    uncertainty: str
    epistemic_share: str
    unusual: str


@dataclass(frozen=True)
class GroupLine:
    """A group of rows of one column, with its two small pictures."""

    label: str
    count: str
    observed: str
    promised: str
    picture: str
    size: str
    size_picture: str
    epistemic_share: str
    is_contradicted: bool


@dataclass(frozen=True)
class FeatureBlock:
    """A column of the test table in groups."""

    name: str
    groups: tuple[GroupLine, ...]


@dataclass(frozen=True)
class ClassLine:
    """One class: how often it is predicted and found, and how sure the model is of it."""

    name: str
    count: str
    recall: str
    precision: str
    mean_probability: str
    frequency: str


@dataclass(frozen=True)
class Words:
    """The names of things that differ between regression and classification."""

    region: str  # what covers: interval or set
    size: str
    observed: str
    promised: str
    uncertainty: str
    group_size: str


@dataclass(frozen=True)
class ScoreSection:
    """The headline scores."""

    lines: tuple[ScoreLine, ...]
    reading: str


@dataclass(frozen=True)
class CoverageSection:
    """Coverage at every level, with the figures of it and of calibration; of a classifier each class too."""

    levels: tuple[LevelLine, ...]
    headline: int
    figures: tuple[FigureBlock, ...]
    classes: tuple[ClassLine, ...] = ()
    classes_note: str = ""


@dataclass(frozen=True)
class UncertainSection:
    """The most uncertain rows."""

    kind_reading: str
    differences_reading: str
    rows: tuple[NamedRow, ...]
    figure: FigureBlock


@dataclass(frozen=True)
class FeatureSection:
    """The columns of the test table one by one."""

    blocks: tuple[FeatureBlock, ...]
    readings: tuple[str, ...]
    note: str


@dataclass(frozen=True)
class TableSection:
    """The table of rows: what it leaves out, and what the page's script needs, to be written as JSON."""

    note: str
    data: dict[str, Any]


@dataclass(frozen=True)
class Content:
    """A whole report."""

    title: str
    facts: tuple[tuple[str, str], ...]
    parameters: str
    words: Words
    highlights: tuple[str, ...]
    scores: ScoreSection
    coverage: CoverageSection
    uncertain: UncertainSection
    features: FeatureSection
    table: TableSection
    has_parts: bool
    notes: tuple[str, ...]
