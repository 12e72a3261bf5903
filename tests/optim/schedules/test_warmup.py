"""A straight line up, and then the other schedule as if it had begun there."""

import pytest
import torch
from numpy.testing import assert_allclose

from uncertainty.optim import Cosine, LinearWarmup, ReduceOnPlateau

BATCHES = 7


def test_warm_up_equals_torch_and_then_stays(factors, torch_factors):
    n = 3 * BATCHES
    expected = torch_factors(lambda o: torch.optim.lr_scheduler.LinearLR(o, start_factor=1 / n, total_iters=n - 1))
    assert_allclose(factors(LinearWarmup(3)), expected, rtol=1e-10)
    assert factors(LinearWarmup(3))[n - 1] == 1.0


def test_what_follows_has_the_epochs_that_are_left(factors):
    made = factors(LinearWarmup(3, then=Cosine(min_factor=0.1)))
    assert_allclose(made[3 * BATCHES :], factors(Cosine(min_factor=0.1), 9 * BATCHES, n_epochs=9), rtol=1e-12)
    assert max(made) == 1.0


def test_what_follows_may_have_a_state():
    assert LinearWarmup().control(2) is None
    control = LinearWarmup(1, then=ReduceOnPlateau(factor=0.5, patience=0)).control(2)
    for loss in (0.1, 1.0):  # it does not see the first one
        assert control.update(torch.tensor([loss, loss], dtype=torch.float64)).tolist() == [1.0, 1.0]
    assert control.update(torch.tensor([0.5, 1.0], dtype=torch.float64)).tolist() == [1.0, 0.5]


def test_what_follows_must_be_a_schedule():
    with pytest.raises(TypeError, match="then must be a Schedule object or None, got 'cosine'"):
        LinearWarmup(then="cosine").build(12, BATCHES)
