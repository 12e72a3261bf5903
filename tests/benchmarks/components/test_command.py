"""The command line, what is printed and what is written down."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest
import torch

from benchmarks.__main__ import build_parser, main
from benchmarks.components import command
from benchmarks.components.family import Family, Option, with_each
from uncertainty import Dropout


def small_family(n_epochs: int) -> Family:
    options = with_each({"hidden_layer_sizes": (4,)}, {"none": {}, "dropout": {"dropout": Dropout(rate=0.2)}})
    options["masks"] = Option({"hidden_layer_sizes": (4,), "dropout": 0.2}, n_masks=5)
    return Family(options, f"After {n_epochs} epochs.")


def parse(*arguments: str) -> argparse.Namespace:
    return build_parser({}).parse_args(["components", *arguments])


def test_defaults() -> None:
    options = parse()
    assert (options.data, options.families, options.members) == ("concrete", list(command.FAMILIES), 5)


def test_tables_and_record(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "record.json"
    arguments = ("--data", "wine", "--epochs", "2", "--seeds", "2", "--members", "3", "--output", str(path))
    assert command.run(parse(*arguments), "a command", dict.fromkeys(command.FAMILIES, small_family)) == 0
    output = capsys.readouterr()
    for name in command.FAMILIES:
        assert f"\n{name}\noption " in output.out
    assert output.out.count("After 2 epochs.") == len(command.FAMILIES)
    assert "wine: 142 rows to train on, 36 to test. 2 epochs for all" in output.out
    assert "heads: seed 1, 3 options" in output.err

    record = json.loads(path.read_text())
    assert (record["suite"], record["command"], record["data"], record["epochs"]) == ("components", "a command",
                                                                                      "wine", 2)  # fmt: skip
    assert set(record["versions"]) >= {"python", "torch", "uncertainty"}
    assert len(record["rows"]) == len(command.FAMILIES) * 3 * 2
    assert [row["option"] for row in record["rows"][:6]] == ["none", "none", "dropout", "dropout", "masks", "masks"]
    assert record["options"]["heads"]["dropout"]["network"]["dropout"] == "Dropout(rate=0.2)"
    assert len(record["ratios"]) == len(command.FAMILIES) * 2
    assert all(len(ratio["ours"]) == 2 and ratio["limit"] is None for ratio in record["ratios"])


def test_threads_are_put_back(tmp_path: Path) -> None:
    before = torch.get_num_threads()
    seen: list[int] = []

    def family(n_epochs: int) -> Family:
        seen.append(torch.get_num_threads())
        return small_family(n_epochs)

    options = parse("--data", "wine", "--epochs", "1", "--seeds", "1", "--families", "heads", "--threads", "3",
                    "--output", str(tmp_path / "record.json"))  # fmt: skip
    command.run(options, "", {"heads": family})
    assert seen == [3]
    assert torch.get_num_threads() == before


def test_existing_output_is_refused_before_any_work(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "kept.json"
    path.write_text("kept")
    assert main(["components", "--output", str(path)]) == 2
    assert "exists already" in capsys.readouterr().err
    assert path.read_text() == "kept"


@pytest.mark.parametrize("arguments", [["--data", "iris"], ["--families", "magic"], ["--epochs", "0"]])
def test_what_makes_no_sense_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        parse(*arguments)
    assert arguments[0] in capsys.readouterr().err
