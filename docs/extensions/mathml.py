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
# The name of a function stands apart from an argument without parentheses, as in log x.
BARE_ARGUMENT = re.compile(r"<mo>&ApplyFunction;</mo>(?!\s*<mo[^>]*>[(\[{⌊|])")
THIN_SPACE = '<mspace width="0.17em"/>'
COMMAND = re.compile("|".join(rf"{re.escape(name)}(?![A-Za-z])" for name in SYNONYMS))


def to_mathml(node: nodes.Node, *, as_block: bool) -> str:
    """Return the formula as a <math> element, or as its source, with a warning, where it is not understood."""
    formula = COMMAND.sub(lambda match: SYNONYMS[match[0]], node.astext())
    try:
        return BARE_ARGUMENT.sub(THIN_SPACE, latex2mathml.tex2mathml(formula, as_block=as_block))
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
