"""Formulas as MathML, which browsers draw by themselves: no script, no network, no TeX."""

from __future__ import annotations

import html
import re
from typing import Any

from docutils import nodes
from docutils.utils.math import MathError, latex2mathml
from sphinx.util import logging

logger = logging.getLogger(__name__)

# Commands that code hosts know and docutils does not.
SYNONYMS = {r"\dots": r"\ldots", r"\gt": ">", r"\lt": "<"}
# The name of a function stands apart from what is before it, and from an argument without parentheses: 2 log x.
BARE_ARGUMENT = re.compile(r"<mo>&ApplyFunction;</mo>(?!\s*<mo[^>]*>[(\[{⌊|])")
AFTER_OPERAND = re.compile(r"(</m(?:i|n|sub|sup|subsup)>\s*)(<mi>\w{2,}</mi>\s*<mo>&ApplyFunction;)")
THIN_SPACE = '<mspace width="0.17em"/>'
COMMAND = re.compile("|".join(rf"{re.escape(name)}(?![A-Za-z])" for name in SYNONYMS))


def to_mathml(node: nodes.Node, *, as_block: bool) -> str:
    """Return the formula as a <math> element, or as its source, with a warning, where it is not understood."""
    formula = COMMAND.sub(lambda match: SYNONYMS[match[0]], node.astext())
    try:
        drawn = latex2mathml.tex2mathml(formula, as_block=as_block)
        return BARE_ARGUMENT.sub(THIN_SPACE, AFTER_OPERAND.sub(rf"\1{THIN_SPACE}\2", drawn))
    except MathError as error:
        logger.warning("formula %r cannot be drawn: %s", node.astext(), error, location=node)
        return f"<code>{html.escape(node.astext())}</code>"


def visit_inline(translator: Any, node: nodes.math) -> None:
    """Write a formula within a line."""
    translator.body.append(to_mathml(node, as_block=False))
    raise nodes.SkipNode


def visit_block(translator: Any, node: nodes.math_block) -> None:
    """Write a formula on lines of its own; wide ones scroll."""
    translator.body.append(f'<div class="formula">{to_mathml(node, as_block=True)}</div>')
    raise nodes.SkipNode


def setup(app: Any) -> dict[str, bool]:
    """Tell Sphinx of the renderer that `html_math_renderer = "mathml"` asks for."""
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
