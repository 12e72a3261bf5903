"""Formulas: all that are on the pages can be drawn."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"


def formulas():
    for page in DOCS.rglob("*.md"):
        text = re.sub(r"^```.*?^```$|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
        yield from re.findall(r"\$\$(.+?)\$\$|\$([^$]+)\$", text, flags=re.DOTALL)


def draw(mathml, formula, as_block=False):
    from docutils import nodes

    return mathml.to_mathml(nodes.math(text=formula), as_block=as_block)


def test_every_formula_of_the_pages_is_drawn(mathml):
    found = list(formulas())
    assert len(found) > 300
    for block, inline in found:
        assert draw(mathml, block or inline, as_block=bool(block)).startswith("<math")


@pytest.mark.parametrize(("command", "drawn"), [(r"\dots", "…"), (r"\gt", "&gt;"), (r"\lt", "&lt;")])
def test_commands_of_code_hosts(mathml, command, drawn):
    assert drawn in draw(mathml, f"a {command} b")


@pytest.mark.parametrize(
    ("formula", "spaces"), [(r"\log x", 1), (r"\log (x)", 0), (r"z \tanh (x)", 1), (r"2 \log x", 2), (r"- \log x", 1)]
)
def test_functions_stand_apart(mathml, formula, spaces):
    assert draw(mathml, formula).count(mathml.THIN_SPACE) == spaces
