"""The command as a process: a quick start, Ctrl-C, and what happens without click."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import uncertainty
from uncertainty.cli.application import application

ROOT = Path(uncertainty.__file__).parents[1]


def python(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)


def test_help_comes_without_torch():
    code = "import sys; from uncertainty.cli import main\ntry: main()\n"
    code += "except SystemExit: print([m for m in ('torch', 'pandas', 'sklearn', 'pyarrow') if m in sys.modules])"
    done = python(code, "--help")
    assert "Examples:" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


def test_without_click_the_extra_is_named():
    done = python("import sys; sys.modules['click'] = None; from uncertainty.cli import main; main()")
    assert done.returncode == 1
    assert done.stderr.strip() == 'The command line needs click. Install it with: pip install "uncertainty[cli]"'


def test_the_entry_point_is_declared():
    assert '[project.scripts]\nuncertainty = "uncertainty.cli:main"' in (ROOT / "pyproject.toml").read_text()


@pytest.mark.parametrize("name", sorted(application.commands))
def test_every_command_has_examples(run, name):
    shown = run(name, "--help").stdout
    assert "Examples:" in shown
    assert f"uncertainty {name}" in shown


def test_the_version(run):
    assert run("--version").stdout.strip() == f"uncertainty, version {uncertainty.__version__}"


@pytest.mark.usefixtures("heard_ctrl_c")
def test_ctrl_c_leaves_no_half_file(regressor, frame, tmp_path):
    text = frame.to_csv(index=False).split("\n", 1)
    with (tmp_path / "long.csv").open("w", encoding="utf-8") as file:
        file.write(text[0] + "\n")
        for _ in range(400):
            file.write(text[1])
    command = [sys.executable, "-m", "uncertainty.cli", "predict", str(regressor), str(tmp_path / "long.csv")]
    with subprocess.Popen(
        [*command, "-o", str(tmp_path / "out.csv")], stderr=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        for _ in range(1200):
            if list(tmp_path.glob(".out.csv.*.unfinished")) or process.poll() is not None:
                break
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert said.strip().splitlines()[-1] == "Interrupted."
    assert "Traceback" not in said
    assert [path.name for path in tmp_path.iterdir()] == ["long.csv"]
