"""From content to one HTML document that needs nothing else, and may load nothing else."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from importlib.resources import files

from uncertainty.report.content import Content
from uncertainty.report.row_data import as_json


def require_jinja2() -> None:
    """Raise, with the command that mends it, unless jinja2 is installed."""
    try:
        import jinja2  # noqa: F401
    except ImportError as error:
        raise ImportError(
            "write_report needs jinja2, which is not installed. Install it with: pip install 'uncertainty[report]'"
        ) from error


def render(content: Content) -> str:
    """Return the page. All text of the content is escaped; figures, which are made here, stand as they are."""
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    style, script = _template("report.css"), _template("report.js")
    return environment.from_string(_template("report.html")).render(
        content=content,
        svg=Markup,
        style=Markup(style),
        script=Markup(script),
        data=Markup(as_json(content.table.data)),
        policy=_policy(style, script),
    )


def _template(name: str) -> str:
    return files("uncertainty.report").joinpath("templates", name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    """A content security policy: this style and this script run, and nothing is loaded from anywhere."""
    style_hash, script_hash = (b64encode(sha256(text.encode("utf-8")).digest()).decode() for text in (style, script))
    return (
        f"default-src 'none'; style-src 'sha256-{style_hash}'; script-src 'sha256-{script_hash}'; base-uri 'none'; "
        f"form-action 'none'"
    )
