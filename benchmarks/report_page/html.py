"""The page as one HTML file that needs nothing else: style and figures are inside it."""

from __future__ import annotations

import re
from base64 import b64encode
from html import escape

from .page import Block, Bullets, Figure, Page, Paragraph, Section, Table

# Figures are drawn on white: in the dark they keep a light card to stand on, as a print would.
STYLE = """
:root { color-scheme: light dark;
  --text: #1c1e21; --ground: #ffffff; --soft: #5b6168; --line: #d5d9de; --card: #f3f5f7; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e4e6e9; --ground: #16181b; --soft: #a3aab2; --line: #3a3f45; --card: #202327; }
}
body { margin: 0 auto; padding: 1rem 1rem 4rem; max-width: 72rem; background: var(--ground); color: var(--text);
  font: 16px/1.5 system-ui, sans-serif; }
h1, h2, h3 { line-height: 1.25; }
h2 { margin-top: 3rem; border-bottom: 1px solid var(--line); padding-bottom: .3rem; }
h3 { margin-top: 2rem; }
p, li { max-width: 48rem; }
nav a { color: inherit; display: inline-block; margin-right: 1rem; }
code { background: var(--card); padding: .1em .3em; border-radius: 3px; font-size: .9em; overflow-wrap: break-word; }
.scroll { overflow-x: auto; margin: 1rem 0; }
table { border-collapse: collapse; font-size: .85rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--soft); padding-bottom: .3rem; }
th, td { padding: .25rem .7rem; border-bottom: 1px solid var(--line); white-space: nowrap; text-align: right; }
th { background: var(--card); }
.left { text-align: left; }
td.left { white-space: normal; min-width: 7rem; }
figure { margin: 1.5rem 0; }
figure img { box-sizing: border-box; max-width: 100%; height: auto; padding: .5rem;
  background: #ffffff; border-radius: 4px; }
figcaption { color: var(--soft); font-size: .9rem; max-width: 48rem; }
"""


def render_html(page: Page) -> str:
    """Return the page as one HTML document without any link to the outside."""
    links = "\n".join(
        f'<a href="#{_anchor(section.heading)}">{escape(section.heading)}</a>'
        for section in page.sections
        if section.level == 2
    )
    body = "\n".join(_section(section) for section in page.sections)
    title = escape(page.title)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f"<h1>{title}</h1>\n<nav>\n{links}\n</nav>\n{body}\n</body>\n</html>\n"
    )


def _anchor(heading: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", heading.lower()).strip("-")


def _text(text: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def _plain(text: str) -> str:
    return escape(text.replace("`", ""))


def _section(section: Section) -> str:
    anchor = f' id="{_anchor(section.heading)}"' if section.level == 2 else ""
    heading = f"<h{section.level}{anchor}>{_text(section.heading)}</h{section.level}>"
    return "\n".join([heading, *map(_block, section.blocks)])


def _block(block: Block) -> str:
    match block:
        case Paragraph(text):
            return f"<p>{_text(text)}</p>"
        case Bullets(texts):
            return "<ul>\n" + "\n".join(f"<li>{_text(text)}</li>" for text in texts) + "\n</ul>"
        case Table():
            return _table(block)
        case Figure(_, png, caption):
            picture = b64encode(png).decode("ascii")
            image = f'<img src="data:image/png;base64,{picture}" alt="{_plain(caption)}">'
            return f"<figure>\n{image}\n<figcaption>{_text(caption)}</figcaption>\n</figure>"


def _table(table: Table) -> str:
    def line(row: tuple[str, ...], tag: str) -> str:
        kinds = (' class="left"' if index < table.n_left else "" for index in range(len(row)))
        cells = (f"<{tag}{kind}>{_text(cell)}</{tag}>" for kind, cell in zip(kinds, row, strict=True))
        return f"<tr>{''.join(cells)}</tr>"

    caption = f"<caption>{_text(table.caption)}</caption>\n" if table.caption else ""
    head = f"<thead>\n{line(table.header, 'th')}\n</thead>"
    body = "\n".join(line(row, "td") for row in table.rows)
    # The wrapper scrolls on narrow screens, and can be reached by keyboard to do so.
    return f'<div class="scroll" tabindex="0">\n<table>\n{caption}{head}\n<tbody>\n{body}\n</tbody>\n</table>\n</div>'
