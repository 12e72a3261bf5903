"""The sections, the guard, and what is printed and written down."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from benchmarks.__main__ import main
from benchmarks.speed import command, guard, prediction, processes, training
from benchmarks.speed.comparison import Comparison
from benchmarks.speed.guard import CHECKS, describe_broken, find_broken, run_checks
from benchmarks.speed.peers import PEERS, Peer
from benchmarks.speed.session import Session

from .conftest import FakeSession

N_LINES = {
    "base": 8,
    "around": 24,
    "stack": 7,
    "overhead": 2,
    "predict": 6,
    "masks": 3,
    "methods": 4,
    "import": 1,
    "memory": 1,
}
ALWAYS_INSTALLED = {"torch", "torch-loader", "scikit-learn"}


def compare(ours: float, limit: float | None = 0.5, what: str = "epoch") -> Comparison:
    return Comparison("fit", what, [ours], "peer", [1.0], limit)


@pytest.fixture
def small_problems(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few rows, no processes, and no matrix products: what remains is how the parts are put together."""
    for room, name in ((training, "BASE"), (training, "WIDE_STACK"), (prediction, "PREDICTED"), (prediction, "MASKED")):
        monkeypatch.setattr(room, name, replace(getattr(room, name), n_rows=60))
    monkeypatch.setattr(training, "matrix_rate", lambda n_threads: 1e9)
    monkeypatch.setattr(prediction, "ROWS", (1, 10))
    monkeypatch.setattr(prediction, "N_MASKS", 3)
    monkeypatch.setattr(processes, "measure_memory", lambda: (100.0, 300.0))
    monkeypatch.setattr(processes, "measure_import", lambda: (1.0, 1.125))


@pytest.mark.usefixtures("small_problems")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("name", command.SECTIONS)
def test_every_section_has_a_line_for_each_of_its_peers(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fake: dict[str, Callable[[], object]] = {"mean": list, "interval": list, "dist": list}
    monkeypatch.setattr(
        Peer, "load", lambda self, function=None: lambda *_: fake if function == "prepare_predictions" else list
    )
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    monkeypatch.setattr(torch, "set_num_threads", lambda n_threads: None)
    rows = command.SECTIONS[name](FakeSession(rounds=2))
    assert len(rows) == N_LINES[name]
    assert {row.section for row in rows} <= set(command.HEADINGS)
    assert all(row.value > 0.0 for row in rows)


def test_targets_are_attached_to_their_peers() -> None:
    limits = {PEERS[key].name: limit for key, limit in training.BASE_LIMITS.items()}
    rows = training.compare_base(FakeSession(peers=ALWAYS_INSTALLED))
    assert {row.beside: row.limit for row in rows} == {
        PEERS[key].name: limits[PEERS[key].name] for key in ALWAYS_INSTALLED
    }
    assert limits["plain torch, DataLoader"] == 1 / 12


@pytest.mark.usefixtures("small_problems")
def test_a_section_is_measured_for_real() -> None:
    run = Session(rounds=1, seconds=1e-9, peers=tuple(ALWAYS_INSTALLED))
    rows = training.compare_base(run)
    assert {row.beside for row in rows} == {PEERS[key].name for key in ALWAYS_INSTALLED}
    assert all(len(row.ours) == len(row.theirs) == 1 for row in rows)
    assert run.skipped == []


@pytest.mark.usefixtures("small_problems")
def test_the_guard_needs_no_peers_and_has_a_bound_for_every_line(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BASE", "WIDE_STACK"):
        monkeypatch.setattr(guard, name, getattr(training, name))
    monkeypatch.setattr(Session, "load", checked_load(Session.load))
    rows = [row for check in CHECKS for row in check(FakeSession())]
    assert len(rows) == 8
    assert all(row.limit is not None for row in rows)


def checked_load(load: Callable[..., object]) -> Callable[..., object]:
    def wrapped(self: Session, key: str, function: str | None = None) -> object:
        assert key in ALWAYS_INSTALLED
        return load(self, key, function)

    return wrapped


def test_a_broken_bound_counts_only_if_it_is_broken_twice() -> None:
    measured = iter([[compare(0.6), compare(0.1)], [compare(0.4), compare(0.9)]])
    assert [row.value for row in run_checks(Session(), [lambda _: next(measured)])] == [0.4, 0.1]

    measured = iter([[compare(0.7)], [compare(0.6)]])
    (row,) = run_checks(Session(), [lambda _: next(measured)])
    assert row.value == 0.6
    assert find_broken([row]) == [row]


def test_within_its_bounds_a_check_is_measured_once() -> None:
    measured = iter([[compare(0.4), compare(3.0, limit=None)]])
    rows = run_checks(Session(), [lambda _: next(measured)])
    assert find_broken(rows) == []


def test_what_cannot_be_measured_is_broken() -> None:
    assert len(find_broken([compare(-1.0)])) == 1
    measured = iter([[compare(-1.0)], [compare(0.2)]])
    assert find_broken(run_checks(Session(), [lambda _: next(measured)])) == []


def test_the_line_says_what_was_broken_and_by_how_much() -> None:
    assert describe_broken(compare(0.7)) == "speed guard: epoch: 0.700 times peer, must be at most 0.500"
    memory = Comparison("memory", "peak", [900.0], "before", [100.0], 400.0, by="difference", unit="MB")
    assert describe_broken(memory) == "speed guard: peak: 800 MB more than before, must be at most 400 MB"


@pytest.mark.parametrize(("ours", "status"), [(0.4, 0), (0.6, 1)])
def test_the_guard_exits_non_zero_on_a_broken_bound(
    ours: float, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [compare(0.1, what="good"), compare(ours, what="epoch")]
    monkeypatch.setattr(command, "run_checks", lambda session: rows)
    written = list(Path(command.__file__).parents[1].glob("results/*"))
    assert main(["speed", "--guard"]) == status
    output = capsys.readouterr()
    assert output.err.splitlines() == [describe_broken(rows[1])] * status
    assert re.search(r"^\| epoch .* (met|missed) +\|$", output.out, flags=re.MULTILINE)
    assert list(Path(command.__file__).parents[1].glob("results/*")) == written


def test_the_result_is_printed_and_written_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[Session] = []

    def section(session: Session) -> list[Comparison]:
        seen.append(session)
        assert torch.get_num_threads() == 1
        session.skip("absent one: skipped, ModuleNotFoundError")
        return [compare(0.4)]

    monkeypatch.setitem(command.SECTIONS, "base", section)
    torch.set_num_threads(2)
    path = tmp_path / "speed.json"
    arguments = ["--sections", "base", "--peers", "jax", "--rounds", "2", "--threads", "1", "--output", str(path)]
    assert main(["speed", *arguments]) == 0
    assert torch.get_num_threads() == 2
    assert (seen[0].rounds, seen[0].seconds, seen[0].peers) == (2, 1.0, ("jax",))

    text, record = path.with_suffix(".md").read_text(), json.loads(path.read_text())
    assert text in capsys.readouterr().out
    assert "| epoch | 0.400 s | peer   | 1.00 s |         0.400 | <= 0.500 | met |" in text
    assert "- absent one: skipped" in text
    assert record["command"].startswith("python -m benchmarks speed --sections base")
    assert (record["suite"], record["rounds"], record["threads"]) == ("speed", 2, 1)
    assert {"python", "uncertainty", "torch", "jax", "lightning-uq-box"} <= set(record["versions"])
    assert record["rows"][0]["ours"] == [0.4]
    assert record["skipped"] == ["absent one: skipped, ModuleNotFoundError"]


def test_existing_results_are_refused_before_any_work(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "speed.md").write_text("kept")
    assert main(["speed", "--output", str(tmp_path / "speed.json")]) == 2
    assert "exists already" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["speed.md"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--sections", "fits"], "'base', 'around', 'stack'"),
        (["--peers", "keras"], "'jax'"),
        (["--rounds", "0"], "must be positive"),
        (["--seconds", "-1"], "must be positive"),
    ],
)
def test_wrong_arguments_are_refused(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["speed", *arguments])
    assert message in capsys.readouterr().err


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="the peak is all that there is elsewhere")
def test_the_memory_of_a_process_is_its_own() -> None:
    """Not that of the process that started it, which is larger here by far; and the peak outlives its cause."""
    program = """
import json
from benchmarks.speed.processes import resident_megabytes
before = resident_megabytes()
block = bytearray(50_000_000)
during = resident_megabytes()
del block
print(json.dumps([before, during, resident_megabytes()]))
"""
    before, during, after = json.loads(processes._run("-c", program))
    assert 1.0 < before[0] < processes.resident_megabytes()[0] / 3
    assert during[0] - before[0] == pytest.approx(50.0, abs=5.0)
    assert after[0] == pytest.approx(before[0], abs=5.0)
    assert after[1] == pytest.approx(before[0] + 50.0, abs=5.0)


def test_the_peak_of_a_prediction_is_not_below_what_was_there_before() -> None:
    before, peak = processes._predict_and_measure(n_rows=100)
    assert 1.0 < before <= peak


def test_times_of_imports_are_read_from_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "IMPORT_PROGRAM", "print('[1.5, 1.75]')")
    assert processes.measure_import() == (1.5, 1.75)
