"""Initial weights are adjusted to rows that are the member's own, whatever the other members and threads."""

import numpy as np
import pytest
import torch

from uncertainty.components import LSUV, MLP, BatchNorm, DataDependent, Dropout
from uncertainty.components.pointwise import pointwise
from uncertainty.training import Rows, TrainingData
from uncertainty.training.adjustment import MAX_ROWS, adjust_to_rows_
from uncertainty.training.random_streams import Purpose, member_generators

N_INPUTS = 5
INITIALIZERS = pytest.mark.parametrize("initializer", [LSUV(), DataDependent()], ids=str)


def adjust(initializer, n_members, *, n_rows=400, n_train=300, change=None, rates=0.0, kind="unit", weighted=False):
    """Adjusted parameters of the first members; each trains on its own rows."""
    rng = np.random.default_rng(0)
    x = torch.tensor(rng.normal(size=(n_rows, N_INPUTS)), dtype=torch.float32)
    weight = torch.tensor(rng.uniform(0.5, 1.5, n_rows), dtype=torch.float32) if weighted else None
    index = np.stack([np.random.default_rng(m).permutation(n_rows)[:n_train] for m in range(n_members)])
    if change is not None:
        x = change(x, index)
    sizes = (13, 7)
    dropout = Dropout(rates, kind=kind).build(len(sizes))
    mlp = MLP(N_INPUTS, sizes, 2, pointwise("relu"), BatchNorm().build(), dropout)
    generators = member_generators(3, range(n_members), Purpose.INITIALIZATION)
    values, statistics = mlp.initialize(generators, initializer, dtype=torch.float32)
    data = TrainingData(Rows(x, x[:, :1], weight), torch.from_numpy(index))
    adjust_to_rows_(initializer, mlp, values, statistics, data, generators)
    return values


OPTIONS = [{}, {"rates": 0.3}, {"rates": 0.3, "kind": "connect"}, {"weighted": True}, {"n_train": 100}]


@INITIALIZERS
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_no_bit_depends_on_the_other_members(initializer, options):
    five = adjust(initializer, 5, **options)
    assert torch.equal(adjust(initializer, 2, **options), five[:2])
    assert not torch.equal(five[0], five[1])


@INITIALIZERS
def test_no_bit_depends_on_threads(initializer):
    one = adjust(initializer, 3)
    torch.set_num_threads(2)  # the harness puts the old number back
    assert torch.equal(adjust(initializer, 3), one)
    assert torch.get_num_threads() == 2


@INITIALIZERS
@pytest.mark.parametrize("n_train", [100, 300])  # all of them, or a sample
def test_only_a_members_training_rows_are_read(initializer, n_train):
    def spoil(x, index):
        x = x.clone()
        x[np.setdiff1d(np.arange(len(x)), index[0])] = torch.nan
        return x

    def spoil_one_of_its_own(x, index):
        x = x.clone()
        x[index[0, 0]] += 5.0
        return x

    plain = adjust(initializer, 2, n_train=n_train)
    spoilt = adjust(initializer, 2, n_train=n_train, change=spoil)
    assert torch.equal(spoilt[0], plain[0])
    assert not torch.equal(spoilt[1], plain[1])
    if n_train <= MAX_ROWS:
        spoilt = adjust(initializer, 2, n_train=n_train, change=spoil_one_of_its_own)
        assert not torch.equal(spoilt[0], plain[0])


@INITIALIZERS
def test_of_many_rows_a_random_sample_is_read(initializer, monkeypatch):
    seen = []
    monkeypatch.setattr(type(initializer), "adjust_", lambda self, mlp, values, statistics, batch: seen.append(batch.x))
    rows = torch.arange(4000, dtype=torch.float32)

    def number(x, index):
        return torch.cat([rows[: len(x), None], x[:, 1:]], dim=1)

    adjust(initializer, 2, n_rows=4000, n_train=4000, change=number)
    (x,) = seen
    assert x.shape[:2] == (2, MAX_ROWS)
    for member in x[:, :, 0]:
        assert len(member.unique()) == MAX_ROWS  # without replacement
        assert abs(member.mean() - 2000) < 4 * 4000 / np.sqrt(12 * MAX_ROWS)
    assert len(torch.cat([x[0, :, 0], x[1, :, 0]]).unique()) > 1.8 * MAX_ROWS
