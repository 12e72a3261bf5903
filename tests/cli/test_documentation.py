"""The commands in the README and the guide are ones that there are."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from uncertainty.cli.application import application

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "docs" / "user_guide" / "command_line.md"]
COMMANDS = [
    line
    for page in PAGES
    for block in re.findall(r"^```bash\n(.*?)^```$", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
    if line.startswith("uncertainty ")
]


@pytest.mark.parametrize("line", COMMANDS)
def test_it_can_be_called(line, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    _, name, *arguments = shlex.split(re.split(" [|>] ", line)[0])
    for file in ("train.csv", "test.csv", "new.csv", "new.csv.gz", "churn.parquet", "model.uq"):
        (tmp_path / file).touch()
    context = application.commands[name].make_context(name, arguments)
    assert context.params


def test_there_are_some_of_each():
    assert {line.split()[1] for line in COMMANDS} == set(application.commands)
