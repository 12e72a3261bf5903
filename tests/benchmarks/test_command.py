"""The command line of the suites: what is run, printed, refused and left behind."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks import execution
from benchmarks.__main__ import build_parser, main
from benchmarks.datasets import DATA_DIR_VARIABLE
from benchmarks.method import Method
from benchmarks.methods import METHODS
from benchmarks.published import find_published
from benchmarks.store import load_records
from benchmarks.suite_tables import score_rows
from benchmarks.suites import SUITES

from .conftest import FakeRegressor


def run_main(methods: dict[str, Method], *arguments: str) -> int:
    return main([*arguments, "--n-jobs", "1"], methods)


def test_quick_prints_its_tables_and_keeps_every_run(
    fake_methods: dict[str, Method], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_main(fake_methods, "quick", "--output", str(tmp_path)) == 0
    output = capsys.readouterr()
    assert output.out.count("\nregression\n") == output.out.count("\nclassification\n") == 1
    assert len(re.findall(r"^(?:breast_cancer|wine|digits) +(?:fake|twin) ", output.out, flags=re.MULTILINE)) == 9
    assert "RMSE - fake's" in output.out
    assert "Average rank by error: fake 1.50, twin 1.50 (3 data sets" in output.out
    assert re.search(rf"^16 runs in \d+ s, 0 read. All in {tmp_path}$", output.out, flags=re.MULTILINE)
    assert output.err.count("\n") == 16
    assert len(load_records(tmp_path)) == 16

    assert run_main(fake_methods, "quick", "--output", str(tmp_path)) == 0
    again = capsys.readouterr()
    assert again.err == ""
    assert again.out.splitlines()[:-1] == output.out.splitlines()[:-1]
    assert again.out.splitlines()[-1].startswith("0 runs in ")


@pytest.mark.parametrize(("suite", "dataset", "n_new"), [("quick", "diabetes", 1), ("noise", "sine_gap_200", 0)])
def test_after_a_change_of_the_source_quick_is_run_again_and_the_others_say_so(
    suite: str,
    dataset: str,
    n_new: int,
    fake_methods: dict[str, Method],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    options = (suite, "--datasets", dataset, "--methods", "fake", "--splits", "1", "--output", str(tmp_path))
    run_main(fake_methods, *options)
    monkeypatch.setattr(execution, "source_digest", lambda: "another")
    capsys.readouterr()
    assert run_main(fake_methods, *options) == 0
    output = capsys.readouterr().out
    assert f"\n{n_new} runs in " in output
    assert ("Note: 1 of the runs read were made with another state" in output) == (n_new == 0)


def test_only_what_is_asked_for_is_run(fake_methods: dict[str, Method], tmp_path: Path) -> None:
    options = ("--datasets", "diabetes", "diabetes", "--methods", "twin", "--splits", "1")
    run_main(fake_methods, "quick", *options, "--output", str(tmp_path))
    assert [(r["dataset"], r["method"], r["split"]) for r in load_records(tmp_path)] == [("diabetes", "twin", 0)]


def test_the_baseline_can_be_chosen(
    fake_methods: dict[str, Method], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--datasets", "diabetes", "--splits", "1", "--baseline", "twin", "--output", str(tmp_path))
    run_main(fake_methods, "quick", *options)
    assert "NLL - twin's" in capsys.readouterr().out


def test_quick_runs_our_methods_and_the_others_all() -> None:
    methods = METHODS | {"baseline": Method("baseline", "baseline", FakeRegressor, None)}
    parser = build_parser(methods)
    ours = ["probabilistic_mlp", "deep_ensemble", "mc_dropout", "snapshot_ensemble"]
    assert parser.parse_args(["quick"]).methods == ours
    assert parser.parse_args(["quick", "--methods", "baseline"]).methods == ["baseline"]
    assert parser.parse_args(["mnist"]).methods == ours
    assert parser.parse_args(["uci"]).methods == [n for n, m in methods.items() if m.supports("regression")]
    assert "baseline" not in parser.parse_args(["classification"]).methods


def test_a_failed_run_gives_an_exit_status_and_is_named(
    fake_methods: dict[str, Method], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    class Failing(FakeRegressor):
        def predict_dist(self, X: object) -> object:
            raise ArithmeticError("no distribution")

    methods = fake_methods | {"failing": Method("failing", "ours", Failing, None)}
    options = ("--datasets", "diabetes", "--splits", "1", "--output", str(tmp_path))
    assert run_main(methods, "quick", *options) == 1
    output = capsys.readouterr().out
    assert "Failed: diabetes, failing, split 0: ArithmeticError: no distribution" in output
    assert "\ndiabetes  twin " in output


@pytest.mark.parametrize(
    ("arguments", "valid"),
    [
        (["quick", "--datasets", "iris"], "'diabetes', 'breast_cancer', 'wine', 'digits'"),
        (["quick", "--methods", "magic"], "'fake', 'twin'"),
        (["uci", "--splits", "21"], "20"),
        (["slow"], "'quick', 'uci', 'uci_gap', 'classification', 'mnist', 'shift', 'noise'"),
    ],
)
def test_unknown_names_list_the_valid_ones(
    arguments: list[str], valid: str, fake_methods: dict[str, Method], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(arguments, fake_methods)
    assert valid in capsys.readouterr().err


@pytest.mark.parametrize("suite", ["uci", "uci_gap", "classification", "mnist", "shift"])
def test_missing_data_end_with_a_message_and_not_a_traceback(
    suite: str,
    fake_methods: dict[str, Method],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(DATA_DIR_VARIABLE, str(tmp_path / "nowhere"))
    assert run_main(fake_methods, suite, "--splits", "1", "--output", str(tmp_path / "runs")) == 2
    assert DATA_DIR_VARIABLE in capsys.readouterr().err


def test_a_folder_with_runs_of_another_kind_is_refused(
    fake_methods: dict[str, Method], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("quick", "--datasets", "diabetes", "--methods", "fake", "--splits", "1", "--output", str(tmp_path))
    run_main(fake_methods, *options)
    path = tmp_path / "diabetes" / "fake" / "000.json"
    path.write_text(path.read_text().replace("FakeRegressor(", "FakeRegressor(alpha=1, "))
    assert run_main(fake_methods, *options) == 2
    assert f"error: {path} must hold a run with parameters" in capsys.readouterr().err


def test_noise_prints_the_scores_of_its_own(
    fake_methods: dict[str, Method], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--datasets", "sine_gap_200", "--splits", "2", "--output", str(tmp_path))
    assert run_main(fake_methods, "noise", *options) == 0
    assert "epist. std gap" in capsys.readouterr().out
    assert "epistemic_ratio" in load_records(tmp_path)[0]["scores"]


@pytest.mark.data
@pytest.mark.parametrize(("suite", "method"), [("uci", "deep_ensemble_2017"), ("uci_gap", "dun_ensemble5_2020")])
def test_published_rows_are_printed(
    suite: str, method: str, fake_methods: dict[str, Method], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--datasets", "yacht", "--splits", "3", "--output", str(tmp_path))
    assert run_main(fake_methods, suite, *options) == 0
    output = capsys.readouterr().out
    assert re.search(rf"^  {method} \(published\) +\d", output, flags=re.MULTILINE)
    assert re.search(rf"^fake against {method}: NLL worse, NLL Gaussian worse, RMSE worse$", output, re.MULTILINE)


@pytest.mark.data
def test_least_squares_reproduces_its_published_rows(fake_methods: dict[str, Method], tmp_path: Path) -> None:
    """The published table has least squares, recomputed on these splits: rows, splits and scores must all agree."""
    run_main(fake_methods, "uci", "--methods", "fake", "--output", str(tmp_path))
    summary = score_rows(load_records(tmp_path))
    published = find_published("uci")
    assert set(published) == set(SUITES["uci"].tasks)
    for name, methods in published.items():
        for metric, expected in methods["linear_gaussian"].items():
            ours, rounding = summary[name]["fake"][metric], 6e-4
            assert ours.mean == pytest.approx(expected.mean, abs=rounding), (name, metric)
            # These rows divide the variance over the splits by 20, we divide it by 19.
            error = ours.standard_error * (19 / 20) ** 0.5
            assert error == pytest.approx(expected.standard_error, abs=rounding), (name, metric)
