"""The gallery: its code runs and shows every Display, and its script draws the figures that are on it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from uncertainty import plotting

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "gallery.md"
TEXT = PAGE.read_text(encoding="utf-8")
FIGURES = ROOT / "docs" / "figures" / "gallery"
SHOWN = re.findall(r"\]\(figures/gallery/(\w+)\.png\)", TEXT)
MAX_BYTES = 80_000


def test_code_runs_in_order() -> None:
    namespace: dict[str, object] = {"__name__": "gallery"}
    blocks = re.findall(r"^```python\n(.*?)^```$", TEXT, flags=re.MULTILINE | re.DOTALL)
    assert len(blocks) == len(SHOWN) + 1
    for number, block in enumerate(blocks, start=1):
        exec(compile(block, f"gallery.md, Python block {number}", "exec"), namespace)


@pytest.mark.parametrize("name", plotting.__all__)
def test_every_display_is_shown(name: str) -> None:
    assert f"{name}.from_" in TEXT


def test_figures_are_small_and_those_of_the_page() -> None:
    assert sorted(path.stem for path in FIGURES.iterdir()) == sorted(SHOWN)
    assert all(path.stat().st_size < MAX_BYTES for path in FIGURES.iterdir())


def test_links_exist() -> None:
    links = re.findall(r"\]\((?!https?://|#)([^)#\s]+)", TEXT)
    assert [link for link in links if not (PAGE.parent / link).exists()] == []


@pytest.mark.slow
def test_the_script_draws_the_figures(tmp_path: Path) -> None:
    script = ROOT / "docs" / "figures" / "gallery.py"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    result = subprocess.run(
        [sys.executable, str(script), str(tmp_path)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert sorted(path.stem for path in tmp_path.iterdir()) == sorted(SHOWN)
