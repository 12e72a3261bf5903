"""Peers that cannot be imported, or that fail, are left out with one line."""

from __future__ import annotations

import pytest

from benchmarks.speed import peers, session
from benchmarks.speed.peers import PEERS, Peer
from benchmarks.speed.problems import Problem
from benchmarks.speed.session import Session
from benchmarks.speed.timing import Contender, Trainer

SMALL = Problem(n_rows=50, batch_size=25, n_members=2)


@pytest.fixture
def peer_names(monkeypatch: pytest.MonkeyPatch) -> dict[str, Peer]:
    """A registry with one peer that is there, one that is not, and one whose file cannot be imported."""
    registry = {
        "torch": PEERS["torch"],
        "absent": Peer("absent one", "no_such_file"),
        "broken": Peer("broken one", "broken_file"),
    }
    import_module = peers.import_module

    def fail_for_broken(name: str) -> object:
        if name.endswith("broken_file"):
            raise RuntimeError("operator nms does not exist")
        return import_module(name)

    monkeypatch.setattr(session, "PEERS", registry)
    monkeypatch.setattr(peers, "import_module", fail_for_broken)
    return registry


def test_missing_peers_are_left_out_and_named_once(
    peer_names: dict[str, Peer], capsys: pytest.CaptureFixture[str]
) -> None:
    run = Session(peers=list(peer_names))
    for _ in range(2):
        assert [trainer.name for trainer in run.trainers(SMALL, list(peer_names))] == [PEERS["torch"].name]
    assert len(run.skipped) == 2
    assert run.skipped[0].startswith("absent one: skipped, ModuleNotFoundError: ")
    assert run.skipped[1] == "broken one: skipped, RuntimeError: operator nms does not exist"
    assert capsys.readouterr().err.splitlines() == run.skipped


def test_peers_that_were_not_asked_for_are_not_loaded(peer_names: dict[str, Peer]) -> None:
    run = Session(peers=["torch"])
    assert run.load("broken") is None
    assert run.load("torch", "prepare_mc_dropout") is not None
    assert run.skipped == []


def test_a_peer_that_fails_is_left_out_but_ours_may_not_fail() -> None:
    def fail(*_: object) -> None:
        raise TypeError("changed its arguments")

    run = Session(rounds=2, seconds=1e-9)
    good, bad = Trainer("good", lambda n: None), Trainer("bad", fail)
    assert list(run.time_epochs([good, bad])) == ["good"]
    assert run.skipped == ["bad: skipped, it failed with TypeError: changed its arguments"]
    assert list(run.time_calls([Contender("good", list), Contender("bad", fail)])) == ["good"]
    with pytest.raises(TypeError, match="changed its arguments"):
        run.time_epochs([bad, good])


def test_a_peer_that_cannot_prepare_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Problem) -> None:
        raise AttributeError("renamed")

    run = Session(rounds=1, seconds=1e-9)
    monkeypatch.setattr(Peer, "load", lambda self, function=None: fail)
    trainers = run.trainers(SMALL, ["jax"])
    assert list(run.time_epochs([Trainer("ours", lambda n: None), *trainers])) == ["ours"]
    assert "AttributeError: renamed" in run.skipped[0]


def test_rounds_are_as_many_as_asked_for() -> None:
    run = Session(rounds=3, seconds=1e-9)
    assert [len(seconds) for seconds in run.time_epochs([Trainer("a", lambda n: None)]).values()] == [3]
