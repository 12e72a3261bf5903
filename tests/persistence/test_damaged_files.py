"""Damaged files: refused with one clear sentence, or as good as new; no crash, no hang, little memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import uncertainty
from uncertainty import ModelFileError

from .damage import damaged_files

ROOT = Path(__file__).resolve().parents[2]
MAX_MEGABYTES = 200


@pytest.fixture(scope="module")
def other_file(regressor, table, tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "other.uq"
    regressor(hidden_layer_sizes=(5,)).fit(*table).save(path)
    return path


def test_200_damaged_files(model_file, other_file, masked, table, tmp_path):
    files = dict(damaged_files(model_file.read_bytes(), other_file.read_bytes()))
    assert len(files) == 200
    path, sentences = tmp_path / "damaged.uq", []
    for name, data in files.items():
        path.write_bytes(data)
        try:
            loaded = uncertainty.load(path)
        except ModelFileError as error:
            sentences.append(str(error))
        else:
            np.testing.assert_array_equal(loaded.predict(table[0]), masked.predict(table[0]), err_msg=name)
    assert len(sentences) == len(files)
    for sentence in sentences:
        assert sentence.startswith(repr(str(path)))
        assert sentence.endswith(".")
        assert "\n" not in sentence


def test_they_take_little_memory_and_time(model_file, other_file, tmp_path):
    """In a process of its own, whose peak is not another test's."""
    for number, (_, data) in enumerate(damaged_files(model_file.read_bytes(), other_file.read_bytes())):
        (tmp_path / f"{number}.uq").write_bytes(data)
    code = """
import resource, sys, pathlib
import uncertainty
folder, sound = pathlib.Path(sys.argv[1]), sys.argv[2]
uncertainty.load(sound)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for path in folder.iterdir():
    try:
        uncertainty.load(path)
    except uncertainty.ModelFileError:
        pass
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""
    pytest.importorskip("resource", reason="Windows does not tell the memory of a process in this way")
    command = [sys.executable, "-c", code, str(tmp_path), str(model_file)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert result.returncode == 0, result.stderr
    assert float(result.stdout) < MAX_MEGABYTES


def test_every_bit_is_covered(model_file, tmp_path):
    """One flipped bit in each of 64 parts of the file, and in each byte of its beginning."""
    data = model_file.read_bytes()
    path = tmp_path / "damaged.uq"
    for place in [*range(160), *range(160, len(data), len(data) // 64), len(data) - 1]:
        changed = bytearray(data)
        changed[place] ^= 1
        path.write_bytes(changed)
        with pytest.raises(ModelFileError):
            uncertainty.load(path)
