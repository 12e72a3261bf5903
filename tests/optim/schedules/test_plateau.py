"""The state of the plateau schedule, member by member, against torch's scheduler."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from uncertainty.optim import ReduceOnPlateau

N_EPOCHS, N_MEMBERS = 80, 6


def losses():
    """Noisy curves that level off at different times, one of which is negative and one of which fails now and then."""
    rng = np.random.default_rng(0)
    epochs = np.arange(N_EPOCHS)[:, None]
    curves = np.exp(-epochs / np.array([3, 5, 8, 13, 20, 30])) + 0.03 * rng.standard_normal((N_EPOCHS, N_MEMBERS))
    curves[:, 1] -= 2.0
    curves[10:60:7, 2] = np.inf
    return torch.from_numpy(curves)


def torch_multiples(curve, *, factor, patience, tol, min_factor, cooldown):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer,
        factor=factor,
        patience=patience,
        threshold=tol,
        threshold_mode="abs",
        cooldown=cooldown,
        min_lr=min_factor,
        eps=0.0,
    )
    multiples = []
    for loss in curve.tolist():
        scheduler.step(loss)
        multiples.append(optimizer.param_groups[0]["lr"])
    return multiples


OPTIONS = [
    {"factor": 0.1, "patience": 10, "tol": 1e-4, "min_factor": 0.0, "cooldown": 0},
    {"factor": 0.5, "patience": 3, "tol": 0.02, "min_factor": 0.01, "cooldown": 0},
    {"factor": 0.7, "patience": 0, "tol": 0.0, "min_factor": 0.0, "cooldown": 4},
    {"factor": 0.5, "patience": 2, "tol": 0.01, "min_factor": 0.2, "cooldown": 1},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_every_member_has_the_multiples_of_torch(options):
    control = ReduceOnPlateau(**options).control(N_MEMBERS)
    found = torch.stack([control.update(row) for row in losses()])
    for m in range(N_MEMBERS):
        assert_allclose(found[:, m], torch_multiples(losses()[:, m], **options), rtol=1e-12)
    assert np.unique(found, axis=1).shape[1] > 1  # members differ
    assert np.unique(found).size > 2  # and fall more than once


def test_members_that_leave_change_nothing_for_the_others():
    options = OPTIONS[1]
    whole, part = (ReduceOnPlateau(**options).control(N_MEMBERS) for _ in range(2))
    kept = torch.arange(N_MEMBERS)
    for epoch, row in enumerate(losses()):
        if epoch in (20, 33):
            rows = torch.tensor([4, 0, 2, 5] if epoch == 20 else [1, 3])
            part.select(rows)
            kept = kept[rows]
        assert torch.equal(part.update(row[kept]), whole.update(row)[kept])
    assert kept.tolist() == [0, 5]
