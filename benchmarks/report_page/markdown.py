"""The page as Markdown: tables with pipes, figures as files in a folder beside it."""

from __future__ import annotations

from .page import Block, Bullets, Figure, Page, Paragraph, Section, Table


def render_markdown(page: Page, folder: str) -> str:
    """Return the page; its figures are looked for as ``FOLDER/NAME.png``."""
    parts = [f"# {page.title}", *(_section(section, folder) for section in page.sections)]
    return "\n\n".join(parts) + "\n"


def _section(section: Section, folder: str) -> str:
    heading = f"{'#' * section.level} {section.heading}"
    return "\n\n".join([heading, *(_block(block, folder) for block in section.blocks)])


def _block(block: Block, folder: str) -> str:
    match block:
        case Paragraph(text):
            return text
        case Bullets(texts):
            return "\n".join(f"- {text}" for text in texts)
        case Table():
            return _table(block)
        case Figure(name, _, caption):
            return f"![{caption.replace('`', '')}]({folder}/{name}.png)\n\n*{caption}*"


def _table(table: Table) -> str:
    rows = [table.header, *table.rows]
    cells = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    widths = [max(3, *(len(cell) for cell in column)) for column in zip(*cells, strict=True)]
    rules = ["-" * width if index < table.n_left else "-" * (width - 1) + ":" for index, width in enumerate(widths)]

    def line(row: list[str]) -> str:
        padded = (
            cell.ljust(width) if index < table.n_left else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        return f"| {' | '.join(padded)} |"

    text = "\n".join([line(cells[0]), line(rules), *map(line, cells[1:])])
    return f"**{table.caption}**\n\n{text}" if table.caption else text
