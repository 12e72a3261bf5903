"""Averages of weights against the written mean over weights that were recorded, and against torch.optim.swa_utils."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from torch.optim.swa_utils import AveragedModel, get_ema_avg_fn

from uncertainty.heads.gaussian import GaussianHead
from uncertainty.optim import EMA, SWA, Adam
from uncertainty.training.part import Part

EXACT = {"rtol": 1e-11, "atol": 1e-13}
DECAY = 0.9
N_EPOCHS, BATCHES = 8, 4
RULES = {"ema": EMA(DECAY), "swa": SWA(start=0.4), "swa from the start": SWA(start=0.0)}
FIT = {"max_epochs": N_EPOCHS, "normalization": "batch", "optimizer": Adam()}


@pytest.fixture
def recorded(fit, monkeypatch):
    """Fits while the weights themselves and their statistics are written down after every step of the optimizer."""
    step = Part._step

    def run(numbers, **options):
        seen = []

        def watched(part, batch, rate):
            step(part, batch, rate)
            seen.append((part.stack.values.clone(), part.stack.statistics.clone()))

        monkeypatch.setattr(Part, "_step", watched)
        return fit(numbers, **{**FIT, **options}), seen

    return run


def taken_in(rule, seen):
    """The recorded weights that the rule averages, each with its weight in the mean."""
    if rule == "ema":
        return seen, np.array([DECAY**age for age in range(len(seen))][::-1])
    ends = seen[BATCHES - 1 :: BATCHES]
    ends = ends[3:] if rule == "swa" else ends  # 0.4 of 8 epochs are 3
    return ends, np.ones(len(ends))


@pytest.mark.parametrize("rule", RULES)
def test_the_average_is_the_weighted_mean_of_the_recorded_weights(recorded, rule):
    fitted, seen = recorded(range(3), averaging=RULES[rule])
    weights, shares = taken_in(rule, seen)
    assert len(weights) > 3
    for found, number in ((fitted.values, 0), (fitted.statistics, 1)):
        mean = np.average([state[number].numpy() for state in weights], axis=0, weights=shares)
        assert_allclose(found, mean, **EXACT)
        assert np.abs(found - seen[-1][number].numpy()).max() > 1e-3


@pytest.mark.parametrize("rule", RULES)
def test_the_average_is_that_of_torch(recorded, rule):
    fitted, seen = recorded(range(2), averaging=RULES[rule])
    weights, _ = taken_in(rule, seen)
    model = torch.nn.Linear(seen[0][0].shape[1], 2, bias=False, dtype=torch.float64)
    if rule == "ema":  # torch does not correct for the start, which at zero is a known factor
        averaged = AveragedModel(model, avg_fn=get_ema_avg_fn(DECAY))
        weights = [torch.zeros_like(seen[0][0]), *(values for values, _ in weights)]
        factor = 1.0 / (1.0 - DECAY ** (len(weights) - 1))
    else:
        averaged, factor = AveragedModel(model), 1.0
        weights = [values for values, _ in weights]
    for values in weights:
        with torch.no_grad():
            model.weight.copy_(values)
        averaged.update_parameters(model)
    assert_allclose(fitted.values, averaged.module.weight.detach().numpy() * factor, **EXACT)


@pytest.mark.parametrize("rule", RULES)
def test_training_goes_on_from_the_weights_and_all_else_sees_the_average(recorded, fit, rule):
    hooked = []
    options = {"on_epoch_end": (lambda s: hooked.append((s.values.clone(), s.statistics.clone())) or False,)}
    averaged, seen = recorded(range(3), averaging=RULES[rule], n_validation=15, **options)
    _, plain = recorded(range(3), n_validation=15)
    for (values, statistics), (expected, expected_statistics) in zip(seen, plain, strict=True):
        assert torch.equal(values, expected)
        assert torch.equal(statistics, expected_statistics)
    for epoch, (values, statistics) in enumerate(hooked, start=1):
        weights, shares = taken_in(rule, seen[: epoch * BATCHES])
        if not weights:  # before the first epoch that counts: the weights as they stand
            weights, shares = [seen[epoch * BATCHES - 1]], [1.0]
        assert_allclose(values, np.average([w[0] for w in weights], axis=0, weights=shares), **EXACT)
        assert_allclose(statistics, np.average([w[1] for w in weights], axis=0, weights=shares), **EXACT)
    losses = torch.stack([averaged.nll(*state) for state in (averaged.start, *hooked)]).numpy()
    assert_array_equal(averaged.result.best_losses, losses.min(axis=0))
    for m, epoch in enumerate(averaged.result.best_epochs):
        assert_array_equal(averaged.values[m], hooked[epoch - 1][0][m])


class Failing(GaussianHead):
    """A Gaussian head whose score is not finite for member 1 at some steps."""

    def __init__(self, steps):
        super().__init__(1, 1e-3, constant_variance=False)
        self.steps, self.n_calls = steps, 0

    def nll_and_score(self, raw, y):
        nll, score = super().nll_and_score(raw, y)
        if self.n_calls in self.steps:
            score[1, 0, 0] = torch.nan
        self.n_calls += 1
        return nll, score


@pytest.mark.parametrize("averaging", [EMA(DECAY), SWA(start=0.0)], ids=repr)
def test_a_bad_epoch_leaves_no_trace_in_the_average(fit, averaging):
    options = {"averaging": averaging, "batch_size": 50, "normalization": "batch"}
    failing = fit(range(3), head=Failing({0}), max_epochs=4, learning_rate=0.02, **options)
    half = fit(range(3), max_epochs=3, learning_rate=0.01, **options)
    healthy = fit(range(3), max_epochs=4, learning_rate=0.02, **options)
    assert_allclose(failing.values[1], half.values[1], rtol=1e-10, atol=1e-12)
    assert_allclose(failing.statistics[1], half.statistics[1], rtol=1e-10, atol=1e-12)
    assert_array_equal(failing.values[[0, 2]], healthy.values[[0, 2]])
    assert failing.result.optimizer_state["n_averaged"] == [4, 3, 4]


def test_an_average_can_go_on_where_another_fit_ended(fit):
    options = {"averaging": EMA(DECAY), "batch_size": 50, "normalization": "batch"}
    whole, half = (fit(range(3), max_epochs=n, **options) for n in (6, 3))
    state = half.result.optimizer_state
    rest = fit(
        range(3),
        max_epochs=3,
        start=(half.values, half.statistics),
        optimizer_state=state,
        n_updates=half.result.n_updates,
        **options,
    )
    assert_allclose(rest.values, whole.values, rtol=1e-10, atol=1e-12)
    assert_allclose(rest.statistics, whole.statistics, rtol=1e-10, atol=1e-12)
    # Without averaging the fit goes on from the weights themselves.
    plain = fit(range(3), max_epochs=6, batch_size=50, normalization="batch")
    rest = fit(
        range(3),
        max_epochs=3,
        start=(half.values, half.statistics),
        optimizer_state=state,
        n_updates=half.result.n_updates,
        batch_size=50,
        normalization="batch",
    )
    assert_allclose(rest.values, plain.values, rtol=1e-10, atol=1e-12)


def test_patience_begins_where_averaging_does(fit):
    options = {"n_validation": 15, "max_epochs": 40, "patience": 3, "tol": 1e9}  # nothing is an improvement
    assert len(fit(range(2), **options).result.history) == 3
    assert len(fit(range(2), averaging=EMA(), **options).result.history) == 3
    assert len(fit(range(2), averaging=SWA(start=0.5), **options).result.history) == 20 + 3


def test_averaged_weights_predict_better_than_the_last_ones_at_a_high_rate(fit):
    # Noise of the steps moves the weights about; their mean lies nearer to the middle of the basin.
    numbers, options = range(24), {"hidden": (20,), "n_rows": 300, "max_epochs": 40, "learning_rate": 0.02}
    judge = fit(numbers, hidden=(20,), max_epochs=1, n_validation=200)
    last = fit(numbers, **options)
    for averaging in (EMA(0.98), SWA(start=0.5)):
        averaged = fit(numbers, averaging=averaging, **options)
        gain = (judge.nll(last.values) - judge.nll(averaged.values)).numpy()
        assert gain.mean() > 4 * gain.std(ddof=1) / np.sqrt(24)
