"""What the page is made of: sections of paragraphs, lists, tables and figures; Markdown and HTML are renderings of it.

Texts are plain, except that words between back-ticks are code. Figures hold their picture, so that a page is a value:
nothing is drawn or read while it is rendered.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Paragraph:
    """Running text."""

    text: str


@dataclass(frozen=True)
class Bullets:
    """A list of short texts."""

    texts: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """Cells as they are to be read; the first `n_left` columns hold words, the others numbers or short verdicts."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""
    n_left: int = 1

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.header):
                raise ValueError(f"rows must have {len(self.header)} cells as the header has, got {row}.")


@dataclass(frozen=True)
class Figure:
    """A picture, the name of its file without ending, and in words what it shows (read where it cannot be seen)."""

    name: str
    png: bytes
    caption: str


Block = Paragraph | Bullets | Table | Figure


@dataclass(frozen=True)
class Section:
    """A heading and what stands under it; level 2 is a chapter of the page, level 3 a part of the one before."""

    heading: str
    blocks: tuple[Block, ...]
    level: int = 2


@dataclass(frozen=True)
class Page:
    """A title, the paragraphs under it, and the sections in the order they are read."""

    title: str
    sections: tuple[Section, ...]

    def figures(self) -> list[Figure]:
        """Return the figures in the order of the page."""
        return [block for section in self.sections for block in section.blocks if isinstance(block, Figure)]
