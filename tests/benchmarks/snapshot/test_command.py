"""The runs that are planned, the choice of penalties, what is printed and what is written down."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.__main__ import build_parser, main
from benchmarks.datasets import load_dataset
from benchmarks.runner import Run
from benchmarks.snapshot import command, penalties
from benchmarks.snapshot.contenders import CONTENDERS
from benchmarks.snapshot.penalties import ALPHAS, choose_penalties, hold_out
from benchmarks.splits import make_splits


def parse(*arguments: str) -> argparse.Namespace:
    return build_parser({}).parse_args(["snapshot", *arguments])


def run_main(path: Path, *arguments: str) -> int:
    return main(["snapshot", "--n-jobs", "1", "--output", str(path), *arguments])


def test_defaults() -> None:
    options = parse()
    assert options.datasets == ["concrete", "energy", "vehicle", "segmentation"]
    assert (options.epochs, options.members, options.alpha) == (200, 5, None)


def test_tables_words_and_record(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "record.json"
    arguments = ("--datasets", "diabetes", "wine", "--splits", "2", "--epochs", "4", "--members", "2", "--alpha", "0.1")
    assert run_main(path, *arguments) == 0
    output = capsys.readouterr()
    for text in ("\nregression\n", "\nclassification\n", "diabetes, NLL: ", "wine, error: ", "cyclic against single ",
                 "By NLL, cyclic is ", "alpha, the L2 penalty: 0.1 for all."):  # fmt: skip
        assert text in output.out
    assert output.out.count("\ndiabetes  ") == output.out.count("\nwine  ") == len(CONTENDERS)
    assert output.err.count("\n") == 2 * 2 * len(CONTENDERS)

    record = json.loads(path.read_text())
    assert (record["suite"], record["epochs"], record["members"]) == ("snapshot", 4, 2)
    assert [row["method"] for row in record["rows"][: len(CONTENDERS)]] == list(CONTENDERS)
    single = record["rows"][0]
    assert (single["alpha"], single["epistemic_share"], single["split"]) == (0.1, 0.0, 0)
    ensemble = record["rows"][len(CONTENDERS) - 1]
    total = ensemble["aleatoric_variance"] + ensemble["epistemic_variance"]
    assert ensemble["epistemic_share"] == pytest.approx(ensemble["epistemic_variance"] / total)
    assert ensemble["epistemic_share"] > 0.0
    assert len(record["differences"]) == 2 * 2 * len(CONTENDERS) * (len(CONTENDERS) - 1)
    assert "epistemic_share" in record["summary"]["wine"]["cyclic"]


@pytest.mark.parametrize("arguments", [("--epochs", "7", "--members", "2"), ("--members", "1"), ("--epochs", "0")])
def test_epochs_that_cannot_be_shared_are_refused(
    arguments: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_main(tmp_path / "record.json", *arguments) == 2
    assert "must be" in capsys.readouterr().err


def test_held_out_rows_are_training_rows() -> None:
    arrays = load_dataset("wine")
    split = make_splits("classification", arrays[1], 1)[0]
    tries = hold_out("wine", arrays, split)
    for train, held_out in tries:
        np.testing.assert_array_equal(np.sort(np.concatenate([train, held_out])), np.sort(split[0]))
        assert len(held_out) == 29
    assert len({tuple(held_out) for _, held_out in tries}) == len(tries) == 3


def test_the_penalty_is_the_best_on_held_out_rows_on_average(monkeypatch: pytest.MonkeyPatch) -> None:
    best = dict(zip(CONTENDERS, (1e-4, 1e-2, 1e-3, 1e-4, 1e-2), strict=True))

    def evaluate(runs: list[Run], arrays: Any, splits: dict[str, list[Any]], **_: object) -> list[dict[str, float]]:
        assert {(run.method, run.split) for run in runs} == {
            (f"{name}, alpha {alpha:g}", split) for name in CONTENDERS for alpha in ALPHAS for split in range(3)
        }
        assert len(splits["wine"]) == 3
        nll = []
        for run in runs:
            name, alpha = run.method.split(", alpha ")
            assert run.make_estimator.__self__.alpha == float(alpha)  # type: ignore[attr-defined]
            # The best on average looks worst in one of the tries.
            nll.append((0.0, 0.0, 2.0)[run.split] if float(alpha) == best[name] else 1.0)
        return [{"nll": value} for value in nll]

    monkeypatch.setattr(penalties, "evaluate_runs", evaluate)
    arrays = {"wine": load_dataset("wine")}
    splits = {"wine": make_splits("classification", arrays["wine"][1], 2)}
    chosen = choose_penalties(arrays, splits, n_epochs=4, n_members=2, n_jobs=1)
    assert {name: chosen["wine", name] for name in CONTENDERS} == best
    runs = command.plan_runs(parse("--splits", "2"), chosen)
    assert [(run.method, run.split) for run in runs] == [(name, split) for split in (0, 1) for name in CONTENDERS]
    assert runs[1].make_estimator("classification", 0).estimator.alpha == 1e-2


def test_penalties_are_chosen_unless_one_is_given(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        run_main(tmp_path / "record.json", "--datasets", "wine", "--splits", "1", "--epochs", "2", "--members", "2")
        == 0
    )
    output = capsys.readouterr().out
    assert "alpha on wine: single network " in output
    assert "One split: nothing is told apart." in output
    assert "has the lowest mean, but no method is told apart from it" in output
