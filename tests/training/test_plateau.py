"""A schedule that follows the losses, in the loop: each member at its own rate, and none the wiser of the others."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from uncertainty.heads.gaussian import GaussianHead
from uncertainty.optim import SGD, LinearWarmup, ReduceOnPlateau
from uncertainty.training import whole
from uncertainty.training.part import Part

OPTIONS = {
    "schedule": ReduceOnPlateau(factor=0.5, patience=1, tol=1e-3),
    "learning_rate": 0.1,
    "max_epochs": 25,
    "n_validation": 15,
}


def torch_rates(losses, *, start, factor, patience, tol):
    """The rate of each epoch, given the losses that torch's scheduler is told after it."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=start)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer, factor=factor, patience=patience, threshold=tol, threshold_mode="abs", eps=0.0
    )
    rates = []
    for loss in losses:
        rates.append(optimizer.param_groups[0]["lr"])
        scheduler.step(loss)
    return rates


@pytest.mark.parametrize(("n_validation", "monitored"), [(15, "validation_loss"), (0, "train_loss")])
def test_the_recorded_rates_are_those_of_torch(fit, n_validation, monitored):
    for number in range(3):
        history = fit([number], **{**OPTIONS, "n_validation": n_validation}).result.history
        losses = [record[monitored] for record in history]
        expected = torch_rates(losses, start=0.1, factor=0.5, patience=1, tol=1e-3)
        assert_allclose([record["learning_rate"] for record in history], expected, rtol=1e-12)
        assert expected[-1] < expected[0]


def test_a_reduced_rate_is_the_rate_of_the_steps(fit):
    # With no improvement that counts the rate falls after every epoch from the second on, as one may do by hand.
    options = {"batch_size": 50, "optimizer": SGD(momentum=0.0, nesterov=False), "learning_rate": 0.05}
    falling = fit(range(2), max_epochs=4, schedule=ReduceOnPlateau(factor=0.5, patience=0, tol=1e9), **options)
    rates, start = (0.05, 0.05, 0.025, 0.0125), None
    for rate in rates:
        step = fit(range(2), max_epochs=1, start=start, **{**options, "learning_rate": rate})
        start = step.values, step.statistics
    assert_allclose(falling.values, start[0], rtol=1e-12)
    assert_allclose([r["learning_rate"] for r in falling.result.history], rates, rtol=1e-12)


@pytest.fixture
def rates_of_parts(monkeypatch):
    """The multiples of the rate of all parts that are ever made, by the number of their members."""
    made = []

    class Watched(Part):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            made.append((self.stack.n_members, self.rate_scale))

    monkeypatch.setattr(whole, "Part", Watched)
    return made


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("patience", [None, 6])  # with a patience members leave the stack, too
def test_no_bit_of_a_member_depends_on_what_the_others_do(fit, rates_of_parts, dtype, patience):
    options = {**OPTIONS, "dtype": dtype, "patience": patience, "max_epochs": 40, "hidden": (37, 5), "batch_size": 13}
    five = fit(range(5), **options)
    assert len({scale for _, scale in rates_of_parts}) > 2
    assert any(n_members < 5 for n_members, _ in rates_of_parts)  # they went apart
    two = fit(range(2), **options)
    assert_array_equal(five.values[:2], two.values)
    assert_array_equal(five.result.best_epochs[:2], two.result.best_epochs)
    if dtype == torch.float64:
        for m in range(5):
            assert_allclose(five.values[m], fit([m], **options).values[0], rtol=1e-6, atol=1e-8)


def test_the_recorded_rate_is_the_mean_over_the_members_in_training(fit):
    together = fit(range(3), **OPTIONS).result.history
    alone = [fit([m], **OPTIONS).result.history for m in range(3)]
    for epoch, record in enumerate(together):
        assert_allclose(record["learning_rate"], np.mean([h[epoch]["learning_rate"] for h in alone]), rtol=1e-9)
    assert len({record["learning_rate"] for record in together}) > 3


class Failing(GaussianHead):
    """A head whose score is not finite in the second epoch of full batches, for one member."""

    n_calls = 0

    def nll_and_score(self, raw, y):
        nll, score = super().nll_and_score(raw, y)
        if self.n_calls == 1:
            score[1] = torch.nan
        self.n_calls += 1
        return nll, score


def test_a_failed_epoch_backs_off_and_counts_as_one_without_improvement(fit, rates_of_parts):
    options = {**OPTIONS, "schedule": ReduceOnPlateau(factor=0.1, patience=0, tol=0.0), "batch_size": 50}
    options |= {"max_epochs": 2, "n_validation": 0, "learning_rate": 1e-3}
    fit(range(3), head=Failing(1, 1e-3, constant_variance=False), **options)
    assert rates_of_parts[-3:] == [(1, 1.0), (1, 0.5 * 0.1), (1, 1.0)]


@pytest.mark.parametrize("n_warmup", [1, 2, 4])
def test_a_state_that_follows_a_warm_up_sees_no_losses_of_it(fit, n_warmup):
    plateau = ReduceOnPlateau(factor=0.5, patience=0, tol=1e9)
    options = {**OPTIONS, "max_epochs": n_warmup + 4, "batch_size": 50, "patience": n_warmup + 2}
    fitted = fit(range(3), **{**options, "schedule": LinearWarmup(n_warmup, then=plateau)})
    rates = [record["learning_rate"] for record in fitted.result.history]
    growing = [0.1 * (epoch + 1) / n_warmup for epoch in range(n_warmup)]
    assert_allclose(rates, [*growing, 0.1, 0.1, 0.05, 0.025][: len(rates)])
    assert len(rates) > n_warmup + 2


def test_it_helps_where_a_constant_rate_is_too_large(fit):
    options = {"learning_rate": 0.3, "max_epochs": 60, "optimizer": SGD(clip_norm=1.0), "n_validation": 0}
    constant = fit(range(5), **options)
    falling = fit(range(5), **options, schedule=ReduceOnPlateau(factor=0.3, patience=3))
    assert falling.result.history[-1]["train_loss"] < constant.result.history[-1]["train_loss"] - 0.2
