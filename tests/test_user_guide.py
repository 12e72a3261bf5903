"""The figures of the user guide: each is small and on its page, and its script draws it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
GUIDE = ROOT / "docs" / "user_guide"
FIGURES = ROOT / "docs" / "figures"
# The style that the others share draws nothing, and the gallery has a page of its own (test_gallery.py).
SCRIPTS = [path for path in sorted(FIGURES.glob("*.py")) if path.stem not in ("style", "gallery")]
MAX_LINES = 80
MAX_BYTES = 80_000


def page_name(path: Path) -> str:
    return path.stem


@pytest.mark.parametrize("script", SCRIPTS, ids=page_name)
def test_a_figure_is_small_and_on_its_page(script: Path) -> None:
    assert len(script.read_text(encoding="utf-8").splitlines()) < MAX_LINES
    assert script.with_suffix(".png").stat().st_size < MAX_BYTES
    assert f"(../figures/{script.stem}.png)" in (GUIDE / f"{script.stem}.md").read_text(encoding="utf-8")


def marked(script: Path) -> object:
    needs_data = "UNCERTAINTY_DATA_DIR" in script.read_text(encoding="utf-8")
    mark = pytest.mark.data if needs_data else pytest.mark.slow
    return pytest.param(script, marks=mark, id=script.stem)


@pytest.mark.parametrize("script", [marked(script) for script in SCRIPTS])
def test_a_script_draws_its_figure(script: Path, tmp_path: Path) -> None:
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
    assert [path.name for path in tmp_path.iterdir()] == [f"{script.stem}.png"]
    assert (tmp_path / f"{script.stem}.png").stat().st_size < MAX_BYTES
