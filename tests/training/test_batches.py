"""Mini-batches: bounds, one visit a row an epoch, and masks for each row."""

import copy

import numpy as np
import pytest
import torch

from uncertainty.components import MLP, Dropout
from uncertainty.components.dropout import resolve_dropout
from uncertainty.components.pointwise import pointwise
from uncertainty.training import Rows, TrainingData
from uncertainty.training.batches import BatchStream
from uncertainty.training.data import batch_starts


@pytest.mark.parametrize(
    ("n_rows", "batch_size", "expected"),
    [
        (10, 5, [0, 5, 10]),
        (12, 5, [0, 5, 10, 12]),
        (11, 5, [0, 5, 11]),  # a single last row joins the batch before
        (6, 5, [0, 6]),
        (5, 5, [0, 5]),
        (3, 5, [0, 3]),
        (1, 5, [0, 1]),
        (3, 1, [0, 1, 3]),
        (1, 1, [0, 1]),
    ],
)
def test_bounds(n_rows, batch_size, expected):
    assert batch_starts(n_rows, batch_size) == expected


def numbered_stream(n_members, n_rows, batch_size, *, n_inputs=2, index=None, weighted=True, dropout=0.0):
    """A stream over rows whose inputs, target and weight all carry the row's number."""
    number = torch.arange(n_rows, dtype=torch.float32)
    rows = Rows(number[:, None].repeat(1, n_inputs), number[:, None], number if weighted else None)
    index = torch.arange(n_rows).repeat(n_members, 1) if index is None else index
    sources = [[np.random.default_rng((m, purpose)) for m in range(n_members)] for purpose in range(2)]
    mlp = MLP(n_inputs, (6,), 2, pointwise("relu"), None, resolve_dropout(dropout).build(1))
    return BatchStream(TrainingData(rows, index), mlp, batch_size, shuffle=sources[0], dropout=sources[1])


# 25 000 rows of 100 inputs are too many bytes for one gather, 53 rows are few enough.
@pytest.mark.parametrize(("n_rows", "batch_size", "n_inputs"), [(53, 8, 2), (25_000, 600, 100), (25_000, 20_000, 100)])
def test_every_row_is_seen_once_an_epoch(n_rows, batch_size, n_inputs):
    stream = numbered_stream(2, n_rows, batch_size, n_inputs=n_inputs)
    orders = []
    for _ in range(2):
        # Copies: a batch is good until the next one is asked for.
        batches = [copy.deepcopy(batch) for batch in stream.epoch()]
        assert len(batches) == stream.n_batches
        sizes = [batch.x.shape[1] for batch in batches]
        assert sizes == np.diff(batch_starts(n_rows, batch_size)).tolist()
        seen = torch.cat([batch.x for batch in batches], dim=1)
        assert (seen == seen[:, :, :1]).all()
        assert torch.equal(seen[:, :, 0], torch.cat([batch.y[..., 0] for batch in batches], dim=1))
        assert torch.equal(seen[:, :, 0], torch.cat([batch.weight for batch in batches], dim=1))
        for member in seen[:, :, 0]:
            assert torch.equal(member.sort().values, torch.arange(n_rows, dtype=torch.float32))
        orders += list(seen[:, :, 0])
    for i, order in enumerate(orders):  # each member and each epoch has an order of its own
        assert not any(torch.equal(order, other) for other in orders[:i])


def test_a_member_sees_its_own_rows_as_often_as_they_are_its_own():
    index = torch.tensor([[0, 0, 0, 4, 4, 7, 7, 8, 9, 9], [1, 2, 2, 3, 3, 3, 5, 5, 6, 6]])
    stream = numbered_stream(2, 10, 3, index=index)
    seen = torch.cat([batch.x[..., 0] for batch in stream.epoch()], dim=1)
    assert torch.equal(seen.sort(dim=1).values.long(), index)


def test_rows_without_weights_have_none():
    assert all(batch.weight is None for batch in numbered_stream(2, 10, 3, weighted=False).epoch())


def test_members_that_stay_keep_their_random_numbers():
    whole, part = (numbered_stream(4, 20, 6, dropout=0.5) for _ in range(2))
    list(whole.epoch())
    list(part.epoch())
    part.select(torch.tensor([1, 3]))
    for a, b in zip(whole.epoch(), part.epoch(), strict=True):
        assert torch.equal(a.x[[1, 3]], b.x)
        assert torch.equal(a.noise[0][[1, 3]], b.noise[0])


def test_dropout_masks_belong_to_rows_and_change_with_every_batch():
    batches = list(numbered_stream(2, 24, 8, dropout=0.5).epoch())
    for batch in batches:
        assert batch.noise[0].shape == (2, 8, 6)
        assert not torch.equal(batch.noise[0][0, 0], batch.noise[0][0, 1])
    assert not torch.equal(batches[0].noise[0], batches[1].noise[0])
    assert [batch.noise for batch in numbered_stream(2, 24, 8).epoch()] == [()] * 3


@pytest.mark.parametrize(("block_bytes", "blocks"), [(1, 5), (2 * 176, 3), (10_000, 1)])
def test_masks_of_weights_belong_to_batches_and_count_in_the_size_of_a_block(monkeypatch, block_bytes, blocks):
    # In single precision a batch of 8 rows of 2 inputs, a target and a weight takes 128 bytes, and its mask 48.
    monkeypatch.setattr("uncertainty.training.batches.BLOCK_BYTES_PER_MEMBER", block_bytes)
    stream = numbered_stream(3, 37, 8, dropout=Dropout(0.5, kind="connect"))
    assert len(list(stream._blocks())) == blocks
    masks = [batch.noise[0].clone() for batch in stream.epoch()]
    assert [mask.shape for mask in masks] == [(3, 1, 2, 6)] * 5
    different = {tuple(mask[m].flatten().tolist()) for mask in masks for m in range(3)}
    assert len(different) == 15
    assert {value for mask in different for value in mask} == {0.0, 2.0}


@pytest.mark.parametrize("n_batches", [1, 3])
def test_a_shortened_stream_draws_each_epoch_from_all_rows(n_batches):
    stream = numbered_stream(2, 50, 8).shortened(n_batches)
    assert (stream.n_batches, stream.n_rows) == (n_batches, 8 * n_batches)
    epochs = [torch.cat([batch.y[0, :, 0].clone() for batch in stream.epoch()]) for _ in range(30)]
    assert all(len(epoch) == len(epoch.unique()) == 8 * n_batches for epoch in epochs)
    assert len(torch.cat(epochs).unique()) == 50


def test_an_epoch_that_is_abandoned_ends_with_its_block_in_every_part(monkeypatch):
    monkeypatch.setattr("uncertainty.training.batches.BLOCK_BYTES_PER_MEMBER", 1)  # a block for each batch
    stream = numbered_stream(3, 20, 4)
    parts = [stream.part(slice(0, 1)), stream.part(slice(1, 3))]
    epochs = [part.epoch() for part in parts]
    for epoch in epochs:
        next(epoch)
    stream.abandon()
    assert [list(epoch) for epoch in epochs] == [[], []]
