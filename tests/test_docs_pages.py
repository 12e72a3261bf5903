"""Every page of the documentation: its Python runs, top to bottom, and its links lead somewhere."""

from __future__ import annotations

import importlib.util
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))
# The gallery's code is run by test_gallery.py, which holds it against the figures.
RUN_HERE = [page for page in PAGES if page != "gallery.md"]

BLOCK = re.compile(r"^(?:<!-- needs ([\w.]+) -->\n)?```python\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
# The blocks that run only where a module is installed; the number of them is counted, so that none hides here.
NEEDS = {
    "migration/ngboost.md": ["ngboost"],
    "migration/torch_uncertainty.md": ["torch_uncertainty"],
}
# The labels of code blocks: Python is written ```python, and then it runs.
LABELS = {"", "bash", "html", "json", "python", "text", "yaml"}


@dataclass(frozen=True)
class Block:
    """One block of Python, and the module it cannot do without."""

    code: str
    needs: str | None

    @property
    def can_run(self) -> bool:
        return self.needs is None or importlib.util.find_spec(self.needs) is not None


def text_of(page: str) -> str:
    return (DOCS / page).read_text(encoding="utf-8")


def blocks(page: str) -> list[Block]:
    return [Block(code, needs or None) for needs, code in BLOCK.findall(text_of(page))]


@pytest.mark.usefixtures("fit_length")
@pytest.mark.parametrize("page", RUN_HERE)
def test_python_blocks_run_in_order(
    page: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # pages may write files
    namespace: dict[str, object] = {"__name__": Path(page).stem}
    for number, block in enumerate(blocks(page), start=1):
        if block.can_run:
            exec(compile(block.code, f"{page}, Python block {number}", "exec"), namespace)


@pytest.mark.parametrize("page", PAGES)
def test_no_block_is_left_out_without_a_word(page: str) -> None:
    text = text_of(page)
    assert len(blocks(page)) == text.count("```python")
    assert [block.needs for block in blocks(page) if block.needs] == NEEDS.get(page, [])
    assert text.count("<!-- needs ") == len(NEEDS.get(page, []))
    opening = re.findall(r"^ *```(.*)$", text, flags=re.MULTILINE)[::2]
    assert set(opening) <= LABELS


@pytest.mark.parametrize("page", PAGES)
def test_links_into_the_repository_exist(page: str) -> None:
    links = re.findall(r"\]\((?!https?://|#)([^)#\s]+)", text_of(page))
    assert [link for link in links if not (DOCS / page).parent.joinpath(link).exists()] == []
