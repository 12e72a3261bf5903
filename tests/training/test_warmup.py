"""The warm-up of a head: what trains in it, when it ends, and what patience makes of it."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from uncertainty.components.mlp import OUTPUT_BIAS, OUTPUT_WEIGHT
from uncertainty.heads import Gaussian
from uncertainty.heads.gaussian import GaussianHead
from uncertainty.optim import EMA, SGD, SWA, Adam, ReduceOnPlateau

FULL_BATCH = {"batch_size": 50, "hidden": (6,)}


@pytest.fixture
def start(fit):
    """Where an estimator's members start: output weights of zero and the best constant for a bias."""
    fitted = fit(range(3), max_epochs=1, **FULL_BATCH)
    values, statistics = fitted.start
    fitted.mlp.layout.views(values)[OUTPUT_WEIGHT].zero_()
    return values, statistics


def output(fitted):
    views = fitted.mlp.layout.views(torch.as_tensor(fitted.values))
    return views[OUTPUT_WEIGHT].numpy(), views[OUTPUT_BIAS].numpy()


def test_the_warm_up_fits_the_mean_at_the_variance_of_the_marginal(fit, start, rows):
    n_epochs, rate = 5, 0.1
    head = Gaussian(mean_warmup=n_epochs).build(1)
    options = {"optimizer": SGD(momentum=0.0, nesterov=False), "learning_rate": rate, "max_epochs": n_epochs}
    fitted = fit(range(3), head=head, start=start, **options, **FULL_BATCH)
    made = rows(50)
    variance = made.y.var(unbiased=False)
    values = start[0].clone().requires_grad_()
    optimizer = torch.optim.SGD([values], lr=rate)
    for _ in range(n_epochs):
        p = fitted.mlp.layout.views(values)
        hidden = torch.tanh(made.x @ p["hidden0.weight"] + p["hidden0.bias"].unsqueeze(1))
        mean = (hidden @ p[OUTPUT_WEIGHT].transpose(1, 2) + p[OUTPUT_BIAS].unsqueeze(1))[..., :1]
        optimizer.zero_grad()
        ((mean - made.y).square() / (2 * variance)).mean(dim=(1, 2)).sum().backward()
        optimizer.step()
    assert_allclose(fitted.values, values.detach().numpy(), rtol=1e-9, atol=1e-12)
    weight, bias = output(fitted)
    assert not weight[:, 1].any()
    assert np.abs(weight[:, 0]).min() > 0.0
    assert_allclose(head.distribution(np.stack([bias[0]])).variance(), variance, rtol=1e-9)


def test_after_it_training_begins_anew_with_the_whole_loss(fit, start):
    options = {"head": Gaussian(mean_warmup=3).build(1), "optimizer": Adam(), "learning_rate": 0.02, **FULL_BATCH}
    warm = fit(range(3), start=start, max_epochs=3, **options)
    both = fit(range(3), start=start, max_epochs=7, **options)
    after = fit(range(3), start=(warm.values, warm.statistics), max_epochs=4, **{**options, "head": None})
    assert_array_equal(both.values, after.values)
    assert both.result.optimizer_state["n_steps"] == [4, 4, 4]
    assert both.result.n_epochs == 7


@pytest.mark.parametrize("averaging", [EMA(0.9), SWA(start=0.0)], ids=repr)
def test_an_average_of_weights_begins_anew_too(fit, start, averaging):
    options = {"optimizer": Adam(), "learning_rate": 0.02, **FULL_BATCH}
    warm = fit(range(3), start=start, max_epochs=3, head=Gaussian(mean_warmup=3).build(1), **options)
    after = fit(range(3), start=(warm.values, warm.statistics), max_epochs=4, averaging=averaging, **options)
    options |= {"averaging": averaging, "head": Gaussian(mean_warmup=3).build(1)}
    both = fit(range(3), start=start, max_epochs=7, **options)
    assert_array_equal(both.values, after.values)
    assert both.result.optimizer_state["n_averaged"] == [4, 4, 4]


def test_a_plateau_begins_anew_too(fit, start):
    # Only a first loss counts as better. The last one of the warm-up is the first of what follows.
    options = {"schedule": ReduceOnPlateau(factor=0.5, patience=0, tol=1e9), "learning_rate": 0.02, **FULL_BATCH}
    history = fit(range(3), start=start, head=FailingFirst(mean_warmup=3), max_epochs=7, **options).result.history
    rates = np.array([record["learning_rate"] for record in history]) / 0.02
    # The second member has no first loss in the epoch that it makes up for later.
    undisturbed, late = (
        np.array([1, 1, 1 / 2, 1, 1 / 2, 1 / 4, 1 / 8]),
        np.array([1, 1 / 2, 1 / 2, 1 / 4, 1, 1 / 2, 1 / 4]),
    )
    assert_allclose(rates, (2 * undisturbed + late) / 3)


@pytest.mark.parametrize("n_before", [1, 2, 5])
def test_epochs_of_earlier_fits_count(fit, start, n_before):
    head = Gaussian(mean_warmup=2).build(1)
    fitted = fit(range(3), head=head, start=start, n_epochs=n_before, max_epochs=1, **FULL_BATCH)
    assert bool(output(fitted)[0][:, 1].any()) == (n_before >= 2)
    assert fitted.result.n_epochs == n_before + 1


class FailingFirst(GaussianHead):
    """A head whose second member has no finite score in the first epoch, warm-up or not."""

    def __init__(self, **options):
        super().__init__(1, 1e-3, constant_variance=False, **options)
        self.n_calls = 0

    def in_warmup(self):
        made = FailingFirst(mean_only=True)
        made.n_calls = self.n_calls
        self.n_calls += 1
        return made

    def nll_and_score(self, raw, y):
        nll, score = super().nll_and_score(raw, y)
        if self.n_calls == 0:
            score[1] = torch.nan
        self.n_calls += 1
        return nll, score


def test_a_member_that_backs_off_makes_up_for_the_epoch_it_lost(fit, start):
    def moved(max_epochs):
        """Whether each member's standard deviation has begun to depend on x."""
        head = FailingFirst(mean_warmup=2)
        return output(fit(range(3), head=head, start=start, max_epochs=max_epochs, **FULL_BATCH))[0][:, 1].any(axis=1)

    assert moved(2).tolist() == [False, False, False]
    assert moved(3).tolist() == [True, False, True]
    assert moved(4).tolist() == [True, True, True]


@pytest.mark.parametrize("n_warmup", [0, 4, 9])
@pytest.mark.parametrize("patience", [1, 3])
def test_patience_begins_when_the_warm_up_ends(fit, n_warmup, patience):
    options = {"patience": patience, "tol": 1e9, "max_epochs": 30, "n_validation": 10}  # nothing ever counts as better
    fitted = fit(range(2), head=Gaussian(mean_warmup=n_warmup).build(1), **options)
    assert len(fitted.result.history) == n_warmup + patience
