"""The README's Python runs, top to bottom, and its two commands are where `.ci/run` looks for them."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str, text: str = README) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


@pytest.fixture
def houses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reader's own table: with text, dates and gaps, in the folder that the code runs in."""
    rng = np.random.default_rng(0)
    area, place = rng.uniform(40, 200, 200), rng.choice(["town", "coast", ""], 200)
    sold = np.datetime64("2024-01-01") + rng.integers(0, 600, 200)
    price = 3.0 * area + 50.0 * (place == "coast") + rng.normal(0.0, 20.0, 200)
    rows = [f"{a:.0f},{p},{day},{cost:.0f}" for a, p, day, cost in zip(area, place, sold, price, strict=True)]
    (tmp_path / "houses.csv").write_text("\n".join(["area,place,sold,price", *rows]), encoding="utf-8")
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("fit_length", "houses")
def test_python_blocks_run_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    namespace: dict[str, object] = {"__name__": "readme"}
    assert len(blocks("python")) >= 2
    for number, block in enumerate(blocks("python"), start=1):
        exec(compile(block, f"README.md, Python block {number}", "exec"), namespace)


def test_set_up_is_two_commands() -> None:
    section = re.search(r"^## Set-up\n(.*?)(?=^## )", README, flags=re.MULTILINE | re.DOTALL)
    assert section is not None
    run_command, test_command = blocks("bash", section[1])
    assert "python -m benchmarks quick" in run_command
    assert "pytest" in test_command
    for command in (run_command, test_command):
        assert command.startswith("pip install -c constraints.txt -e ")
        assert len(command.strip().splitlines()) == 1


def test_links_into_the_repository_exist() -> None:
    links = re.findall(r"\]\((?!https?://|#)([^)#]+)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
