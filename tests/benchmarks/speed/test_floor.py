"""The multiply-adds of a training step against a count by hand."""

from __future__ import annotations

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.speed.floor import matrix_rate, multiply_adds_per_epoch, multiply_adds_per_row
from benchmarks.speed.problems import Problem


@pytest.mark.parametrize(
    ("layers", "by_hand"),
    [
        ((50,), (8 * 50 + 50 * 2) + (8 * 50 + 50 * 2) + 50 * 2),  # forward, weights, hidden inputs
        ((100, 100), 2 * (800 + 10_000 + 200) + (10_000 + 200)),
        ((), 2 * 16),  # no hidden inputs
    ],
)
def test_multiply_adds_per_row(layers: tuple[int, ...], by_hand: int) -> None:
    assert multiply_adds_per_row(8, layers, 2) == by_hand


def test_multiply_adds_per_row_are_those_that_torch_counts() -> None:
    network = torch.nn.Sequential(
        torch.nn.Linear(8, 30), torch.nn.ReLU(), torch.nn.Linear(30, 20), torch.nn.Linear(20, 2)
    )
    counter = FlopCounterMode(display=False)
    with counter:
        network(torch.zeros(10, 8)).sum().backward()
    assert 10 * multiply_adds_per_row(8, (30, 20), 2) * 2 == counter.get_total_flops()  # a multiply-add is two


def test_multiply_adds_per_epoch() -> None:
    assert multiply_adds_per_epoch(Problem()) == 1100 * 8192 * 5
    assert multiply_adds_per_epoch(Problem(head="mixture")) == (2 * (400 + 750) + 750) * 8192 * 5


def test_the_rate_is_measured_on_as_many_threads_as_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    before, seen = torch.get_num_threads(), []
    multiply = torch.mm
    monkeypatch.setattr(torch, "mm", lambda *a, **k: (seen.append(torch.get_num_threads()), multiply(*a, **k)))
    assert matrix_rate(1, n_products=2) > 1e8
    assert seen == [1, 1]
    assert torch.get_num_threads() == before
