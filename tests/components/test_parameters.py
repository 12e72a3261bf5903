"""The layout of a member's parameters in its row of the buffer."""

import pytest
import torch

from uncertainty.components.parameters import PADDING, ParameterLayout


@pytest.fixture
def layout():
    made = ParameterLayout()
    made.add("weight", (3, 4), n_penalized=12)
    made.add("bias", (4,))
    made.add("output", (2, 4), n_penalized=8)
    return made


def test_rows_are_padded_to_a_multiple_of_sixteen(layout):
    assert PADDING == 16
    assert layout.size == 32  # 24 numbers
    full = ParameterLayout()
    full.add("weight", (4, 4))
    assert full.size == 16
    assert ParameterLayout().size == 0


def test_views_share_memory_and_do_not_overlap(layout):
    buffer = torch.zeros(2, layout.size)
    views = layout.views(buffer)
    assert {name: tuple(view.shape) for name, view in views.items()} == {
        "weight": (2, 3, 4),
        "bias": (2, 4),
        "output": (2, 2, 4),
    }
    for number, view in enumerate(views.values(), start=1):
        view += number
    for row in buffer:
        assert row.unique(return_counts=True)[1].tolist() == [layout.size - 24, 12, 4, 8]
    buffer.fill_(7.0)
    assert all((view == 7.0).all() for view in views.values())


def test_members_are_rows(layout):
    buffer = torch.zeros(3, layout.size)
    for view in layout.views(buffer).values():
        view[1] = 1.0
    assert buffer.sum(dim=1).tolist() == [0.0, 24.0, 0.0]


def test_the_penalty_mask_covers_the_weights_only(layout):
    views = layout.views(layout.penalty_mask().unsqueeze(0))
    assert (views["weight"] == 1).all()
    assert (views["output"] == 1).all()
    assert (views["bias"] == 0).all()
    assert layout.penalty_mask().sum() == 20  # nor the padding
