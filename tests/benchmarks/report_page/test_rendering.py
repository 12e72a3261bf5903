"""Markdown and HTML of one page: the same tables, the same words, well-formed, nothing from outside."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from benchmarks.report_page.html import render_html
from benchmarks.report_page.markdown import render_markdown
from benchmarks.report_page.page import Bullets, Figure, Page, Paragraph, Section, Table

Cells = list[list[str]]

SMALL = Page(
    "A title",
    (
        Section("First & last", (Paragraph("Less < more, `code <b>`"), Bullets(("one", "two")))),
        Section("Part", (Table(("a|b", "n"), (("x", "1"),), "What"), Figure("name", b"\x89PNG", 'It `shows` "it"')), 3),
    ),
)


class Reader(HTMLParser):
    """Collects tables and attributes, and checks that every element is closed in its turn."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tables: list[Cells] = []
        self.addresses: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "srcset", "action", "data")]
        if tag not in ("meta", "img"):
            self.open.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if {"td", "th"} & set(self.open):
            self.tables[-1][-1][-1] += data


def read_html(text: str) -> Reader:
    reader = Reader()
    reader.feed(text)
    reader.close()
    assert reader.open == []
    return reader


def read_markdown(text: str) -> list[Cells]:
    found: list[Cells] = []
    before = ""
    for line in text.splitlines():
        if line.startswith("|"):
            if not before.startswith("|"):
                found.append([])
            cells = [cell.replace("\\|", "|").replace("`", "").strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
            if not re.fullmatch(r"[-:]+", cells[0]):
                found[-1].append(cells)
        before = line
    return found


def without_pictures(html: str) -> str:
    return re.sub(r"data:image/png;base64,[^\"]*", "", html)


def test_both_hold_the_same_tables(page: Page) -> None:
    in_html, in_markdown = read_html(render_html(page)).tables, read_markdown(render_markdown(page, "benchmarks"))
    expected = [
        [[cell.replace("`", "") for cell in row] for row in (block.header, *block.rows)]
        for section in page.sections
        for block in section.blocks
        if isinstance(block, Table)
    ]
    assert len(expected) > 50
    assert in_html == expected
    assert in_markdown == expected


def test_html_needs_nothing_from_outside(page: Page) -> None:
    text = render_html(page)
    reader = read_html(text)
    assert all(address.startswith(("data:image/png;base64,", "#")) for address in reader.addresses)
    assert reader.tags & {"script", "link", "iframe", "object", "base"} == set()
    assert not re.search(r"https?:|//|@import|url\(", without_pictures(text))
    anchors = {address[1:] for address in reader.addresses if address.startswith("#")}
    assert all(f'id="{anchor}"' in text for anchor in anchors)
    assert len(anchors) == sum(section.level == 2 for section in page.sections)


def test_html_is_readable_in_the_dark_and_scrolls_wide_tables(page: Page) -> None:
    text = render_html(page)
    assert "prefers-color-scheme: dark" in text
    assert text.count('<div class="scroll"') == text.count("<table>")
    assert 'name="viewport"' in text


def test_no_number_is_missing_in_words(page: Page) -> None:
    for text in (render_markdown(page, "benchmarks"), without_pictures(render_html(page))):
        assert not re.search(r"\b(nan|inf|None)\b", text, flags=re.IGNORECASE), text


def test_headings_and_figures_stand_in_both(page: Page) -> None:
    text, html = render_markdown(page, "benchmarks"), render_html(page)
    for section in page.sections:
        assert f"\n{'#' * section.level} {section.heading}\n" in text
    for figure in page.figures():
        assert f"](benchmarks/{figure.name}.png)" in text
    assert html.count("<figure>") == len(page.figures()) == len({figure.name for figure in page.figures()})


def test_small_page_in_markdown() -> None:
    assert render_markdown(SMALL, "here") == (
        "# A title\n\n## First & last\n\nLess < more, `code <b>`\n\n- one\n- two\n\n### Part\n\n**What**\n\n"
        "| a\\|b |   n |\n| ---- | --: |\n| x    |   1 |\n\n"
        '![It shows "it"](here/name.png)\n\n*It `shows` "it"*\n'
    )


def test_small_page_in_html() -> None:
    text = render_html(SMALL)
    assert '<h2 id="first-last">First &amp; last</h2>\n<p>Less &lt; more, <code>code &lt;b&gt;</code></p>' in text
    assert "<ul>\n<li>one</li>\n<li>two</li>\n</ul>" in text
    assert '<th class="left">a|b</th><th>n</th>' in text
    assert '<img src="data:image/png;base64,iVBORw==" alt="It shows &quot;it&quot;">' in text


def test_a_row_has_as_many_cells_as_the_header() -> None:
    with pytest.raises(ValueError, match="rows must have 2 cells"):
        Table(("a", "b"), (("only one",),))
